#include "responding.h"

#include "errors.h"
#include "json.h"
#include "prompt.h"
#include "utf8.h"

/* One request and its response: events, or one JSON answer. */

/* ---- events ---- */

static void keep_response(ptb_responding *s, VALUE response) {
  VALUE id = ptb_dig(response, "id");
  if (!RB_TYPE_P(response, T_HASH)) return;
  s->response = response;
  if (ptb_is_server_id(id)) s->response_id = s->run->run_id = id;
}

/* False for an event that has come before: a server, or a stream taken up again, may repeat some. */
static bool is_new(ptb_responding *s, VALUE event) {
  VALUE number = ptb_dig(event, "sequence_number");
  if (!FIXNUM_P(number)) return true; /* a larger one is no count of events */
  long long sequence = NUM2LL(number);
  for (int i = 0; i < PTB_REMEMBERED; i++) {
    if (s->seen[i] == sequence) return false;
  }
  s->seen[s->seen_at++ % PTB_REMEMBERED] = sequence;
  if (sequence > s->last_sequence) s->last_sequence = sequence;
  return true;
}

static bool carries_response(ptn_kind kind) { return kind >= PTN_KIND_RESPONSE_CREATED && kind <= PTN_KIND_RESPONSE_CANCELLED; }

static bool is_delta(ptn_kind kind) { return kind == PTN_KIND_RESPONSE_TEXT_DELTA || kind == PTN_KIND_RESPONSE_REFUSAL_DELTA; }

/* What an error event says, which some servers send as plain text. */
static void on_error(ptb_responding *s, const ptn_record *r) {
  VALUE event = ptb_json_try(r->data, r->data_len);
  ptb_error_fields fields = ptb_error_fields_of(event == Qundef ? Qnil : event, ptb_text_join(ptb_text_new(r->data, r->data_len)));
  s->refusal = NIL_P(fields.message) ? rb_utf8_str_new_cstr("the server gave no reason") : fields.message;
  s->refusal_code = fields.code;
}

static void on_delta(ptb_responding *s, VALUE event) {
  VALUE text = ptb_dig(event, "delta");
  if (!s->run->block || !RB_TYPE_P(text, T_STRING)) return;
  ptb_deltas_yield(&s->deltas, rb_assoc_new(ptb_dig(event, "item_id"), ptb_dig(event, "content_index")), text);
}

static void on_event(void *arg, const ptn_record *r) {
  ptb_responding *s = arg;
  if (r->kind == PTN_KIND_DONE) return;
  if (is_delta(r->kind)) {
    VALUE event = ptb_json_try_raw(r->data, r->data_len);
    if (event != Qundef && is_new(s, event)) on_delta(s, event);
  } else if (carries_response(r->kind)) {
    VALUE event = ptb_json_try(r->data, r->data_len), response = event == Qundef ? Qnil : ptb_dig(event, "response");
    if (event != Qundef && is_new(s, event) && !(ptb_response_is_over(s) && NIL_P(s->refusal))) {
      keep_response(s, NIL_P(response) && !NIL_P(ptb_dig(event, "status")) ? event : response);
    }
  } else if (r->kind == PTN_KIND_ERROR) {
    on_error(s, r);
  } else if (s->background) {
    VALUE event = ptb_json_try(r->data, r->data_len);
    if (event != Qundef) is_new(s, event);
  }
}

/* Of a stream that has come as a whole only the event that ends it matters; where there is none, the last of all
 * says how far it had got. */
static void read_all(ptb_responding *s, const ptn_buffer *records) {
  ptn_record r, head = {.data = NULL}, end = {.data = NULL};
  for (size_t pos = 0; ptn_record_next(records, &pos, &r);) {
    if (carries_response(r.kind)) head = r;
    if ((carries_response(r.kind) && ptn_kind_ends_stream(r.kind)) || r.kind == PTN_KIND_ERROR) end = r;
  }
  if (end.data) {
    if (head.data && end.kind == PTN_KIND_ERROR) on_event(s, &head);
    on_event(s, &end);
    if (ptb_response_is_over(s) || !NIL_P(s->refusal)) return; /* else it is damaged, and an earlier one says which response it is */
  }
  for (size_t pos = 0; ptn_record_next(records, &pos, &r);) on_event(s, &r);
}

static void read_json(ptb_responding *s, const ptb_flight *f) {
  if (f->inbox.len == 0) rb_raise(ptb_eAnswer, "the server's answer is empty; a response may have been started");
  const char *unclear = NIL_P(s->response_id) ? "; a response may have been started" : "";
  VALUE object = ptb_json_parse_or(f->inbox.data, f->inbox.len, unclear), id = ptb_dig(object, "id");
  if (!ptb_is_server_id(id)) {
    VALUE message = ptb_error_fields_of(object, Qnil).message;
    rb_raise(ptb_eAnswer, "%" PRIsVALUE, NIL_P(message) ? rb_utf8_str_new_cstr("the server's answer has no response in it") : message);
  }
  keep_response(s, object);
}

/* ---- requests ---- */

ptb_call ptb_response_call(const ptb_responding *s, ptn_method method, VALUE path, VALUE body) {
  return (ptb_call){.method = method, .path = path, .body = body, .headers = Qnil,
                    .deadline = s->run->deadline, .assistant_id = s->run->assistant_id};
}

static VALUE refusal_error(ptb_responding *s) {
  VALUE error = rb_exc_new_str(ptb_eAnswer, ptb_transport_redact(s->transport, s->refusal));
  VALUE code = s->refusal_code;
  ptb_error_set(error, "code", RB_TYPE_P(code, T_STRING) ? ptb_transport_redact(s->transport, code) : code);
  return error;
}

static void prepare(ptb_responding *s, ptb_call *call) {
  call->stream = s->streamed;
  call->sink = s->streamed && s->live ? on_event : NULL;
  call->arg = s;
}

void ptb_response_begin(ptb_responding *s, ptb_call call) {
  prepare(s, &call);
  s->begun = ptb_transport_begin(s->transport, &call, s->run->item);
}

VALUE ptb_response_exchange(ptb_responding *s, ptb_call call) {
  prepare(s, &call);
  call.begun = s->begun;
  s->begun = s->refusal = s->refusal_code = Qnil;
  VALUE flight = ptb_transport_perform(s->transport, &call);
  ptb_flight *f = ptb_flight_get(flight);
  if (ptb_flight_has_events(f)) read_all(s, &f->inbox);
  f->named = !NIL_P(s->response_id);
  VALUE error = ptb_transport_error(s->transport, flight);
  if (ptb_flight_has_events(f)) {
    ptb_deltas_flush(&s->deltas);
  } else if (NIL_P(error) && !(call.method == PTN_GET && s->streamed && f->inbox.len == 0)) {
    read_json(s, f); /* (a stream that is taken up again may have nothing more to say) */
  }
  ptb_flight_empty(f);
  RB_GC_GUARD(flight);
  return NIL_P(s->refusal) ? error : refusal_error(s);
}
