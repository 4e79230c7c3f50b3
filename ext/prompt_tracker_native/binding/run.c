#include "run.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "errors.h"
#include "intercept.h"
#include "item.h"
#include "json.h"
#include "result.h"
#include "settings.h"
#include "transport.h"
#include "utf8.h"

VALUE ptb_eAssistant;

static ID id_call, id_transport, id_client;

/* ---- errors ---- */

static void set_ids(VALUE error, ptb_run *run) {
  run->ended = true;
  ptb_error_set(error, "thread_id", run->thread_id);
  ptb_error_set(error, "run_id", run->run_id);
}

/* An answer that is quoted may quote the key. */
static VALUE without_secrets(const ptb_run *run, VALUE text) {
  text = ptb_text_shown(rb_obj_as_string(text));
  return ptb_client_is_ours(run->client) ? ptb_transport_redact(rb_funcall(run->client, id_transport, 0), text) : text;
}

void ptb_run_fail(ptb_run *run, const char *format, ...) {
  va_list args;
  va_start(args, format);
  VALUE error = rb_exc_new_str(ptb_eAssistant, without_secrets(run, rb_vsprintf(format, args)));
  va_end(args);
  set_ids(error, run);
  rb_exc_raise(error);
}

/* Where the server knows no such assistant, or no assistants at all, says what happened and what to do. */
static VALUE advice(const ptb_run *run, VALUE cause) {
  VALUE status = rb_attr_get(cause, rb_intern("@status"));
  if (run->on_responses || !NIL_P(run->run_id) || (status != INT2FIX(404) && status != INT2FIX(410))) return Qnil;
  if (!ptb_client_is_ours(run->client)) return Qnil;
  return rb_funcall(rb_const_get(ptb_mNative, rb_intern("Shutdown")), rb_intern("advice"), 2, run->assistant_id,
                    rb_funcall(run->client, rb_intern("uri_base"), 0));
}

/* An error that quotes an answer is shown with the one it causes: the same without secrets. */
static VALUE cause_without_secrets(const ptb_run *run, VALUE cause) {
  if (!ptb_client_is_ours(run->client) || !RTEST(rb_obj_is_kind_of(cause, ptb_eError))) return cause;
  VALUE message = rb_obj_as_string(cause), clean = without_secrets(run, message), body = rb_attr_get(cause, rb_intern("@body"));
  VALUE clean_body = RB_TYPE_P(body, T_STRING) ? without_secrets(run, body) : Qnil;
  if (RTEST(rb_str_equal(message, clean)) && (NIL_P(clean_body) || RTEST(rb_str_equal(body, clean_body)))) return cause;
  VALUE copy = ptb_error_wrap(rb_obj_class(cause), clean, cause);
  ptb_error_set(copy, "body", clean_body);
  rb_funcall(copy, rb_intern("set_backtrace"), 1, rb_funcall(cause, rb_intern("backtrace"), 0));
  return copy;
}

void ptb_run_fail_because(ptb_run *run, const char *prefix, VALUE cause) {
  cause = cause_without_secrets(run, cause);
  VALUE message = without_secrets(run, rb_funcall(cause, rb_intern("message"), 0)), more = advice(run, cause);
  if (!NIL_P(more)) message = rb_sprintf("%" PRIsVALUE ". %" PRIsVALUE, message, more);
  VALUE error = ptb_error_wrap(ptb_eAssistant, rb_sprintf("%s: %" PRIsVALUE, prefix, message), cause);
  set_ids(error, run);
  ptb_error_raise(error, cause);
}

bool ptb_run_is_late(const ptb_run *run, VALUE error) {
  if (!RTEST(rb_obj_is_kind_of(error, ptb_eTimeout))) return false;
  return ptn_now() >= run->deadline || ptb_intercept_overdue(error);
}

void ptb_run_time_out(ptb_run *run) {
  ptb_run_cancel(run);
  VALUE error = rb_exc_new_str(ptb_eAssistant, rb_sprintf("Assistant run timed out after %" PRIsVALUE " seconds",
                                                          rb_obj_as_string(run->timeout)));
  set_ids(error, run);
  ptb_error_set_retryable(error, true);
  rb_exc_raise(error);
}

typedef struct {
  ptb_run *run;
  const char *prefix;
  ptb_step step;
} stepping;

static VALUE take_step(VALUE arg) {
  stepping *s = (stepping *)arg;
  s->step(s->run);
  return Qnil;
}

static bool is_a(VALUE error, VALUE klass) { return RTEST(rb_obj_is_kind_of(error, klass)); }

/* What this gem's own client does not raise came into the call from elsewhere: Thread#raise, or a Timeout.timeout with
 * a class of its own. Of a stand-in that can't be known. */
static bool comes_from_outside(const ptb_run *run, VALUE error) {
  return ptb_client_is_ours(run->client) && !is_a(error, ptb_eError) && !is_a(error, rb_eArgError) &&
         !is_a(error, rb_eSystemCallError) && !is_a(error, ptb_mIntercepted);
}

