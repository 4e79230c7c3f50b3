#include "responding.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "errors.h"
#include "intercept.h"
#include "item.h"
#include "json.h"
#include "prompt.h"
#include "response_shape.h"
#include "settings.h"

/* A run as one POST /responses, made from the assistant's definition. A response is never created twice: where
 * its stream breaks it is taken up again, if it runs in the background, or looked up once. */

static VALUE body_of(const ptb_responding *s) {
  VALUE body = rb_hash_dup(s->parameters);
  ptb_set(body, "input", s->input);
  if (s->streamed) ptb_set(body, "stream", Qtrue);
  ptb_set(body, "store", s->store ? Qtrue : Qfalse);
  if (s->background) ptb_set(body, "background", Qtrue);
  if (!NIL_P(s->conversation)) ptb_set(body, "conversation", s->conversation);
  else if (!NIL_P(s->previous) && s->store) ptb_set(body, "previous_response_id", s->previous);
  return ptb_json_generate(body);
}

static VALUE response_path(const ptb_responding *s, const char *more) {
  return rb_sprintf("/responses/%" PRIsVALUE "%s", s->response_id, more);
}

static bool is_locked(VALUE error) { return ptb_is(rb_attr_get(error, rb_intern("@code")), "conversation_locked"); }

/* ---- steps; each raises Native::Error ---- */

static void create_conversation(ptb_run *run) {
  ptb_call call = {.method = PTN_POST, .path = rb_utf8_str_new_cstr("/conversations"), .body = rb_utf8_str_new_cstr("{}"),
                   .headers = Qnil, .deadline = run->deadline};
  VALUE transport = rb_funcall(run->client, rb_intern("transport"), 0);
  VALUE flight = ptb_transport_perform(transport, &call), error = ptb_transport_error(transport, flight);
  if (!NIL_P(error)) rb_exc_raise(error);
  ptb_flight *f = ptb_flight_get(flight);
  VALUE answer = ptb_json_parse(f->inbox.data, f->inbox.len), id = ptb_dig(answer, "id");
  RB_GC_GUARD(flight);
  if (!ptb_is_server_id(id)) rb_raise(ptb_eAnswer, "the server's answer has no id for the conversation");
  run->thread_id = id;
}

static ptb_call creation_of(ptb_responding *s) {
  if (NIL_P(s->body)) s->body = body_of(s);
  return ptb_response_call(s, PTN_POST, rb_utf8_str_new_cstr("/responses"), s->body);
}

/* Creates the response. A conversation that another call is using says so, before anything is made: wait. */
static VALUE create(ptb_responding *s) {
  const double least = 0.05;
  s->response = s->response_id = Qnil;
  s->last_sequence = -1;
  memset(s->seen, 0xff, sizeof(s->seen));
  for (double wait = 0;;) {
    VALUE error = ptb_response_exchange(s, creation_of(s));
    if (NIL_P(error) || !is_locked(error)) return error;
    ptb_waits waits = ptb_run_waits();
    wait = fmax(wait > 0 ? fmin(wait * 1.5, waits.longest) : waits.first, least);
    if (ptn_now() + wait >= s->run->deadline) return error;
    ptb_pause(s->run->service, wait);
  }
}

static VALUE look_up(ptb_responding *s) {
  bool streamed = s->streamed;
  s->streamed = false;
  VALUE error = ptb_response_exchange(s, ptb_response_call(s, PTN_GET, response_path(s, ""), Qnil));
  s->streamed = streamed;
  return error;
}

/* Follows a background response from where its stream broke, as long as that gets further. */
static void take_up_again(ptb_responding *s) {
  long long before;
  do {
    before = s->last_sequence;
    VALUE query = rb_sprintf("?stream=true&starting_after=%lld", before < 0 ? 0 : before);
    VALUE error = ptb_response_exchange(s, ptb_response_call(s, PTN_GET, response_path(s, StringValueCStr(query)), Qnil));
    if (!NIL_P(error) && RTEST(rb_obj_is_kind_of(error, ptb_eHTTP))) return;
    RB_GC_GUARD(query);
  } while (!ptb_response_is_over(s) && s->last_sequence > before && ptn_now() < s->run->deadline);
}

static void poll(ptb_responding *s) {
  ptb_waits waits = ptb_run_waits();
  double wait = waits.first;
  while (!ptb_response_is_over(s)) {
    double left = s->run->deadline - ptn_now();
    if (left <= 0) ptb_run_time_out(s->run);
    ptb_pause(s->run->service, fmin(wait, left));
    if (ptn_now() >= s->run->deadline) ptb_run_time_out(s->run);
    VALUE error = look_up(s);
    if (!NIL_P(error)) rb_exc_raise(error);
    wait = fmin(wait * 1.5, waits.longest);
  }
}

