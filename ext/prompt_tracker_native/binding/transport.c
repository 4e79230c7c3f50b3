#include "transport.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "errors.h"
#include "failure.h"
#include "headers.h"
#include "pacer.h"
#include "redact.h"
#include "url.h"
#include "utf8.h"

static VALUE cTransport, cAnswer;
static ID id_get, id_post, id_delete;

/* ---- the object ---- */

static void transport_free(void *ptr) {
  ptb_transport *t = ptr;
  ptn_endpoint_release(t->endpoint);
  for (size_t i = 0; i < t->secret_count; i++) ruby_xfree(t->secrets[i]);
  ruby_xfree(t->secrets);
  ruby_xfree(t);
}

static size_t transport_size(const void *ptr) {
  const ptb_transport *t = ptr;
  return sizeof(*t) + (t->endpoint ? ptn_endpoint_size(t->endpoint) : 0);
}

static const rb_data_type_t transport_type = {
    .wrap_struct_name = "PromptTracker::Native::Transport",
    .function = {.dmark = NULL, .dfree = transport_free, .dsize = transport_size},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

static VALUE transport_alloc(VALUE klass) {
  ptb_transport *t;
  return TypedData_Make_Struct(klass, ptb_transport, &transport_type, t);
}

ptb_transport *ptb_transport_get(VALUE self) {
  ptb_transport *t;
  TypedData_Get_Struct(self, ptb_transport, &transport_type, t);
  if (!t->endpoint) rb_raise(rb_eArgError, "this Transport was never initialized");
  return t;
}

static const char *c_string(VALUE *value, const char *name) {
  if (NIL_P(*value)) return NULL;
  if (!RB_TYPE_P(*value, T_STRING)) rb_raise(ptb_eConfiguration, "%s must be a String", name);
  if (memchr(RSTRING_PTR(*value), '\0', (size_t)RSTRING_LEN(*value))) {
    rb_raise(ptb_eConfiguration, "%s holds a NUL byte", name);
  }
  return StringValueCStr(*value);
}

static VALUE option(VALUE options, const char *name) { return rb_hash_aref(options, ID2SYM(rb_intern(name))); }

static double seconds_option(VALUE options, const char *name) {
  VALUE value = option(options, name);
  double seconds = NIL_P(value) ? 0 : NUM2DBL(value);
  if (!(seconds >= 0) || seconds > 1e6) rb_raise(ptb_eConfiguration, "%s must be from 0 to 1,000,000 seconds", name);
  return seconds;
}

static bool ends_with(VALUE name, const char *end) {
  size_t len = strlen(end), all = (size_t)RSTRING_LEN(name);
  return all >= len && strncasecmp(RSTRING_PTR(name) + all - len, end, len) == 0;
}

/* "X-API-Key", "X-Auth-Token" … */
static bool names_a_secret(VALUE name) {
  static const char *const ends[] = {"api-key", "apikey", "access-key", "subscription-key", "token", "secret", "cookie"};
  for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
    if (ends_with(name, ends[i])) return true;
  }
  return false;
}

/* A header's value, the scheme of an Authorization aside, is a secret where its name says so. */
static void remember_secret(ptb_transport *t, VALUE name, VALUE value) {
  const char *v = RSTRING_PTR(value);
  size_t len = (size_t)RSTRING_LEN(value);
  bool authorization = ends_with(name, "authorization");
  if (!authorization && !names_a_secret(name)) return;
  const char *space = authorization ? memchr(v, ' ', len) : NULL;
  if (space) {
    len -= (size_t)(space + 1 - v);
    v = space + 1;
  }
  REALLOC_N(t->secrets, char *, t->secret_count + 1);
  t->secrets[t->secret_count] = ALLOC_N(char, len + 1);
  memcpy(t->secrets[t->secret_count], v, len);
  t->secrets[t->secret_count++][len] = '\0';
}

void ptb_check_header(VALUE name, VALUE value) {
  if (!RB_TYPE_P(name, T_STRING) || !RB_TYPE_P(value, T_STRING)) {
    rb_raise(ptb_eConfiguration, "header names and values must be Strings");
  }
  if (!ptn_header_name_ok(RSTRING_PTR(name), (size_t)RSTRING_LEN(name))) {
    rb_raise(ptb_eConfiguration, "a header's name is empty or holds characters that it can't hold");
  }
  if (!ptn_header_value_ok(RSTRING_PTR(value), (size_t)RSTRING_LEN(value))) {
    rb_raise(ptb_eConfiguration,
             "the value of the header %" PRIsVALUE " holds a line break, a NUL or another control character: "
             "check the key or setting that it comes from",
             name);
  }
}

static int add_header(VALUE name, VALUE value, VALUE arg) {
  ptb_transport *t = (ptb_transport *)arg;
  ptb_check_header(name, value);
  remember_secret(t, name, value);
  if (!ptn_endpoint_add_header(t->endpoint, RSTRING_PTR(name), (size_t)RSTRING_LEN(name), RSTRING_PTR(value),
                               (size_t)RSTRING_LEN(value))) {
    rb_memerror();
  }
  return ST_CONTINUE;
}