static VALUE step_failed(VALUE arg, VALUE error) {
  stepping *s = (stepping *)arg;
  if (is_a(error, ptb_eAssistant) || comes_from_outside(s->run, error)) rb_exc_raise(error);
  if (ptb_run_is_late(s->run, error)) ptb_run_time_out(s->run);
  ptb_run_fail_because(s->run, s->prefix, error);
}

void ptb_run_step(ptb_run *run, const char *prefix, ptb_step step) {
  stepping s = {run, prefix, step};
  rb_rescue2(take_step, (VALUE)&s, step_failed, (VALUE)&s, rb_eStandardError, (VALUE)0);
}

/* ---- what is sent ---- */

/* True for PromptTracker::Native::Client, false for a stand-in and for one of ours that a spec has stubbed (it
 * then has a singleton class). */
bool ptb_client_is_ours(VALUE client) {
  return RTEST(rb_obj_is_kind_of(client, rb_const_get(ptb_mNative, id_client))) && CLASS_OF(client) == rb_obj_class(client);
}

VALUE ptb_run_user_message(const ptb_run *run) {
  VALUE message = rb_hash_new();
  ptb_set(message, "role", rb_utf8_str_new_cstr("user"));
  ptb_set(message, "content", run->prompt);
  return message;
}

VALUE ptb_run_parameters(const ptb_run *run, VALUE own) {
  ptb_set(own, "assistant_id", run->assistant_id);
  return rb_funcall(own, rb_intern("update"), 1, run->options);
}

static VALUE cancel_path(const ptb_run *run) {
  if (NIL_P(run->run_id)) return Qnil;
  if (run->on_responses) {
    return run->background ? rb_sprintf("/responses/%" PRIsVALUE "/cancel", run->run_id) : Qnil;
  }
  if (NIL_P(run->thread_id)) return Qnil;
  return rb_sprintf("/threads/%" PRIsVALUE "/runs/%" PRIsVALUE "/cancel", run->thread_id, run->run_id);
}

static VALUE fire_cancel(VALUE arg) {
  const ptb_run *run = (const ptb_run *)arg;
  VALUE path = cancel_path(run), headers = rb_hash_new();
  if (NIL_P(path) || !ptb_client_is_ours(run->client)) return Qnil;
  if (!run->on_responses) {
    ptb_put(headers, "OpenAI-Beta", rb_utf8_str_new_cstr("assistants=v2"));
  }
  ptb_call call = {.method = PTN_POST, .body = Qnil, .headers = headers, .path = path};
  ptb_transport_fire(rb_funcall(run->client, id_transport, 0), &call);
  RB_GC_GUARD(headers);
  return Qnil;
}

/* A call that is being left is not left for another reason because of this. */
void ptb_run_cancel(const ptb_run *run) {
  int failed;
  rb_protect(fire_cancel, (VALUE)run, &failed);
  if (failed) rb_set_errinfo(Qnil);
}

/* ---- tools ---- */

static VALUE handler_for(ptb_run *run, VALUE name) {
  VALUE handler = rb_hash_lookup2(run->tools, name, Qnil);
  if (NIL_P(handler)) handler = rb_hash_lookup2(run->tools, rb_to_symbol(name), Qnil);
  if (NIL_P(handler)) {
    ptb_run_fail(run, "Assistant requires action: no handler was given for its tool %" PRIsVALUE, rb_inspect(name));
  }
  return handler;
}

typedef struct {
  ptb_run *run;
  VALUE name, handler, arguments;
} tool_call;

static VALUE call_handler(VALUE arg) {
  tool_call *c = (tool_call *)arg;
  VALUE output = rb_funcall(c->handler, id_call, 1, c->arguments);
  return RB_TYPE_P(output, T_STRING) ? output : ptb_json_generate(output);
}

static VALUE call_handler_at_home(VALUE arg) { return ptb_at_home(call_handler, arg); }

static VALUE handler_failed(VALUE arg, VALUE error) {
  tool_call *c = (tool_call *)arg;
  VALUE prefix = rb_sprintf("Error waiting for completion: the handler of the tool %" PRIsVALUE " failed", rb_inspect(c->name));
  ptb_run_fail_because(c->run, StringValueCStr(prefix), error);
}

static VALUE tool_output(ptb_run *run, VALUE function) {
  VALUE name = ptb_dig(function, "name"), arguments = ptb_dig(function, "arguments"), parsed = Qnil;
  if (!RB_TYPE_P(name, T_STRING)) ptb_run_fail(run, "Assistant requires action: a tool call without a name");
  if (RB_TYPE_P(arguments, T_STRING) && RSTRING_LEN(arguments) > 0) {
    parsed = ptb_json_try(RSTRING_PTR(arguments), (size_t)RSTRING_LEN(arguments));
  }
  if (parsed == Qundef) {
    ptb_run_fail(run, "Assistant requires action: the arguments of its tool %" PRIsVALUE " are not JSON", rb_inspect(name));
  }
  tool_call c = {run, name, handler_for(run, name), NIL_P(parsed) ? rb_hash_new() : parsed};
  return rb_rescue2(call_handler_at_home, (VALUE)&c, handler_failed, (VALUE)&c, rb_eStandardError, (VALUE)0);
}