/* The stream of a foreground response broke: OpenAI has ended it then, but it may have been over already. */
static void look_up_once(ptb_responding *s, VALUE error) {
  look_up(s);
  if (ptb_response_is_over(s)) return;
  VALUE message = rb_sprintf("the stream of %" PRIsVALUE " ended before its answer was whole, and the server has no more of it",
                             s->response_id);
  if (NIL_P(error)) rb_raise(ptb_eAnswer, "%" PRIsVALUE, message);
  message = rb_sprintf("%" PRIsVALUE " (%" PRIsVALUE ")", message, rb_obj_as_string(error));
  ptb_error_raise(ptb_error_wrap(rb_obj_class(error), message, error), error);
}

static void follow(ptb_responding *s) {
  VALUE error = create(s);
  if (ptb_response_is_over(s)) return;
  bool late = ptn_now() >= s->run->deadline || ptb_run_is_late(s->run, error);
  if (NIL_P(s->response_id) || late || !NIL_P(s->refusal)) {
    if (!NIL_P(error)) rb_exc_raise(error);
    if (NIL_P(s->response_id)) rb_raise(ptb_eAnswer, "the server's stream ended before it named a response; one may have been started");
    ptb_run_time_out(s->run);
  }
  if (s->background || (NIL_P(error) && !s->streamed) || ptb_response_has_status(s, "queued")) {
    if (s->streamed && s->background) take_up_again(s);
    poll(s);
  } else {
    look_up_once(s, error);
  }
}

static VALUE try_follow(VALUE arg) {
  follow((ptb_responding *)arg);
  return Qnil;
}

static VALUE follow_failed(VALUE arg, VALUE error) {
  ptb_run *run = ((ptb_responding *)arg)->run;
  if (ptb_run_is_late(run, error)) ptb_run_time_out(run);
  ptb_run_fail_because(run, NIL_P(run->run_id) ? "Failed to run assistant" : "Error waiting for completion", error);
}

/* ---- the run ---- */

static VALUE thread_of(const ptb_responding *s) {
  if (!NIL_P(s->conversation)) return s->conversation;
  return s->store && !NIL_P(s->response_id) ? rb_str_dup(s->response_id) : Qnil;
}

/* What all responses of a call took, as a run that waited for tool outputs reported it. */
static VALUE total_usage(VALUE before, VALUE last) {
  static const char *const counts[] = {"prompt_tokens", "completion_tokens", "total_tokens"};
  VALUE total = rb_hash_new();
  for (int i = 0; i < 3; i++) {
    VALUE name = rb_utf8_str_new_cstr(counts[i]), a = ptb_dig_key(before, name), b = ptb_dig_key(last, name);
    VALUE sum = !RB_INTEGER_TYPE_P(a) ? b : !RB_INTEGER_TYPE_P(b) ? a : rb_funcall(a, '+', 1, b);
    rb_hash_aset(total, name, sum);
  }
  return total;
}

/* Shows the response as a run and its message. */
static void show(ptb_responding *s) {
  ptb_run *run = s->run;
  run->thread_id = thread_of(s);
  ptb_response r = {s->response, run->assistant_id, run->thread_id, s->assistant};
  run->run = ptb_response_run(&r);
  run->message = ptb_response_message(&r);
  if (!NIL_P(s->spent)) ptb_put(run->run, "usage", total_usage(s->spent, ptb_dig(run->run, "usage")));
  run->error_code = ptb_dig(ptb_dig(s->response, "error"), "code");
}

static void nothing_to_answer(ptb_run *run) { (void)run; }

static void go_on(ptb_responding *s) {
  rb_rescue2(try_follow, (VALUE)s, follow_failed, (VALUE)s, ptb_eError, ptb_mIntercepted, (VALUE)0);
  show(s);
}

static void place(ptb_responding *s) {
  ptb_run *run = s->run;
  if (run->thread_id == PTB_SYMBOL("new")) {
    run->thread_id = Qnil;
    ptb_run_step(run, "Failed to create thread", create_conversation);
  }
  if (ptb_begins_with(run->thread_id, "thread_")) {
    ptb_run_fail(run, "Failed to run assistant: %" PRIsVALUE " is a thread of the Assistants API, and OpenAI did not carry threads "
                 "over to the Responses API: go on without thread_id, or make a conversation of the messages that you kept "
                 "with OpenaiAssistantService.import_thread(messages) and give its id", run->thread_id);
  }
  if (ptb_begins_with(run->thread_id, "resp_")) s->previous = run->thread_id;
  else s->conversation = run->thread_id;
  if (!NIL_P(s->previous) && !s->store) {
    ptb_run_fail(run, "Failed to run assistant: store is false, so no response can be gone on from: use Native::Conversation, "
                 "which keeps the history on this side");
  }
}

/* The prompt, and after it the further messages that the caller gave. */
static VALUE input_of(VALUE prompt, VALUE more) {
  if (RB_TYPE_P(prompt, T_STRING) && NIL_P(more)) return prompt;
  VALUE items = rb_funcall(rb_const_get(ptb_mNative, rb_intern("Mapping")), rb_intern("input"), 1, prompt);
  return NIL_P(more) ? items : rb_ary_plus(items, more);
}

