#include "response_shape.h"

#include <stdbool.h>
#include <string.h>

#include "errors.h"
#include "result.h"

/* Sources: the schemas MessageObject, RunObject, Response and their parts in OpenAI's API document. */

static VALUE text(const char *value) { return rb_utf8_str_new_cstr(value); }

static VALUE array_or_empty(VALUE value) { return RB_TYPE_P(value, T_ARRAY) ? value : rb_ary_new(); }

static VALUE dup_or_nil(VALUE value) { return RB_TYPE_P(value, T_STRING) ? rb_str_dup(value) : Qnil; }

/* ---- the message ---- */

static VALUE file_citation(VALUE annotation) {
  VALUE out = rb_hash_new(), file = rb_hash_new(), index = ptb_dig(annotation, "index");
  ptb_put(file, "file_id", ptb_dig(annotation, "file_id"));
  ptb_put(out, "type", text("file_citation"));
  ptb_put(out, "text", text(""));
  ptb_put(out, "file_citation", file);
  ptb_put(out, "start_index", NIL_P(index) ? INT2FIX(0) : index);
  ptb_put(out, "end_index", NIL_P(index) ? INT2FIX(0) : index);
  ptb_put(out, "filename", ptb_dig(annotation, "filename"));
  return out;
}

static VALUE file_path(VALUE annotation) {
  VALUE out = rb_hash_new(), file = rb_hash_new();
  ptb_put(file, "file_id", ptb_dig(annotation, "file_id"));
  ptb_put(file, "container_id", ptb_dig(annotation, "container_id"));
  ptb_put(out, "type", text("file_path"));
  ptb_put(out, "text", text(""));
  ptb_put(out, "file_path", file);
  ptb_put(out, "start_index", ptb_dig(annotation, "start_index"));
  ptb_put(out, "end_index", ptb_dig(annotation, "end_index"));
  ptb_put(out, "filename", ptb_dig(annotation, "filename"));
  return out;
}

static VALUE annotation_of(VALUE annotation) {
  VALUE type = ptb_dig(annotation, "type");
  if (ptb_is(type, "file_citation")) return file_citation(annotation);
  if (ptb_is(type, "container_file_citation")) return file_path(annotation);
  return annotation; /* url_citation and what may come: Assistants had none, so it stays as it is */
}

static VALUE text_block(VALUE part) {
  VALUE block = rb_hash_new(), value = rb_hash_new(), annotations = rb_ary_new(), given = array_or_empty(ptb_dig(part, "annotations"));
  for (long i = 0; i < RARRAY_LEN(given); i++) rb_ary_push(annotations, annotation_of(rb_ary_entry(given, i)));
  ptb_put(value, "value", ptb_dig(part, "text"));
  ptb_put(value, "annotations", annotations);
  ptb_put(block, "type", text("text"));
  ptb_put(block, "text", value);
  return block;
}

static VALUE refusal_block(VALUE part) {
  VALUE block = rb_hash_new();
  ptb_put(block, "type", text("refusal"));
  ptb_put(block, "refusal", ptb_dig(part, "refusal"));
  return block;
}

static void add_message_parts(VALUE content, VALUE item) {
  VALUE parts = ptb_dig(item, "content");
  if (RB_TYPE_P(parts, T_STRING)) {
    VALUE part = rb_hash_new();
    ptb_put(part, "text", parts);
    rb_ary_push(content, text_block(part));
    return;
  }
  parts = array_or_empty(ptb_dig(item, "content"));
  for (long i = 0; i < RARRAY_LEN(parts); i++) {
    VALUE part = rb_ary_entry(parts, i);
    if (!NIL_P(ptb_dig(part, "refusal"))) rb_ary_push(content, refusal_block(part));
    else if (!NIL_P(ptb_dig(part, "text"))) rb_ary_push(content, text_block(part));
    else rb_ary_push(content, part);
  }
}

static VALUE image_file_block(VALUE file_id) {
  VALUE block = rb_hash_new(), image = rb_hash_new();
  ptb_put(image, "file_id", file_id);
  ptb_put(image, "detail", text("auto"));
  ptb_put(block, "type", text("image_file"));
  ptb_put(block, "image_file", image);
  return block;
}

/* A generated picture is known by its item's id; the bytes are in raw[:response]. */
static void add_images(VALUE content, VALUE item) {
  VALUE outputs = array_or_empty(ptb_dig(item, "outputs"));
  if (ptb_is(ptb_dig(item, "type"), "image_generation_call")) rb_ary_push(content, image_file_block(ptb_dig(item, "id")));
  if (!ptb_is(ptb_dig(item, "type"), "code_interpreter_call")) return;
  for (long i = 0; i < RARRAY_LEN(outputs); i++) {
    VALUE output = rb_ary_entry(outputs, i), file_id = ptb_dig(output, "file_id");
    if (!ptb_is(ptb_dig(output, "type"), "image")) continue;
    rb_ary_push(content, image_file_block(NIL_P(file_id) ? ptb_dig(output, "url") : file_id));
  }
}

