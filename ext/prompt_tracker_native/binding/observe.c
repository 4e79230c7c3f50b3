#include "observe.h"

#include <string.h>

#include "errors.h"
#include "failure.h"
#include "json.h"
#include "json_scan.h"
#include "utf8.h"

static ID id_active_support, id_open_telemetry, id_wanted, id_observe_call, id_observe_request, id_observe_retry;
static ID id_definition, id_reads;
static VALUE sym_method, sym_path, sym_scheme, sym_host, sym_model, sym_stream, sym_status, sym_attempts, sym_request_id, sym_error;
static VALUE sym_code, sym_attempt, sym_wait, sym_reason;
static VALUE methods[3]; /* Symbols, by ptn_method */

static bool possible; /* somebody may listen; libraries that are loaded stay so */

static VALUE observation(void) { return rb_const_get(ptb_mNative, rb_intern("Observation")); }

bool ptb_observed(void) {
  if (!possible) {
    possible = rb_const_defined_at(rb_cObject, id_active_support) || rb_const_defined_at(rb_cObject, id_open_telemetry);
    if (!possible) return false;
    rb_funcall(ptb_mNative, rb_intern("load_observation"), 0);
  }
  return RTEST(rb_funcall(observation(), id_wanted, 0));
}

/* @api private: from now on each call looks for listeners, whatever is loaded. */
static VALUE native_observe(VALUE self) {
  (void)self;
  possible = true;
  return Qnil;
}

/* ---- a call ---- */

typedef struct {
  VALUE (*body)(VALUE);
  VALUE arg, result;
} observed_call;

static VALUE run_call(RB_BLOCK_CALL_FUNC_ARGLIST(yielded, data)) {
  (void)yielded;
  (void)argc;
  (void)argv;
  (void)blockarg;
  observed_call *c = (observed_call *)data;
  return c->result = c->body(c->arg);
}

VALUE ptb_observe_call(VALUE service, VALUE (*body)(VALUE), VALUE arg) {
  if (!ptb_observed()) return body(arg);
  observed_call c = {body, arg, Qnil};
  rb_block_call(observation(), id_observe_call, 1, &service, run_call, (VALUE)&c);
  return c.result;
}

void ptb_observe_definition(VALUE definition) {
  if (!NIL_P(definition) && possible) rb_funcall(observation(), id_definition, 1, definition);
}

/* ---- a request ---- */

typedef struct {
  VALUE transport, payload, flight, answer;
  const ptb_call *call;
  ptb_perform perform;
  bool reads; /* somebody wants to know what was answered */
} observed_request;

static VALUE path_of(const ptb_call *call) {
  const char *path = RSTRING_PTR(call->path), *query = memchr(path, '?', (size_t)RSTRING_LEN(call->path));
  return rb_utf8_str_new(path, query ? query - path : RSTRING_LEN(call->path));
}

static VALUE model_of(const ptb_call *call) {
  const char *model;
  size_t len;
  if (NIL_P(call->body)) return Qnil;
  const char *body = RSTRING_PTR(call->body);
  return ptn_json_top_string(body, (size_t)RSTRING_LEN(call->body), "model", &model, &len)
             ? rb_utf8_str_new(model, (long)len) : Qnil;
}

static VALUE new_payload(VALUE transport, const ptb_call *call) {
  const ptb_transport *t = ptb_transport_get(transport);
  VALUE payload = rb_hash_new();
  rb_hash_aset(payload, sym_method, methods[call->method]);
  rb_hash_aset(payload, sym_path, path_of(call));
  rb_hash_aset(payload, sym_scheme, rb_utf8_str_new_cstr(t->endpoint->tls ? "https" : "http"));
  rb_hash_aset(payload, sym_host, rb_utf8_str_new(t->endpoint->base_url + t->host_at, (long)t->host_len));
  return payload;
}

/* What the last attempt came to. */
static void add_outcome(VALUE payload, VALUE transport, VALUE flight) {
  const ptb_flight *f = ptb_flight_get(flight);
  VALUE error = ptb_transport_error(transport, flight), request_id = ptb_flight_header(f, "x-request-id");
  if (f->http_status) rb_hash_aset(payload, sym_status, INT2FIX(f->http_status));
  if (!NIL_P(request_id)) rb_hash_aset(payload, sym_request_id, ptb_transport_redact(transport, request_id));
  if (!NIL_P(error)) {
    VALUE code = rb_attr_get(error, rb_intern("@code"));
    rb_hash_aset(payload, sym_error, rb_class_name(rb_obj_class(error)));
    if (RB_TYPE_P(code, T_STRING)) rb_hash_aset(payload, sym_code, code);
  }
  RB_GC_GUARD(flight);
}

