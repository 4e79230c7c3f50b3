#include "responding.h"

#include <math.h>

#include "clock.h"
#include "json.h"
#include "response_shape.h"

/* Function calls of a response, and what answers them. */

static VALUE output_item(VALUE call_id, VALUE output) {
  VALUE item = rb_hash_new();
  ptb_set(item, "type", rb_utf8_str_new_cstr("function_call_output"));
  ptb_set(item, "call_id", call_id);
  ptb_set(item, "output", output);
  return item;
}

static VALUE output_items(VALUE outputs) {
  VALUE items = rb_ary_new(), list = rb_hash_aref(outputs, PTB_SYMBOL("tool_outputs"));
  for (long i = 0; i < RARRAY_LEN(list); i++) {
    VALUE output = rb_ary_entry(list, i);
    rb_ary_push(items, output_item(rb_hash_aref(output, PTB_SYMBOL("tool_call_id")),
                                   rb_hash_aref(output, PTB_SYMBOL("output"))));
  }
  return items;
}

/* A call without an output would block its conversation for good. */
static void decline_calls(ptb_responding *s) {
  VALUE calls = ptb_response_tool_calls(s->response), items = rb_ary_new(), body = rb_hash_new();
  if (NIL_P(s->conversation)) return;
  for (long i = 0; i < RARRAY_LEN(calls); i++) {
    rb_ary_push(items, output_item(ptb_dig(rb_ary_entry(calls, i), "id"),
                                   rb_utf8_str_new_cstr("Error: this function is not available.")));
  }
  ptb_set(body, "items", items);
  ptb_call call = ptb_response_call(s, PTN_POST, rb_sprintf("/conversations/%" PRIsVALUE "/items", s->conversation), ptb_json_generate(body));
  call.deadline = fmin(call.deadline, ptn_now() + 5);
  if (ptn_now() < call.deadline) ptb_transport_perform(s->transport, &call);
}

static VALUE as_items(VALUE input) {
  if (RB_TYPE_P(input, T_ARRAY)) return input;
  VALUE item = rb_hash_new();
  ptb_set(item, "role", rb_utf8_str_new_cstr("user"));
  ptb_set(item, "content", input);
  return rb_ary_new_from_args(1, item);
}

static VALUE make_outputs(VALUE arg) { return ptb_run_tool_outputs(((ptb_responding *)arg)->run); }

/* Only for errors: an interrupt does not wait for the network. */
static VALUE outputs_failed(VALUE arg, VALUE error) {
  decline_calls((ptb_responding *)arg);
  rb_exc_raise(error);
}

static bool names_allowed_tools(VALUE choice) {
  VALUE type = ptb_dig(choice, "type");
  if (NIL_P(type)) type = rb_hash_aref(choice, PTB_SYMBOL("type"));
  return ptb_is(type, "allowed_tools");
}

/* A choice that names a tool, or asks for any, was for the first response: made again, it would never end. */
static void choose_freely(ptb_responding *s) {
  VALUE key = PTB_SYMBOL("tool_choice"), choice = rb_hash_aref(s->parameters, key);
  bool forced = ptb_is(choice, "required") || (RB_TYPE_P(choice, T_HASH) && !names_allowed_tools(choice));
  if (!forced) return;
  s->parameters = rb_hash_dup(s->parameters);
  rb_hash_aset(s->parameters, key, rb_utf8_str_new_cstr("auto"));
}

/* Without a store the server remembers nothing: the next request holds all that came before. */
void ptb_response_aim_at_outputs(ptb_responding *s) {
  VALUE outputs = rb_rescue2(make_outputs, (VALUE)s, outputs_failed, (VALUE)s, rb_eStandardError, (VALUE)0);
  VALUE items = output_items(outputs);
  if (!s->store) items = rb_ary_plus(rb_ary_plus(as_items(s->input), ptb_dig(s->response, "output")), items);
  s->input = items;
  s->body = Qnil;
  s->previous = s->response_id;
  s->spent = ptb_dig(s->run->run, "usage");
  choose_freely(s);
}