static bool is_message(VALUE item) {
  VALUE role = ptb_dig(item, "role");
  return ptb_is(ptb_dig(item, "type"), "message") && (NIL_P(role) || ptb_is(role, "assistant"));
}

static VALUE last_message(VALUE output) {
  for (long i = RARRAY_LEN(output) - 1; i >= 0; i--) {
    if (is_message(rb_ary_entry(output, i))) return rb_ary_entry(output, i);
  }
  return Qnil;
}

/* A run and a message have different words for the limit. */
static VALUE incomplete_details(VALUE response, const char *limit) {
  VALUE reason = ptb_dig(ptb_dig(response, "incomplete_details"), "reason"), details = rb_hash_new();
  if (NIL_P(reason)) return Qnil;
  ptb_put(details, "reason", ptb_is(reason, "max_output_tokens") ? text(limit) : reason);
  return details;
}

static VALUE message_with(const ptb_response *r, VALUE item, VALUE content) {
  VALUE message = rb_hash_new(), created = ptb_dig(r->response, "created_at"), id = ptb_dig(item, "id");
  bool incomplete = ptb_is(ptb_dig(item, "status"), "incomplete") || ptb_is(ptb_dig(r->response, "status"), "incomplete");
  VALUE completed = ptb_dig(r->response, "completed_at");
  if (NIL_P(completed)) completed = created;
  ptb_put(message, "id", NIL_P(id) ? dup_or_nil(ptb_dig(r->response, "id")) : id);
  ptb_put(message, "object", text("thread.message"));
  ptb_put(message, "created_at", created);
  ptb_put(message, "thread_id", r->thread_id);
  ptb_put(message, "status", text(incomplete ? "incomplete" : "completed"));
  ptb_put(message, "incomplete_details", incomplete ? incomplete_details(r->response, "max_tokens") : Qnil);
  ptb_put(message, "completed_at", incomplete ? Qnil : completed);
  ptb_put(message, "incomplete_at", incomplete ? completed : Qnil);
  ptb_put(message, "role", text("assistant"));
  ptb_put(message, "content", content);
  ptb_put(message, "assistant_id", rb_str_dup(r->assistant_id));
  ptb_put(message, "run_id", dup_or_nil(ptb_dig(r->response, "id")));
  ptb_put(message, "attachments", rb_ary_new());
  ptb_put(message, "metadata", rb_hash_new());
  return message;
}

VALUE ptb_response_message(const ptb_response *r) {
  VALUE output = array_or_empty(ptb_dig(r->response, "output")), item = last_message(output), content = rb_ary_new();
  if (!NIL_P(item)) add_message_parts(content, item);
  for (long i = 0; i < RARRAY_LEN(output); i++) add_images(content, rb_ary_entry(output, i));
  return NIL_P(item) && RARRAY_LEN(content) == 0 ? Qnil : message_with(r, item, content);
}

/* ---- the run ---- */

static bool is_answered(VALUE output, VALUE call_id) {
  for (long i = 0; i < RARRAY_LEN(output); i++) {
    VALUE item = rb_ary_entry(output, i);
    if (ptb_is(ptb_dig(item, "type"), "function_call_output") && rb_equal(ptb_dig(item, "call_id"), call_id)) return true;
  }
  return false;
}

VALUE ptb_response_tool_calls(VALUE response) {
  VALUE output = array_or_empty(ptb_dig(response, "output")), calls = rb_ary_new();
  for (long i = 0; i < RARRAY_LEN(output); i++) {
    VALUE item = rb_ary_entry(output, i), call_id = ptb_dig(item, "call_id");
    if (!ptb_is(ptb_dig(item, "type"), "function_call") || is_answered(output, call_id)) continue;
    VALUE call = rb_hash_new(), function = rb_hash_new();
    ptb_put(function, "name", ptb_dig(item, "name"));
    ptb_put(function, "arguments", ptb_dig(item, "arguments"));
    ptb_put(call, "id", call_id);
    ptb_put(call, "type", text("function"));
    ptb_put(call, "function", function);
    rb_ary_push(calls, call);
  }
  return calls;
}

static VALUE required_action(VALUE calls) {
  VALUE action = rb_hash_new(), submit = rb_hash_new();
  ptb_put(submit, "tool_calls", calls);
  ptb_put(action, "type", text("submit_tool_outputs"));
  ptb_put(action, "submit_tool_outputs", submit);
  return action;
}

static VALUE last_error(VALUE response) {
  VALUE error = ptb_dig(response, "error"), code = ptb_dig(error, "code"), message = ptb_dig(error, "message"), out;
  if (NIL_P(error)) return Qnil;
  bool known = ptb_is(code, "server_error") || ptb_is(code, "rate_limit_exceeded") || ptb_is(code, "invalid_prompt");
  out = rb_hash_new();
  ptb_put(out, "code", known ? code : text("server_error"));
  ptb_put(out, "message", NIL_P(message) ? text("Unknown error") : message);
  return out;
}