VALUE ptb_run_tool_outputs(ptb_run *run) {
  VALUE calls = ptb_dig(ptb_dig(ptb_dig(run->run, "required_action"), "submit_tool_outputs"), "tool_calls");
  if (NIL_P(run->tools)) ptb_run_fail(run, "Assistant requires action (tool calls not yet supported)");
  if (!RB_TYPE_P(calls, T_ARRAY) || RARRAY_LEN(calls) == 0) {
    ptb_run_fail(run, "Assistant requires action: the run does not say which");
  }
  VALUE outputs = rb_ary_new();
  for (long i = 0; i < RARRAY_LEN(calls); i++) {
    VALUE call = rb_ary_entry(calls, i), output = rb_hash_new();
    ptb_set(output, "tool_call_id", ptb_dig(call, "id"));
    ptb_set(output, "output", tool_output(run, ptb_dig(call, "function")));
    rb_ary_push(outputs, output);
  }
  VALUE parameters = rb_hash_new();
  ptb_set(parameters, "tool_outputs", outputs);
  return parameters;
}

/* ---- how it ended ---- */

NORETURN(static void fail_with_last_error(ptb_run *run));
static void fail_with_last_error(ptb_run *run) {
  VALUE last = ptb_dig(run->run, "last_error"), message = RB_TYPE_P(last, T_STRING) ? last : ptb_dig(last, "message");
  VALUE code = NIL_P(run->error_code) ? ptb_dig(last, "code") : run->error_code;
  if (NIL_P(message)) message = ptb_error_fields_of(run->run, Qnil).message;
  if (NIL_P(message)) message = rb_utf8_str_new_cstr("Unknown error");
  VALUE error = rb_exc_new_str(ptb_eAssistant, rb_sprintf("Assistant run failed: %" PRIsVALUE, without_secrets(run, message)));
  set_ids(error, run);
  ptb_error_set(error, "code", RB_TYPE_P(code, T_STRING) ? without_secrets(run, code) : code);
  bool again = ptb_is(code, "rate_limit_exceeded") || ptb_is(code, "server_error");
  ptb_error_set_retryable(error, again);
  rb_exc_raise(error);
}

static void complete_message(ptb_run *run) {
  if (!run->whole) ptb_run_fetch_message(run);
}

static void settle_incomplete(ptb_run *run) {
  complete_message(run);
  if (!NIL_P(run->message) && !NIL_P(ptb_message_text(run->message))) return;
  VALUE reason = ptb_dig(ptb_dig(run->run, "incomplete_details"), "reason");
  ptb_run_fail(run, "Assistant run incomplete: %" PRIsVALUE, RB_TYPE_P(reason, T_STRING) ? ptb_text_shown(reason) : rb_utf8_str_new_cstr("unknown reason"));
}

static void settle_completed(ptb_run *run) {
  complete_message(run);
  if (NIL_P(run->message)) ptb_run_fail(run, "Failed to retrieve response: no assistant message");
}

bool ptb_run_settle(ptb_run *run, ptb_step answer_tools) {
  VALUE status = ptb_dig(run->run, "status");
  if (ptb_is(status, "requires_action")) {
    answer_tools(run);
    return false;
  }
  bool completed = ptb_is(status, "completed"), incomplete = ptb_is(status, "incomplete");
  run->ended = completed || incomplete;
  if (completed) settle_completed(run);
  else if (incomplete) settle_incomplete(run);
  else if (ptb_is(status, "failed")) fail_with_last_error(run);
  else if (ptb_is(status, "cancelled")) ptb_run_fail(run, "Assistant run was cancelled");
  else if (ptb_is(status, "expired")) ptb_run_fail(run, "Assistant run expired");
  return completed || incomplete;
}

ptb_waits ptb_run_waits(void) {
  double first = NUM2DBL(ptb_setting("poll_interval")), longest = NUM2DBL(ptb_setting("max_poll_interval"));
  return (ptb_waits){first, fmax(first, longest)};
}

VALUE ptb_run_result(const ptb_run *run) {
  return ptb_result_new(ptb_message_text(run->message), ptb_usage(run->run), NIL_P(run->assistant_id) ? Qnil : rb_str_dup(run->assistant_id),
                        ptb_result_raw(run->thread_id, run->run_id, run->message, run->run));
}

void ptb_init_run(void) {
  id_call = rb_intern("call");
  id_transport = rb_intern("transport");
  id_client = rb_intern("Client");
}
