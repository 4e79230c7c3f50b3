#include "streaming.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "errors.h"
#include "intercept.h"
#include "json.h"
#include "prompt.h"
#include "result.h"
#include "transport.h"
#include "utf8.h"

/* A run as one streamed request. Where the stream breaks, or the server answers with JSON, the same run is
 * polled: a second one is never started. */

static VALUE beta_headers;

/* ---- events ---- */

static void keep_ids(ptb_run *run, VALUE object) {
  VALUE id = ptb_dig(object, "id"), thread_id = ptb_dig(object, "thread_id");
  if (NIL_P(run->run_id) && ptb_is_server_id(id)) run->run_id = id;
  if (NIL_P(run->thread_id) && ptb_is_server_id(thread_id)) run->thread_id = thread_id;
}

static const char *status_of(ptn_kind kind) {
  const char *name = ptn_kind_name(kind);
  return name + strlen("thread.run.");
}

/* OpenAI sends `thread.run.completed` for a run whose status is `incomplete`: that says more than the event's name. */
static bool says_how_it_ended(VALUE status) {
  static const char *const ends[] = {"completed", "incomplete", "failed", "cancelled", "expired"};
  for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
    if (ptb_is(status, ends[i])) return true;
  }
  return false;
}

/* A damaged event says nothing: what it would have said is asked for after the stream. */
static VALUE parse_event(const ptn_record *r) {
  VALUE object = ptb_json_try(r->data, r->data_len);
  return object != Qundef && RB_TYPE_P(object, T_HASH) ? object : Qnil;
}

static void on_run(ptb_run *run, const ptn_record *r) {
  VALUE object = parse_event(r);
  if (NIL_P(object)) return;
  keep_ids(run, object);
  VALUE status = ptb_dig(object, "status");
  if (!RB_TYPE_P(status, T_STRING) || (ptn_kind_ends_stream(r->kind) && !says_how_it_ended(status))) {
    ptb_put(object, "status", rb_utf8_str_new_cstr(status_of(r->kind)));
  }
  run->run = object;
}

static void on_message(ptb_run *run, const ptn_record *r) {
  VALUE message = parse_event(r), role = ptb_dig(message, "role");
  if (RB_TYPE_P(role, T_STRING) && rb_str_cmp(role, rb_str_new_cstr("assistant")) != 0) return;
  run->message = message;
}

static void on_error(ptb_streaming *s, const ptn_record *r) {
  VALUE parsed = ptb_json_try(r->data, r->data_len);
  VALUE text = ptb_text_join(ptb_text_new(r->data, r->data_len));
  s->refusal = ptb_error_fields_of(parsed == Qundef ? Qnil : parsed, text).message;
  if (NIL_P(s->refusal)) s->refusal = rb_utf8_str_new_cstr("the server gave no reason");
}

static void on_delta(ptb_streaming *s, const ptn_record *r) {
  VALUE event = ptb_json_try_raw(r->data, r->data_len);
  if (event == Qundef) return; /* the whole text is still to come */
  VALUE content = ptb_dig(ptb_dig(event, "delta"), "content"), id = ptb_dig(event, "id");
  if (!RB_TYPE_P(content, T_ARRAY)) return;
  for (long i = 0; i < RARRAY_LEN(content); i++) {
    VALUE block = rb_ary_entry(content, i), text = ptb_dig(block, "text");
    if (!RB_TYPE_P(text, T_STRING)) text = ptb_dig(text, "value");
    if (!RB_TYPE_P(text, T_STRING)) text = ptb_dig(block, "refusal");
    if (RB_TYPE_P(text, T_STRING)) ptb_deltas_yield(&s->deltas, rb_assoc_new(id, ptb_dig(block, "index")), text);
  }
}

static bool is_run(ptn_kind kind) { return kind >= PTN_KIND_RUN_CREATED && kind <= PTN_KIND_RUN_EXPIRED; }
static bool is_message(ptn_kind kind) {
  return kind == PTN_KIND_MESSAGE_COMPLETED || kind == PTN_KIND_MESSAGE_INCOMPLETE;
}

static void on_event(void *arg, const ptn_record *r) {
  ptb_streaming *s = arg;
  if (is_run(r->kind)) on_run(s->run, r);
  else if (is_message(r->kind)) on_message(s->run, r);
  else if (r->kind == PTN_KIND_ERROR) on_error(s, r);
  else if (r->kind == PTN_KIND_MESSAGE_DELTA && s->run->block) on_delta(s, r);
}

/* Of a stream that has come as a whole only the last run and the last message matter: most of the work of a
 * call is parsing, and this leaves two events of all to parse. */