static VALUE parameters_of(const ptb_run *run) {
  if (RHASH_SIZE(run->options) == 0) return rb_funcall(run->definition, rb_intern("request"), 0);
  return rb_funcall(run->definition, rb_intern("request_with"), 1, run->options);
}

static void init(ptb_responding *s, ptb_run *run, VALUE transport, bool streamed) {
  *s = (ptb_responding){
      .run = run, .transport = transport, .parameters = Qnil, .assistant = Qnil, .input = Qnil, .conversation = Qnil,
      .previous = Qnil, .body = Qnil, .begun = Qnil, .store = RTEST(ptb_setting("store")), .background = RTEST(ptb_setting("background")), .streamed = streamed,
      .live = run->block || run->cancels,
      .spent = Qnil, .response = Qnil, .response_id = Qnil, .refusal = Qnil, .refusal_code = Qnil,
  };
  if (!NIL_P(run->definition)) s->assistant = rb_funcall(run->definition, rb_intern("shown_in_runs"), 0);
  run->background = s->background;
  run->whole = run->on_responses = true;
  ptb_deltas_init(&s->deltas, run->shown);
}

/* From a response that is there to the result: outputs of tools are further responses. */
static VALUE finish(ptb_responding *s) {
  ptb_run *run = s->run;
  for (; ptb_is(ptb_dig(run->run, "status"), "requires_action"); go_on(s)) ptb_response_aim_at_outputs(s);
  ptb_run_settle(run, nothing_to_answer);
  VALUE result = ptb_run_result(run);
  ptb_set(rb_hash_aref(result, PTB_SYMBOL("raw")), "response", s->response);
  return result;
}

void ptb_responding_aim(ptb_responding *s, ptb_run *run, VALUE transport, bool streamed) {
  init(s, run, transport, streamed);
  s->parameters = parameters_of(run);
  s->input = input_of(run->prompt, rb_hash_aref(s->parameters, PTB_SYMBOL("input")));
  place(s);
}

static VALUE begin(VALUE arg) {
  ptb_responding *s = (ptb_responding *)arg;
  ptb_response_begin(s, creation_of(s));
  return Qnil;
}

void ptb_responding_begin(ptb_responding *s) {
  rb_rescue2(begin, (VALUE)s, follow_failed, (VALUE)s, ptb_eError, (VALUE)0);
}

VALUE ptb_responding_finish(ptb_responding *s) {
  go_on(s);
  return finish(s);
}

VALUE ptb_run_responses(ptb_run *run, VALUE transport, bool streamed) {
  ptb_responding s;
  ptb_responding_aim(&s, run, transport, streamed);
  return ptb_responding_finish(&s);
}

/* ---- a response that another process began ---- */

/* What a response says of the request that made it is what one that goes on from it is made of. */
static VALUE parameters_from(VALUE response) {
  static const char *const names[] = {"model", "instructions", "tools", "tool_choice", "temperature", "top_p", "text",
                                      "max_output_tokens", "parallel_tool_calls", "truncation", "metadata", "reasoning"};
  VALUE parameters = rb_hash_new();
  for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
    VALUE value = ptb_dig_key(response, rb_utf8_str_new_cstr(names[i]));
    if (!NIL_P(value)) rb_hash_aset(parameters, ID2SYM(rb_intern(names[i])), value);
  }
  return parameters;
}

/* A response knows of no assistant, unless whoever made it put that into its metadata. */
static VALUE named_by(VALUE response) {
  VALUE assistant_id = ptb_dig(ptb_dig(response, "metadata"), "assistant_id");
  return rb_str_dup(rb_obj_as_string(RB_TYPE_P(assistant_id, T_STRING) ? assistant_id : ptb_dig(response, "model")));
}

static VALUE find_response(VALUE arg) {
  ptb_responding *s = (ptb_responding *)arg;
  VALUE error = look_up(s);
  if (!NIL_P(error)) rb_exc_raise(error);
  s->background = s->run->background = ptb_dig(s->response, "background") == Qtrue;
  poll(s);
  return Qnil;
}

VALUE ptb_run_resume_response(ptb_run *run, VALUE transport, bool streamed) {
  ptb_responding s;
  init(&s, run, transport, streamed);
  s.store = true; /* or it could not be found */
  s.response_id = run->run_id;
  rb_rescue2(find_response, (VALUE)&s, follow_failed, (VALUE)&s, ptb_eError, ptb_mIntercepted, (VALUE)0);
  s.conversation = ptb_dig(ptb_dig(s.response, "conversation"), "id");
  s.parameters = parameters_from(s.response);
  if (NIL_P(run->assistant_id)) run->assistant_id = named_by(s.response);
  show(&s);
  return finish(&s);
}