/* @api private
 * @overload initialize(base_url, headers, ca_file: nil, ca_path: nil, verify: true, proxy: nil, no_proxy: nil,
 *                      connect_timeout: nil, read_timeout: nil, max_body: 67108864, max_retries: 2,
 *                      retry_ambiguous: false, rate_limits: true)
 *   @param base_url [String] "https://api.openai.com/v1"
 *   @param headers [Hash{String => String}] sent with every request
 *   @param ca_file [String, nil] trusted certificates; nil: libcurl's default bundle
 *   @param ca_path [String, nil] a folder of them; nil: none
 *   @param verify [Boolean] whether the server's certificate is checked
 *   @param proxy [String, nil] nil or "": none, whatever the environment says
 *   @param no_proxy [String, nil] hosts reached without it
 *   @param connect_timeout [Numeric, nil] seconds; nil: libcurl's own, 300
 *   @param read_timeout [Numeric, nil] seconds without a byte, rounded up to whole ones; nil: no limit
 *   @param max_body [Integer] decoded bytes of one answer
 *   @param max_retries [Integer] further attempts after the first
 *   @param retry_ambiguous [Boolean] repeat also what may have been carried out
 *   @param rate_limits [Boolean] hold requests back that the server's answers say it would refuse
 * @raise [ConfigurationError] where one of them can't work; the message says what to do
 */
static VALUE transport_initialize(int argc, VALUE *argv, VALUE self) {
  ptb_transport *t;
  ptn_url url;
  VALUE base_url, headers, options;
  rb_scan_args(argc, argv, "20:", &base_url, &headers, &options);
  TypedData_Get_Struct(self, ptb_transport, &transport_type, t);
  if (t->endpoint) rb_raise(rb_eArgError, "this Transport is initialized already");
  Check_Type(headers, T_HASH);
  if (NIL_P(options)) options = rb_hash_new();
  VALUE ca_file = option(options, "ca_file"), ca_path = option(options, "ca_path");
  VALUE proxy = option(options, "proxy"), no_proxy = option(options, "no_proxy");
  const char *base = c_string(&base_url, "the base URL");
  const char *refused = base ? ptn_url_check(base, (size_t)RSTRING_LEN(base_url), &url) : "it is nil";
  if (refused) rb_raise(ptb_eConfiguration, "the base URL can't be used: %s", refused);
  VALUE max_body = option(options, "max_body");
  ptn_endpoint_options o = {
      .base_url = base, .base_url_len = url.len, .origin_len = url.origin_len, .tls = url.tls,
      .verify_tls = option(options, "verify") != Qfalse,
      .ca_file = c_string(&ca_file, "the CA file"), .ca_path = c_string(&ca_path, "the CA path"),
      .proxy = c_string(&proxy, "the proxy"), .no_proxy = c_string(&no_proxy, "no_proxy"),
      .connect_timeout_ms = (long)(seconds_option(options, "connect_timeout") * 1000),
      .idle_timeout_s = (long)ceil(seconds_option(options, "read_timeout")),
      .paced = option(options, "rate_limits") != Qfalse,
      .max_body = NIL_P(max_body) ? (size_t)64 << 20 : NUM2SIZET(max_body),
  };
  VALUE max_retries = option(options, "max_retries");
  t->max_retries = NIL_P(max_retries) ? 2 : NUM2INT(max_retries);
  t->retry_ambiguous = RTEST(option(options, "retry_ambiguous"));
  t->host_at = url.tls ? 8 : 7;
  t->host_len = url.origin_len - t->host_at;
  t->endpoint = ptn_endpoint_new(&o);
  RB_GC_GUARD(ca_file);
  RB_GC_GUARD(ca_path);
  RB_GC_GUARD(proxy);
  RB_GC_GUARD(no_proxy);
  if (!t->endpoint) rb_memerror();
  rb_hash_foreach(headers, add_header, (VALUE)t);
  return self;
}

/* @return [String] without headers: they hold the key */
static VALUE transport_inspect(VALUE self) {
  return rb_sprintf("#<%" PRIsVALUE " %s>", rb_obj_class(self), ptb_transport_get(self)->endpoint->base_url);
}

VALUE ptb_transport_redact(VALUE self, VALUE text) {
  const ptb_transport *t = ptb_transport_get(self);
  ptn_buffer buffer;
  ptn_buffer_init(&buffer);
  bool redacted = ptn_buffer_append(&buffer, RSTRING_PTR(text), (size_t)RSTRING_LEN(text)) &&
                  ptn_redact(&buffer, (const char *const *)t->secrets, t->secret_count);
  VALUE out = redacted ? ptb_text_new(buffer.data, buffer.len) : rb_str_new_cstr("[no memory for this text]");
  ptn_buffer_free(&buffer);
  return ptb_text_join(out);
}