static void read_all(ptb_streaming *s, const ptn_buffer *records) {
  ptn_record r, first_run = {.data = NULL}, last_run = {.data = NULL}, last_message = {.data = NULL};
  for (size_t pos = 0; ptn_record_next(records, &pos, &r);) {
    if (is_run(r.kind)) {
      if (!first_run.data) first_run = r;
      last_run = r;
    } else if (is_message(r.kind)) {
      last_message = r;
    } else if (r.kind == PTN_KIND_ERROR) {
      on_error(s, &r);
    }
  }
  if (last_message.data) on_message(s->run, &last_message);
  if (last_run.data) on_run(s->run, &last_run);
  if (first_run.data && (NIL_P(s->run->run_id) || NIL_P(s->run->thread_id))) keep_ids(s->run, parse_event(&first_run));
}

/* ---- one stream ---- */

static void read_json(ptb_run *run, const ptb_flight *f) {
  if (f->inbox.len == 0) rb_raise(ptb_eAnswer, "the server's answer is empty; a run may have been started");
  const char *unclear = NIL_P(run->run_id) ? "; a run may have been started" : "";
  VALUE object = ptb_json_parse_or(f->inbox.data, f->inbox.len, unclear);
  VALUE id = ptb_dig(object, "id");
  if (!ptb_is_server_id(id)) {
    VALUE message = ptb_error_fields_of(object, Qnil).message;
    rb_raise(ptb_eAnswer, "%" PRIsVALUE, NIL_P(message) ? rb_utf8_str_new_cstr("the server's answer has no run in it") : message);
  }
  keep_ids(run, object);
  run->run = object;
}

NORETURN(static void raise_refusal(ptb_streaming *s));
static void raise_refusal(ptb_streaming *s) {
  VALUE error = rb_exc_new_str(ptb_eAnswer, ptb_transport_redact(s->transport, s->refusal));
  rb_exc_raise(error);
}

static ptb_call request_of(ptb_streaming *s) {
  return (ptb_call){.method = PTN_POST, .path = s->path, .body = s->body, .headers = s->headers, .stream = true,
                    .deadline = s->run->deadline, .sink = s->live ? on_event : NULL, .arg = s, .begun = s->begun};
}

/* Sends the request and reads what comes. On return there is a run with an id; whether it has ended is for
 * its status to say. */
static void stream(ptb_streaming *s) {
  ptb_run *run = s->run;
  VALUE before = run->run;
  ptb_call call = request_of(s);
  s->refusal = s->begun = Qnil;
  VALUE flight = ptb_transport_perform(s->transport, &call);
  ptb_flight *f = ptb_flight_get(flight);
  if (ptb_flight_has_events(f)) read_all(s, &f->inbox);
  f->named = !NIL_P(run->run_id);
  VALUE error = ptb_transport_error(s->transport, flight);
  if (ptb_flight_has_events(f)) {
    ptb_deltas_flush(&s->deltas);
  } else if (NIL_P(error)) {
    read_json(run, f);
  }
  if (!NIL_P(s->refusal)) raise_refusal(s);
  bool outputs_may_have_arrived = !NIL_P(before) && f->ambiguous;
  if (run->run == before && !NIL_P(error) && !outputs_may_have_arrived) rb_exc_raise(error);
  if (NIL_P(run->run_id)) rb_raise(ptb_eAnswer, "the server's stream ended before it named a run; one may have been started");
  if (run->run == before) run->run = rb_hash_new(); /* the same run, its status unknown: ask */
  ptb_flight_empty(f);
  RB_GC_GUARD(flight);
}

/* ---- the run ---- */

static const char *failure_prefix(const ptb_run *run) {
  return NIL_P(run->run_id) ? "Failed to run assistant" : "Error waiting for completion";
}


static VALUE try_stream(VALUE arg) {
  stream((ptb_streaming *)arg);
  return Qnil;
}

/* The prefix depends on how far the stream had got. */
static VALUE stream_failed(VALUE arg, VALUE error) {
  ptb_run *run = ((ptb_streaming *)arg)->run;
  if (ptb_run_is_late(run, error)) ptb_run_time_out(run);
  ptb_run_fail_because(run, failure_prefix(run), error);
}

static void follow(ptb_streaming *s) {
  rb_rescue2(try_stream, (VALUE)s, stream_failed, (VALUE)s, ptb_eError, ptb_mIntercepted, (VALUE)0);
}

