#include <math.h>
#include <string.h>

#include "clock.h"
#include "deltas.h"
#include "errors.h"
#include "intercept.h"
#include "item.h"
#include "json.h"
#include "prompt.h"
#include "response_shape.h"
#include "result.h"
#include "run.h"
#include "transport.h"
#include "utf8.h"

/* A run as one POST /responses, made from the assistant's definition. A response is never created twice: where
 * its stream breaks it is taken up again, if it runs in the background, or looked up once. */

enum { REMEMBERED = 64 };

typedef struct {
  ptb_run *run;
  VALUE transport;
  VALUE parameters;   /* from the definition and the call; Hash, never changed */
  VALUE assistant;    /* the definition as an Assistants object */
  VALUE input;        /* String or Array */
  VALUE conversation; /* "conv_…" or nil */
  VALUE previous;     /* the response to go on from, or nil */
  bool store, background, streamed, live;
  VALUE spent;        /* usage of the responses before this one, as a run has it, or nil */
  VALUE response;     /* the newest state of the response, or nil */
  VALUE response_id;  /* of the response that is under way, or nil */
  VALUE refusal, refusal_code;
  ptb_deltas deltas;
  long long last_sequence;
  long long seen[REMEMBERED]; /* the last sequence numbers, in a ring */
  int seen_at;
} responding;

static void set(VALUE hash, const char *key, VALUE value) { rb_hash_aset(hash, ID2SYM(rb_intern(key)), value); }

static bool begins_with(VALUE text, const char *prefix) {
  return RB_TYPE_P(text, T_STRING) && (size_t)RSTRING_LEN(text) >= strlen(prefix) &&
         memcmp(RSTRING_PTR(text), prefix, strlen(prefix)) == 0;
}

static bool has_status(const responding *s, const char *status) { return ptb_is(ptb_dig(s->response, "status"), status); }

static bool is_over(const responding *s) {
  return has_status(s, "completed") || has_status(s, "failed") || has_status(s, "incomplete") || has_status(s, "cancelled");
}

/* ---- events ---- */

static void keep_response(responding *s, VALUE response) {
  VALUE id = ptb_dig(response, "id");
  if (!RB_TYPE_P(response, T_HASH)) return;
  s->response = response;
  if (ptb_is_server_id(id)) s->response_id = s->run->run_id = id;
}

/* False for an event that has come before: a server, or a stream taken up again, may repeat some. */
static bool is_new(responding *s, VALUE event) {
  VALUE number = ptb_dig(event, "sequence_number");
  if (!FIXNUM_P(number)) return true; /* a larger one is no count of events */
  long long sequence = NUM2LL(number);
  for (int i = 0; i < REMEMBERED; i++) {
    if (s->seen[i] == sequence) return false;
  }
  s->seen[s->seen_at++ % REMEMBERED] = sequence;
  if (sequence > s->last_sequence) s->last_sequence = sequence;
  return true;
}

static bool carries_response(ptn_kind kind) { return kind >= PTN_KIND_RESPONSE_CREATED && kind <= PTN_KIND_RESPONSE_CANCELLED; }

static bool is_delta(ptn_kind kind) { return kind == PTN_KIND_RESPONSE_TEXT_DELTA || kind == PTN_KIND_RESPONSE_REFUSAL_DELTA; }

/* What an error event says, which some servers send as plain text. */
static void on_error(responding *s, const ptn_record *r) {
  VALUE event = ptb_json_try(r->data, r->data_len);
  ptb_error_fields fields = ptb_error_fields_of(event == Qundef ? Qnil : event, ptb_text_join(ptb_text_new(r->data, r->data_len)));
  s->refusal = NIL_P(fields.message) ? rb_utf8_str_new_cstr("the server gave no reason") : fields.message;
  s->refusal_code = fields.code;
}

static void on_delta(responding *s, VALUE event) {
  VALUE text = ptb_dig(event, "delta");
  if (!s->run->block || !RB_TYPE_P(text, T_STRING)) return;
  ptb_deltas_yield(&s->deltas, rb_assoc_new(ptb_dig(event, "item_id"), ptb_dig(event, "content_index")), text);
}