/* ---- PromptTracker::Native::Transport, as Ruby sees it ---- */

static ptn_method method_of(VALUE name) {
  ID id = rb_to_id(name);
  if (id == id_get) return PTN_GET;
  if (id == id_post) return PTN_POST;
  if (id == id_delete) return PTN_DELETE;
  rb_raise(rb_eArgError, "the method must be :get, :post or :delete");
}

static double deadline_of(VALUE timeout) {
  if (NIL_P(timeout)) return INFINITY;
  double seconds = NUM2DBL(timeout);
  if (isnan(seconds)) rb_raise(rb_eArgError, "the timeout is not a number");
  return ptn_now() + seconds;
}

static VALUE answer_of(VALUE self, VALUE flight) {
  VALUE error = ptb_transport_error(self, flight);
  if (!NIL_P(error)) rb_exc_raise(error);
  ptb_flight *f = ptb_flight_get(flight);
  bool events = f->body_kind == PTN_BODY_EVENTS;
  VALUE answer = rb_obj_alloc(cAnswer);
  rb_ivar_set(answer, rb_intern("@status"), INT2FIX(f->http_status));
  rb_ivar_set(answer, rb_intern("@headers"), ptb_flight_headers(f));
  rb_ivar_set(answer, rb_intern("@body"), events ? Qnil : ptb_text_new(f->inbox.data, f->inbox.len));
  RB_GC_GUARD(flight);
  return answer;
}

static ptb_call call_of(int argc, VALUE *argv) {
  VALUE method, path, body, headers, timeout;
  rb_scan_args(argc, argv, "23", &method, &path, &body, &headers, &timeout);
  StringValue(path);
  if (!NIL_P(body)) StringValue(body);
  if (!NIL_P(headers)) Check_Type(headers, T_HASH);
  return (ptb_call){.method = method_of(method), .path = path, .body = body, .headers = headers,
                    .deadline = deadline_of(timeout)};
}

/* One request and its answer, with retries.
 *
 * @api private
 * @overload request(method, path, body = nil, headers = nil, timeout = nil)
 *   @param method [Symbol] :get, :post or :delete
 *   @param path [String] "/threads/thread_1" with its query; ids in it are escaped
 *   @param body [String, nil] JSON, or any bytes where the headers have a Content-Type
 *   @param headers [Hash{String => String}, nil] for this request only
 *   @param timeout [Numeric, nil] seconds for all attempts together; nil: no limit
 * @return [Answer] of a 2xx answer
 * @raise [HTTPError] any other status
 * @raise [ConnectionError, TimeoutError, AnswerError, ConfigurationError] where there is no whole answer
 */
static VALUE transport_request(int argc, VALUE *argv, VALUE self) {
  ptb_call call = call_of(argc, argv);
  return answer_of(self, ptb_transport_perform(self, &call));
}

static void yield_event(void *arg, const ptn_record *r) {
  (void)arg;
  VALUE name = r->event_len ? ptb_text_new(r->event, r->event_len) : Qnil;
  rb_yield_values(2, name, ptb_text_new(r->data, r->data_len));
}

/* As {#request}, for an answer that is a stream of server-sent events.
 *
 * @api private
 * @yieldparam event [String, nil] its name
 * @yieldparam data [String] its data
 * @return [Answer] whose body is nil, or the whole one where the server did not answer with a stream
 * @raise (see #request)
 */
static VALUE transport_stream(int argc, VALUE *argv, VALUE self) {
  ptb_call call = call_of(argc, argv);
  rb_need_block();
  call.stream = true;
  call.sink = yield_event;
  return answer_of(self, ptb_transport_perform(self, &call));
}

/* For specs: what servers have said of their rate limits holds none of the coming requests back.
 *
 * @api private
 * @return [nil]
 */
static VALUE transport_forget_rate_limits(VALUE self) {
  (void)self;
  ptn_pacer_forget();
  return Qnil;
}

void ptb_init_transport(void) {
  id_get = rb_intern("get");
  id_post = rb_intern("post");
  id_delete = rb_intern("delete");
  cTransport = rb_define_class_under(ptb_mNative, "Transport", rb_cObject);
  rb_define_alloc_func(cTransport, transport_alloc);
  rb_define_singleton_method(cTransport, "forget_rate_limits", transport_forget_rate_limits, 0);
  rb_define_method(cTransport, "initialize", transport_initialize, -1);
  rb_define_method(cTransport, "inspect", transport_inspect, 0);
  rb_define_method(cTransport, "request", transport_request, -1);
  rb_define_method(cTransport, "stream", transport_stream, -1);
  cAnswer = rb_define_class_under(ptb_mNative, "Answer", rb_cObject);
  rb_define_attr(cAnswer, "status", 1, 0);
  rb_define_attr(cAnswer, "headers", 1, 0);
  rb_define_attr(cAnswer, "body", 1, 0);
  rb_gc_register_mark_object(cTransport);
  rb_gc_register_mark_object(cAnswer);
}