static void aim_at_tool_outputs(ptb_streaming *s) {
  VALUE parameters = ptb_run_tool_outputs(s->run);
  ptb_set(parameters, "stream", Qtrue);
  s->body = ptb_json_generate(parameters);
  s->path = rb_sprintf("/threads/%" PRIsVALUE "/runs/%" PRIsVALUE "/submit_tool_outputs", s->run->thread_id,
                       s->run->run_id);
}

static void nothing_to_answer(ptb_run *run) { (void)run; }

static bool requires_action(const ptb_run *run) {
  return ptb_is(ptb_dig(run->run, "status"), "requires_action");
}

static void go_on_polling(ptb_run *run) {
  if (NIL_P(run->thread_id)) ptb_run_fail(run, "Error waiting for completion: the server did not say which thread the run is in");
  if (ptn_now() >= run->deadline) ptb_run_time_out(run);
  ptb_run_poll(run);
}

/* Qundef where the caller gave none. */
static VALUE option(const ptb_run *run, VALUE name) { return rb_hash_lookup2(run->options, name, Qundef); }

/* The prompt, and after it what else the caller wants to be said: the order that the polling flow gives. */
static VALUE messages_of(const ptb_run *run) {
  VALUE messages = rb_ary_new_from_args(1, ptb_run_user_message(run)), more = option(run, PTB_SYMBOL("additional_messages"));
  if (more == Qundef || NIL_P(more)) return messages;
  if (!RB_TYPE_P(more, T_ARRAY)) {
    rb_raise(rb_eArgError, "additional_messages must be an Array of messages, not %" PRIsVALUE, rb_obj_class(more));
  }
  return rb_ary_concat(messages, more);
}

/* POST /threads/runs has no place for these: then the thread is made first. */
bool ptb_streaming_needs_thread(const ptb_run *run) {
  return NIL_P(run->thread_id) &&
         (option(run, PTB_SYMBOL("additional_instructions")) != Qundef || option(run, PTB_SYMBOL("reasoning_effort")) != Qundef);
}

static void aim_at_new_run(ptb_streaming *s) {
  ptb_run *run = s->run;
  VALUE parameters = ptb_run_parameters(run, rb_hash_new()), messages = messages_of(run);
  rb_hash_delete(parameters, PTB_SYMBOL("additional_messages"));
  if (ptb_streaming_needs_thread(run)) ptb_run_create_thread(run);
  if (NIL_P(run->thread_id)) {
    VALUE thread = rb_hash_new();
    ptb_set(thread, "messages", messages);
    ptb_set(parameters, "thread", thread);
    s->path = rb_utf8_str_new_cstr("/threads/runs");
  } else {
    ptb_set(parameters, "additional_messages", messages);
    s->path = rb_sprintf("/threads/%" PRIsVALUE "/runs", run->thread_id);
  }
  ptb_set(parameters, "stream", Qtrue);
  s->body = ptb_json_generate(parameters);
}

void ptb_streaming_aim(ptb_streaming *s, ptb_run *run, VALUE transport) {
  *s = (ptb_streaming){.run = run, .transport = transport, .headers = beta_headers, .path = Qnil, .body = Qnil,
                       .begun = Qnil, .refusal = Qnil, .live = run->block || run->cancels};
  ptb_deltas_init(&s->deltas, run->shown);
  aim_at_new_run(s);
}

static VALUE begin(VALUE arg) {
  ptb_streaming *s = (ptb_streaming *)arg;
  ptb_call call = request_of(s);
  return s->begun = ptb_transport_begin(s->transport, &call, s->run->item);
}

void ptb_streaming_begin(ptb_streaming *s) {
  rb_rescue2(begin, (VALUE)s, stream_failed, (VALUE)s, ptb_eError, (VALUE)0);
}

VALUE ptb_streaming_finish(ptb_streaming *s) {
  ptb_run *run = s->run;
  follow(s);
  while (requires_action(run)) {
    aim_at_tool_outputs(s);
    follow(s);
  }
  if (!ptb_run_settle(run, nothing_to_answer)) go_on_polling(run);
  return ptb_run_result(run);
}

VALUE ptb_run_streamed(ptb_run *run, VALUE transport) {
  ptb_streaming s;
  ptb_streaming_aim(&s, run, transport);
  return ptb_streaming_finish(&s);
}

void ptb_init_run_stream(void) {
  beta_headers = rb_hash_new();
  rb_gc_register_mark_object(beta_headers); /* first of all: what is static keeps nothing alive */
  ptb_put(beta_headers, "OpenAI-Beta", rb_utf8_str_new_cstr("assistants=v2"));
  rb_obj_freeze(beta_headers);
}