static void on_event(void *arg, const ptn_record *r) {
  responding *s = arg;
  if (r->kind == PTN_KIND_DONE) return;
  if (is_delta(r->kind)) {
    VALUE event = ptb_json_try_raw(r->data, r->data_len);
    if (event != Qundef && is_new(s, event)) on_delta(s, event);
  } else if (carries_response(r->kind)) {
    VALUE event = ptb_json_try(r->data, r->data_len), response = event == Qundef ? Qnil : ptb_dig(event, "response");
    if (event != Qundef && is_new(s, event) && !(is_over(s) && NIL_P(s->refusal))) {
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
static void read_all(responding *s, const ptn_buffer *records) {
  ptn_record r, head = {.data = NULL}, end = {.data = NULL};
  for (size_t pos = 0; ptn_record_next(records, &pos, &r);) {
    if (carries_response(r.kind)) head = r;
    if ((carries_response(r.kind) && ptn_kind_ends_stream(r.kind)) || r.kind == PTN_KIND_ERROR) end = r;
  }
  if (end.data) {
    if (head.data && end.kind == PTN_KIND_ERROR) on_event(s, &head);
    on_event(s, &end);
    if (is_over(s) || !NIL_P(s->refusal)) return; /* else it is damaged, and an earlier one says which response it is */
  }
  for (size_t pos = 0; ptn_record_next(records, &pos, &r);) on_event(s, &r);
}

static void read_json(responding *s, const ptb_flight *f) {
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

static ptb_call call_of(const responding *s, ptn_method method, VALUE path, VALUE body) {
  return (ptb_call){.method = method, .path = path, .body = body, .headers = Qnil,
                    .deadline = s->run->deadline, .assistant_id = s->run->assistant_id};
}

static VALUE refusal_error(responding *s) {
  VALUE error = rb_exc_new_str(ptb_eAnswer, ptb_transport_redact(s->transport, s->refusal));
  VALUE code = s->refusal_code;
  ptb_error_set(error, "code", RB_TYPE_P(code, T_STRING) ? ptb_transport_redact(s->transport, code) : code);
  return error;
}

/* Sends a request whose answer is a response, streamed or not, and reads it. Returns what went wrong, or nil. */
static VALUE exchange(responding *s, ptb_call call) {
  call.stream = s->streamed;
  call.sink = s->streamed && s->live ? on_event : NULL;
  call.arg = s;
  s->refusal = s->refusal_code = Qnil;
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

static VALUE body_of(const responding *s) {
  VALUE body = rb_hash_dup(s->parameters);
  set(body, "input", s->input);
  if (s->streamed) set(body, "stream", Qtrue);
  set(body, "store", s->store ? Qtrue : Qfalse);
  if (s->background) set(body, "background", Qtrue);
  if (!NIL_P(s->conversation)) set(body, "conversation", s->conversation);
  else if (!NIL_P(s->previous) && s->store) set(body, "previous_response_id", s->previous);
  return ptb_json_generate(body);
}

static VALUE response_path(const responding *s, const char *more) {
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

/* Creates the response. A conversation that another call is using says so, before anything is made: wait. */
static VALUE create(responding *s) {
  double wait = fmax(s->run->poll_interval, 0.05);
  s->response = s->response_id = Qnil;
  s->last_sequence = -1;
  memset(s->seen, 0xff, sizeof(s->seen));
  for (;;) {
    VALUE error = exchange(s, call_of(s, PTN_POST, rb_utf8_str_new_cstr("/responses"), body_of(s)));
    if (NIL_P(error) || !is_locked(error) || ptn_now() + wait >= s->run->deadline) return error;
    ptb_pause(s->run->service, wait);
    wait = fmin(wait * 1.5, fmax(s->run->max_poll_interval, wait));
  }
}

static VALUE look_up(responding *s) {
  bool streamed = s->streamed;
  s->streamed = false;
  VALUE error = exchange(s, call_of(s, PTN_GET, response_path(s, ""), Qnil));
  s->streamed = streamed;
  return error;
}

/* Follows a background response from where its stream broke, as long as that gets further. */
static void take_up_again(responding *s) {
  long long before;
  do {
    before = s->last_sequence;
    VALUE query = rb_sprintf("?stream=true&starting_after=%lld", before < 0 ? 0 : before);
    VALUE error = exchange(s, call_of(s, PTN_GET, response_path(s, StringValueCStr(query)), Qnil));
    if (!NIL_P(error) && RTEST(rb_obj_is_kind_of(error, ptb_eHTTP))) return;
    RB_GC_GUARD(query);
  } while (!is_over(s) && s->last_sequence > before && ptn_now() < s->run->deadline);
}

static void poll(responding *s) {
  double wait = s->run->poll_interval, longest = fmax(wait, s->run->max_poll_interval);
  while (!is_over(s)) {
    double left = s->run->deadline - ptn_now();
    if (left <= 0) ptb_run_time_out(s->run);
    ptb_pause(s->run->service, fmin(wait, left));
    if (ptn_now() >= s->run->deadline) ptb_run_time_out(s->run);
    VALUE error = look_up(s);
    if (!NIL_P(error)) rb_exc_raise(error);
    wait = fmin(wait * 1.5, longest);
  }
}

/* The stream of a foreground response broke: OpenAI has ended it then, but it may have been over already. */
static void look_up_once(responding *s, VALUE error) {
  look_up(s);
  if (is_over(s)) return;
  VALUE message = rb_sprintf("the stream of %" PRIsVALUE " ended before its answer was whole, and the server has no more of it",
                             s->response_id);
  if (NIL_P(error)) rb_raise(ptb_eAnswer, "%" PRIsVALUE, message);
  message = rb_sprintf("%" PRIsVALUE " (%" PRIsVALUE ")", message, rb_obj_as_string(error));
  ptb_error_raise(ptb_error_wrap(rb_obj_class(error), message, error), error);
}

static void follow(responding *s) {
  VALUE error = create(s);
  if (is_over(s)) return;
  bool late = ptn_now() >= s->run->deadline || ptb_run_is_late(s->run, error);
  if (NIL_P(s->response_id) || late || !NIL_P(s->refusal)) {
    if (!NIL_P(error)) rb_exc_raise(error);
    if (NIL_P(s->response_id)) rb_raise(ptb_eAnswer, "the server's stream ended before it named a response; one may have been started");
    ptb_run_time_out(s->run);
  }
  if (s->background || (NIL_P(error) && !s->streamed) || has_status(s, "queued")) {
    if (s->streamed && s->background) take_up_again(s);
    poll(s);
  } else {
    look_up_once(s, error);
  }
}

static VALUE try_follow(VALUE arg) {
  follow((responding *)arg);
  return Qnil;
}

static VALUE follow_failed(VALUE arg, VALUE error) {
  ptb_run *run = ((responding *)arg)->run;
  if (ptb_run_is_late(run, error)) ptb_run_time_out(run);
  ptb_run_fail_because(run, NIL_P(run->run_id) ? "Failed to run assistant" : "Error waiting for completion", error);
}

/* ---- tools ---- */

static VALUE output_item(VALUE call_id, VALUE output) {
  VALUE item = rb_hash_new();
  set(item, "type", rb_utf8_str_new_cstr("function_call_output"));
  set(item, "call_id", call_id);
  set(item, "output", output);
  return item;
}

static VALUE output_items(VALUE outputs) {
  VALUE items = rb_ary_new(), list = rb_hash_aref(outputs, ID2SYM(rb_intern("tool_outputs")));
  for (long i = 0; i < RARRAY_LEN(list); i++) {
    VALUE output = rb_ary_entry(list, i);
    rb_ary_push(items, output_item(rb_hash_aref(output, ID2SYM(rb_intern("tool_call_id"))),
                                   rb_hash_aref(output, ID2SYM(rb_intern("output")))));
  }
  return items;
}

/* A call without an output would block its conversation for good. */
static void decline_calls(responding *s) {
  VALUE calls = ptb_response_tool_calls(s->response), items = rb_ary_new(), body = rb_hash_new();
  if (NIL_P(s->conversation)) return;
  for (long i = 0; i < RARRAY_LEN(calls); i++) {
    rb_ary_push(items, output_item(ptb_dig(rb_ary_entry(calls, i), "id"),
                                   rb_utf8_str_new_cstr("Error: this function is not available.")));
  }
  set(body, "items", items);
  ptb_call call = call_of(s, PTN_POST, rb_sprintf("/conversations/%" PRIsVALUE "/items", s->conversation), ptb_json_generate(body));
  call.deadline = fmin(call.deadline, ptn_now() + 5);
  if (ptn_now() < call.deadline) ptb_transport_perform(s->transport, &call);
}

static VALUE as_items(VALUE input) {
  if (RB_TYPE_P(input, T_ARRAY)) return input;
  VALUE item = rb_hash_new();
  set(item, "role", rb_utf8_str_new_cstr("user"));
  set(item, "content", input);
  return rb_ary_new_from_args(1, item);
}

static VALUE make_outputs(VALUE arg) { return ptb_run_tool_outputs(((responding *)arg)->run); }

/* Only for errors: an interrupt does not wait for the network. */
static VALUE outputs_failed(VALUE arg, VALUE error) {
  decline_calls((responding *)arg);
  rb_exc_raise(error);
}

static bool names_allowed_tools(VALUE choice) {
  VALUE type = ptb_dig(choice, "type");
  if (NIL_P(type)) type = rb_hash_aref(choice, ID2SYM(rb_intern("type")));
  return ptb_is(type, "allowed_tools");
}

/* A choice that names a tool, or asks for any, was for the first response: made again, it would never end. */
static void choose_freely(responding *s) {
  VALUE key = ID2SYM(rb_intern("tool_choice")), choice = rb_hash_aref(s->parameters, key);
  bool forced = ptb_is(choice, "required") || (RB_TYPE_P(choice, T_HASH) && !names_allowed_tools(choice));
  if (!forced) return;
  s->parameters = rb_hash_dup(s->parameters);
  rb_hash_aset(s->parameters, key, rb_utf8_str_new_cstr("auto"));
}

/* Without a store the server remembers nothing: the next request holds all that came before. */
static void aim_at_tool_outputs(responding *s) {
  VALUE outputs = rb_rescue2(make_outputs, (VALUE)s, outputs_failed, (VALUE)s, rb_eStandardError, (VALUE)0);
  VALUE items = output_items(outputs);
  if (!s->store) items = rb_ary_plus(rb_ary_plus(as_items(s->input), ptb_dig(s->response, "output")), items);
  s->input = items;
  s->previous = s->response_id;
  s->spent = ptb_dig(s->run->run, "usage");
  choose_freely(s);
}

/* ---- the run ---- */

static VALUE thread_of(const responding *s) {
  if (!NIL_P(s->conversation)) return s->conversation;
  return s->store && !NIL_P(s->response_id) ? rb_str_dup(s->response_id) : Qnil;
}

/* What all responses of a call took, as a run that waited for tool outputs reported it. */
static VALUE total_usage(VALUE before, VALUE last) {
  static const char *const counts[] = {"prompt_tokens", "completion_tokens", "total_tokens"};
  VALUE total = rb_hash_new();
  for (int i = 0; i < 3; i++) {
    VALUE a = ptb_dig(before, counts[i]), b = ptb_dig(last, counts[i]);
    VALUE sum = !RB_INTEGER_TYPE_P(a) ? b : !RB_INTEGER_TYPE_P(b) ? a : rb_funcall(a, '+', 1, b);
    rb_hash_aset(total, rb_utf8_str_new_cstr(counts[i]), sum);
  }
  return total;
}

/* Shows the response as a run and its message. */
static void show(responding *s) {
  ptb_run *run = s->run;
  run->thread_id = thread_of(s);
  ptb_response r = {s->response, run->assistant_id, run->thread_id, s->assistant};
  run->run = ptb_response_run(&r);
  run->message = ptb_response_message(&r);
  if (!NIL_P(s->spent)) rb_hash_aset(run->run, rb_utf8_str_new_cstr("usage"), total_usage(s->spent, ptb_dig(run->run, "usage")));
  run->error_code = ptb_dig(ptb_dig(s->response, "error"), "code");
}

static void nothing_to_answer(ptb_run *run) { (void)run; }

static void go_on(responding *s) {
  rb_rescue2(try_follow, (VALUE)s, follow_failed, (VALUE)s, ptb_eError, ptb_mIntercepted, (VALUE)0);
  show(s);
}

static void place(responding *s) {
  ptb_run *run = s->run;
  if (run->thread_id == ID2SYM(rb_intern("new"))) {
    run->thread_id = Qnil;
    ptb_run_step(run, "Failed to create thread", create_conversation);
  }
  if (begins_with(run->thread_id, "thread_")) {
    ptb_run_fail(run, "Failed to run assistant: %" PRIsVALUE " is a thread of the Assistants API, and OpenAI did not carry threads "
                 "over to the Responses API: go on without thread_id, or make a conversation of the messages that you kept "
                 "with OpenaiAssistantService.import_thread(messages) and give its id", run->thread_id);
  }
  if (begins_with(run->thread_id, "resp_")) s->previous = run->thread_id;
  else s->conversation = run->thread_id;
  if (!NIL_P(s->previous) && !s->store) {
    ptb_run_fail(run, "Failed to run assistant: store is false, so no response can be gone on from: use Native::Conversation, "
                 "which keeps the history on this side");
  }
}

static VALUE setting(const char *name) { return rb_funcall(rb_funcall(ptb_mNative, rb_intern("configuration"), 0), rb_intern(name), 0); }

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

static void begin(responding *s, ptb_run *run, VALUE transport, bool streamed) {
  *s = (responding){
      .run = run, .transport = transport, .parameters = Qnil, .assistant = Qnil, .input = Qnil, .conversation = Qnil,
      .previous = Qnil, .store = RTEST(setting("store")), .background = RTEST(setting("background")), .streamed = streamed,
      .live = run->block || run->cancels,
      .spent = Qnil, .response = Qnil, .response_id = Qnil, .refusal = Qnil, .refusal_code = Qnil,
  };
  if (!NIL_P(run->definition)) s->assistant = rb_funcall(run->definition, rb_intern("to_h"), 0);
  run->background = s->background;
  run->whole = run->on_responses = true;
  ptb_deltas_init(&s->deltas, run->shown);
}

/* From a response that is there to the result: outputs of tools are further responses. */
static VALUE finish(responding *s) {
  ptb_run *run = s->run;
  for (; ptb_is(ptb_dig(run->run, "status"), "requires_action"); go_on(s)) aim_at_tool_outputs(s);
  ptb_run_settle(run, nothing_to_answer);
  VALUE result = ptb_run_result(run);
  rb_hash_aset(rb_hash_aref(result, ID2SYM(rb_intern("raw"))), ID2SYM(rb_intern("response")), s->response);
  return result;
}

VALUE ptb_run_responses(ptb_run *run, VALUE transport, bool streamed) {
  responding s;
  begin(&s, run, transport, streamed);
  s.parameters = parameters_of(run);
  s.input = input_of(run->prompt, rb_hash_aref(s.parameters, ID2SYM(rb_intern("input"))));
  place(&s);
  go_on(&s);
  return finish(&s);
}

/* ---- a response that another process began ---- */

/* What a response says of the request that made it is what one that goes on from it is made of. */
static VALUE parameters_from(VALUE response) {
  static const char *const names[] = {"model", "instructions", "tools", "tool_choice", "temperature", "top_p", "text",
                                      "max_output_tokens", "parallel_tool_calls", "truncation", "metadata", "reasoning"};
  VALUE parameters = rb_hash_new();
  for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
    VALUE value = ptb_dig(response, names[i]);
    if (!NIL_P(value)) set(parameters, names[i], value);
  }
  return parameters;
}

/* A response knows of no assistant, unless whoever made it put that into its metadata. */
static VALUE named_by(VALUE response) {
  VALUE assistant_id = ptb_dig(ptb_dig(response, "metadata"), "assistant_id");
  return rb_str_dup(rb_obj_as_string(RB_TYPE_P(assistant_id, T_STRING) ? assistant_id : ptb_dig(response, "model")));
}

static VALUE find_response(VALUE arg) {
  responding *s = (responding *)arg;
  VALUE error = look_up(s);
  if (!NIL_P(error)) rb_exc_raise(error);
  s->background = s->run->background = ptb_dig(s->response, "background") == Qtrue;
  poll(s);
  return Qnil;
}

VALUE ptb_run_resume_response(ptb_run *run, VALUE transport, bool streamed) {
  responding s;
  begin(&s, run, transport, streamed);
  s.store = true; /* or it could not be found */
  s.response_id = run->run_id;
  rb_rescue2(find_response, (VALUE)&s, follow_failed, (VALUE)&s, ptb_eError, ptb_mIntercepted, (VALUE)0);
  s.conversation = ptb_dig(ptb_dig(s.response, "conversation"), "id");
  s.parameters = parameters_from(s.response);
  if (NIL_P(run->assistant_id)) run->assistant_id = named_by(s.response);
  show(&s);
  return finish(&s);
}