/* Whether a stream's event holds what there is to know of the whole: the answer's end, or a chat's usage. */
static bool tells_all(const ptn_record *r) {
  if (r->kind == PTN_KIND_CHAT_CHUNK) return ptn_json_top_type(r->data, r->data_len, "usage") == PTN_JSON_OBJECT;
  return r->kind != PTN_KIND_DONE && ptn_kind_ends_stream(r->kind);
}

/* A server may repeat the key. */
static VALUE parsed(VALUE transport, const char *json, size_t len) {
  if (len == 0) return Qnil;
  VALUE text = ptb_transport_redact(transport, ptb_text_new(json, len));
  VALUE value = ptb_json_try(RSTRING_PTR(text), (size_t)RSTRING_LEN(text));
  RB_GC_GUARD(text);
  return value == Qundef ? Qnil : value;
}

static void look_at(observed_request *o, const ptn_record *r) {
  if (tells_all(r)) o->answer = parsed(o->transport, r->data, r->data_len);
}

static void look_and_pass_on(void *arg, const ptn_record *r) {
  observed_request *o = arg;
  look_at(o, r);
  o->call->sink(o->call->arg, r);
}

static void look_at_what_came(observed_request *o) {
  const ptb_flight *f = ptb_flight_get(o->flight);
  ptn_record r;
  if (!ptb_flight_has_events(f)) {
    o->answer = parsed(o->transport, f->inbox.data, f->inbox.len);
  } else if (!o->call->sink) {
    for (size_t pos = 0; ptn_record_next(&f->inbox, &pos, &r);) look_at(o, &r);
  }
}

/* The block's value: the answer, parsed, or of a stream the event that ended it. */
static VALUE run_request(RB_BLOCK_CALL_FUNC_ARGLIST(yielded, data)) {
  (void)yielded;
  (void)argc;
  (void)argv;
  (void)blockarg;
  observed_request *o = (observed_request *)data;
  ptb_call call = *o->call;
  if (call.sink && o->reads) {
    call.sink = look_and_pass_on;
    call.arg = o;
  }
  o->flight = o->perform(o->transport, &call);
  if (o->reads) look_at_what_came(o);
  add_outcome(o->payload, o->transport, o->flight);
  rb_hash_aset(o->payload, sym_attempts, INT2FIX(ptb_flight_get(o->flight)->attempts));
  return o->answer;
}

VALUE ptb_observe_request(VALUE transport, const ptb_call *call, ptb_perform perform) {
  VALUE payload = new_payload(transport, call), model = model_of(call);
  if (!NIL_P(model)) rb_hash_aset(payload, sym_model, model);
  rb_hash_aset(payload, sym_stream, call->stream ? Qtrue : Qfalse);
  bool reads = RTEST(rb_funcall(observation(), id_reads, 0));
  observed_request o = {transport, payload, Qnil, Qnil, call, perform, reads};
  VALUE args[] = {payload, call->body};
  rb_block_call(observation(), id_observe_request, 2, args, run_request, (VALUE)&o);
  return o.flight;
}

void ptb_observe_retry(VALUE transport, const ptb_call *call, VALUE flight, const ptn_retry_verdict *verdict) {
  if (!ptb_observed()) return;
  VALUE payload = new_payload(transport, call);
  rb_hash_aset(payload, sym_attempt, INT2FIX(ptb_flight_get(flight)->attempts));
  rb_hash_aset(payload, sym_wait, DBL2NUM(verdict->wait));
  rb_hash_aset(payload, sym_reason, rb_utf8_str_new_cstr(verdict->reason));
  add_outcome(payload, transport, flight);
  rb_funcall(observation(), id_observe_retry, 1, payload);
}

static VALUE symbol(const char *name) { return ID2SYM(rb_intern(name)); }

void ptb_init_observe(void) {
  id_active_support = rb_intern("ActiveSupport");
  id_open_telemetry = rb_intern("OpenTelemetry");
  id_wanted = rb_intern("wanted?");
  id_observe_call = rb_intern("observe_call");
  id_observe_request = rb_intern("observe_request");
  id_observe_retry = rb_intern("observe_retry");
  id_definition = rb_intern("definition=");
  id_reads = rb_intern("reads_answers?");
  methods[PTN_GET] = symbol("get");
  methods[PTN_POST] = symbol("post");
  methods[PTN_DELETE] = symbol("delete");
  sym_method = symbol("method");
  sym_path = symbol("path");
  sym_scheme = symbol("scheme");
  sym_host = symbol("host");
  sym_model = symbol("model");
  sym_stream = symbol("stream");
  sym_status = symbol("status");
  sym_attempts = symbol("attempts");
  sym_request_id = symbol("request_id");
  sym_error = symbol("error");
  sym_code = symbol("code");
  sym_attempt = symbol("attempt");
  sym_wait = symbol("wait");
  sym_reason = symbol("reason");
  rb_define_private_method(rb_singleton_class(ptb_mNative), "observe", native_observe, 0);
}
