#include "intercept.h"

#include <string.h>

#include "engine.h"
#include "errors.h"
#include "utf8.h"

VALUE ptb_mIntercepted;

/* How long a request that nobody waits for may take, whatever the settings are. */
static const double fired_limit_s = 20;

static VALUE mOverdue, interceptor = Qnil;
static bool webmock_seen;
static ID id_webmock, id_hook, id_intercept, id_answer, id_answer_unheard, id_observe, id_answered, id_repeats, id_overdue, id_classic;

/* WebMock may be loaded at any time, before this gem or after it. */
static VALUE find_interceptor(void) {
  if (!webmock_seen && rb_const_defined(rb_cObject, id_webmock)) {
    webmock_seen = RTEST(rb_funcall(ptb_mNative, id_hook, 0));
  }
  return interceptor;
}

bool ptb_intercepted(void) { return !NIL_P(find_interceptor()); }

/* ---- the request, as Ruby sees it ---- */

static VALUE method_name(ptn_method method) {
  switch (method) {
  case PTN_GET: return rb_utf8_str_new_cstr("GET");
  case PTN_POST: return rb_utf8_str_new_cstr("POST");
  default: return rb_utf8_str_new_cstr("DELETE");
  }
}

/* Lines as libcurl takes them: "Name: value"; "Name;" without a value; "Name:" is one that is not sent. */
static VALUE headers_of(const ptn_request *r) {
  VALUE headers = rb_hash_new();
  for (const struct curl_slist *node = r->headers; node; node = node->next) {
    const char *end = node->data + strcspn(node->data, ":;");
    if (end[0] == '\0' || (end[0] == ':' && end[1] == '\0')) continue;
    VALUE name = ptb_text_new(node->data, (size_t)(end - node->data)), before = rb_hash_aref(headers, name);
    VALUE value = end[0] == ';' ? rb_utf8_str_new("", 0) : ptb_text_new(end + 2, strlen(end + 2));
    rb_hash_aset(headers, name, NIL_P(before) ? value : rb_sprintf("%" PRIsVALUE ", %" PRIsVALUE, before, value));
  }
  return headers;
}

static VALUE ticket_for(const ptn_request *r, VALUE assistant_id) {
  VALUE installed = find_interceptor();
  if (NIL_P(installed)) return Qnil;
  return rb_funcall(installed, id_intercept, 5, method_name(r->method), ptb_text_new(r->url, strlen(r->url)), headers_of(r),
                    r->body ? ptb_text_new(r->body, r->body_len) : Qnil, assistant_id);
}

/* ---- its answer ---- */

static ptn_status status_of(VALUE ending) {
  static const struct {
    const char *name;
    ptn_status status;
  } endings[] = {{"timeout", PTN_E_CONNECT_TIMEOUT}, {"deadline", PTN_E_TIMEOUT}, {"connect", PTN_E_CONNECT},
                 {"resolve", PTN_E_RESOLVE}, {"tls", PTN_E_TLS}, {"lost", PTN_E_LOST}, {"idle", PTN_E_IDLE}};
  if (NIL_P(ending)) return PTN_OK;
  for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
    if (ending == ID2SYM(rb_intern(endings[i].name))) return endings[i].status;
  }
  rb_raise(rb_eArgError, "no way for an answer to end: %" PRIsVALUE, rb_inspect(ending));
}