static VALUE usage(VALUE response) {
  VALUE given = ptb_dig(response, "usage"), out = rb_hash_new();
  if (!RB_TYPE_P(given, T_HASH)) return Qnil;
  ptb_put(out, "prompt_tokens", ptb_dig(given, "input_tokens"));
  ptb_put(out, "completion_tokens", ptb_dig(given, "output_tokens"));
  ptb_put(out, "total_tokens", ptb_dig(given, "total_tokens"));
  return out;
}

static VALUE truncation(void) {
  VALUE out = rb_hash_new();
  ptb_put(out, "type", text("auto"));
  ptb_put(out, "last_messages", Qnil);
  return out;
}

static void put_times(VALUE run, VALUE response, VALUE status) {
  VALUE created = ptb_dig(response, "created_at"), ended = ptb_dig(response, "completed_at");
  if (NIL_P(ended)) ended = created;
  ptb_put(run, "created_at", created);
  ptb_put(run, "expires_at", Qnil);
  ptb_put(run, "started_at", ptb_is(status, "queued") ? Qnil : created);
  ptb_put(run, "cancelled_at", ptb_is(status, "cancelled") ? ended : Qnil);
  ptb_put(run, "failed_at", ptb_is(status, "failed") ? ended : Qnil);
  ptb_put(run, "completed_at", ptb_is(status, "completed") ? ended : Qnil);
}

static VALUE or_default(VALUE value, VALUE other) { return NIL_P(value) ? other : value; }

static void put_settings(VALUE run, const ptb_response *r) {
  VALUE response = r->response;
  ptb_put(run, "model", ptb_dig(response, "model"));
  ptb_put(run, "instructions", or_default(ptb_dig(response, "instructions"), or_default(ptb_dig(r->assistant, "instructions"), text(""))));
  ptb_put(run, "tools", array_or_empty(ptb_dig(r->assistant, "tools")));
  ptb_put(run, "metadata", or_default(ptb_dig(response, "metadata"), rb_hash_new()));
  ptb_put(run, "temperature", ptb_dig(response, "temperature"));
  ptb_put(run, "top_p", ptb_dig(response, "top_p"));
  ptb_put(run, "max_prompt_tokens", Qnil);
  ptb_put(run, "max_completion_tokens", ptb_dig(response, "max_output_tokens"));
  ptb_put(run, "truncation_strategy", truncation());
  ptb_put(run, "tool_choice", or_default(ptb_dig(r->assistant, "tool_choice"), text("auto")));
  ptb_put(run, "parallel_tool_calls", or_default(ptb_dig(response, "parallel_tool_calls"), Qtrue));
  ptb_put(run, "response_format", or_default(ptb_dig(r->assistant, "response_format"), text("auto")));
}

VALUE ptb_response_run(const ptb_response *r) {
  VALUE run = rb_hash_new(), status = ptb_dig(r->response, "status"), calls = Qnil;
  if (ptb_is(status, "completed")) {
    calls = ptb_response_tool_calls(r->response);
    if (RARRAY_LEN(calls) > 0) status = text("requires_action");
  }
  bool acts = ptb_is(status, "requires_action");
  ptb_put(run, "id", dup_or_nil(ptb_dig(r->response, "id")));
  ptb_put(run, "object", text("thread.run"));
  ptb_put(run, "thread_id", r->thread_id);
  ptb_put(run, "assistant_id", rb_str_dup(r->assistant_id));
  ptb_put(run, "status", status);
  ptb_put(run, "required_action", acts ? required_action(calls) : Qnil);
  ptb_put(run, "last_error", last_error(r->response));
  ptb_put(run, "incomplete_details", incomplete_details(r->response, "max_completion_tokens"));
  ptb_put(run, "usage", usage(r->response));
  put_times(run, r->response, status);
  put_settings(run, r);
  return run;
}

/* ---- for the Client, which shows conversations and responses as threads and runs ---- */

static ptb_response given(VALUE response, VALUE assistant_id, VALUE thread_id, VALUE assistant) {
  Check_Type(response, T_HASH);
  Check_Type(assistant_id, T_STRING);
  return (ptb_response){response, assistant_id, thread_id, assistant};
}

/* @api private
 * @param response [Hash] of the Responses API
 * @param assistant_id [String]
 * @param thread_id [String, nil]
 * @param assistant [Hash, nil] the definition as an Assistants object
 * @return [Hash] the run that it stands for
 */
static VALUE shape_run(VALUE self, VALUE response, VALUE assistant_id, VALUE thread_id, VALUE assistant) {
  ptb_response r = given(response, assistant_id, thread_id, assistant);
  (void)self;
  return ptb_response_run(&r);
}

/* @api private
 * @param (see .run)
 * @return [Hash, nil] the message that it ends with, in the Assistants shape
 */
static VALUE shape_message(VALUE self, VALUE response, VALUE assistant_id, VALUE thread_id, VALUE assistant) {
  ptb_response r = given(response, assistant_id, thread_id, assistant);
  (void)self;
  return ptb_response_message(&r);
}

void ptb_init_response_shape(void) {
  VALUE mShape = rb_define_module_under(ptb_mNative, "ResponseShape");
  rb_define_singleton_method(mShape, "run", shape_run, 4);
  rb_define_singleton_method(mShape, "message", shape_message, 4);
}