/* [status, block of headers, body, how it ends, more on that], or an error to raise in the place of the network. */
static void give(ptn_exchange *x, VALUE given) {
  if (RTEST(rb_obj_is_kind_of(given, rb_eException))) {
    if (!RB_OBJ_FROZEN(given)) rb_extend_object(given, ptb_mIntercepted);
    rb_exc_raise(given);
  }
  Check_Type(given, T_ARRAY);
  VALUE headers = rb_ary_entry(given, 1), body = rb_ary_entry(given, 2), error = rb_ary_entry(given, 4);
  StringValue(headers);
  StringValue(body);
  ptn_answer answer = {
      .status = status_of(rb_ary_entry(given, 3)), .http_status = NUM2INT(rb_ary_entry(given, 0)),
      .headers = RSTRING_PTR(headers), .headers_len = (size_t)RSTRING_LEN(headers),
      .body = RSTRING_PTR(body), .body_len = (size_t)RSTRING_LEN(body),
      .error = NIL_P(error) ? NULL : StringValueCStr(error),
  };
  if (answer.status == PTN_E_LOST && answer.http_status) answer.status = PTN_E_PARTIAL;
  ptn_exchange_answer(x, &answer);
  RB_GC_GUARD(headers);
  RB_GC_GUARD(body);
  RB_GC_GUARD(error);
}

ptn_status ptb_intercept_launch(ptn_exchange *x, VALUE assistant_id, VALUE *ticket) {
  *ticket = ticket_for(x->request, assistant_id);
  VALUE answer = NIL_P(*ticket) ? Qnil : rb_funcall(*ticket, id_answer, 0);
  if (NIL_P(answer)) {
    x->keeps = !NIL_P(*ticket);
    return ptn_engine_submit(x);
  }
  give(x, answer);
  return PTN_OK;
}

void ptb_intercept_fire(ptn_exchange *x) {
  VALUE ticket = ticket_for(x->request, Qnil);
  if (NIL_P(ticket) || !RTEST(rb_funcall(ticket, id_answer_unheard, 0))) ptn_engine_fire(x, fired_limit_s);
}

void ptb_intercept_landed(ptn_exchange *x, VALUE ticket) {
  if (NIL_P(ticket) || !x->keeps || x->status != PTN_OK) return;
  rb_funcall(ticket, id_observe, 3, INT2FIX(x->http_status), ptb_text_new(x->headers.data, x->headers.len),
             ptb_text_new(x->kept.data, x->kept.len));
}

/* ---- what it means for the caller ---- */

bool ptb_intercept_again(VALUE ticket, double *wait) {
  if (NIL_P(ticket) || !RTEST(rb_funcall(ticket, id_answered, 0))) return true;
  *wait = 0;
  return RTEST(rb_funcall(ticket, id_repeats, 0));
}

void ptb_intercept_mark(VALUE error, VALUE ticket) {
  if (!NIL_P(ticket) && RTEST(rb_funcall(ticket, id_overdue, 0))) rb_extend_object(error, mOverdue);
}

bool ptb_intercept_overdue(VALUE error) { return RTEST(rb_obj_is_kind_of(error, mOverdue)); }

bool ptb_intercept_classic(void) {
  VALUE installed = find_interceptor();
  return !NIL_P(installed) && RTEST(rb_funcall(installed, id_classic, 0));
}

/* @api private
 * @return [#intercept, nil] what sees the requests first
 */
static VALUE native_interceptor(VALUE self) {
  (void)self;
  return find_interceptor();
}

/* @api private */
static VALUE native_set_interceptor(VALUE self, VALUE object) {
  (void)self;
  return interceptor = object;
}

void ptb_init_intercept(void) {
  id_webmock = rb_intern("WebMock");
  id_hook = rb_intern("hook_into_webmock");
  id_intercept = rb_intern("intercept");
  id_answer = rb_intern("answer");
  id_answer_unheard = rb_intern("answer_unheard?");
  id_observe = rb_intern("observe");
  id_answered = rb_intern("answered?");
  id_repeats = rb_intern("repeats?");
  id_overdue = rb_intern("overdue?");
  id_classic = rb_intern("classic?");
  rb_gc_register_address(&interceptor);
  rb_define_singleton_method(ptb_mNative, "interceptor", native_interceptor, 0);
  rb_define_singleton_method(ptb_mNative, "interceptor=", native_set_interceptor, 1);
  ptb_mIntercepted = rb_module_new();
  rb_gc_register_mark_object(ptb_mIntercepted);
  mOverdue = rb_module_new();
  rb_gc_register_mark_object(mOverdue);
}
