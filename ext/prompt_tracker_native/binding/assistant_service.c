#include "assistant_service.h"

#include <ruby/encoding.h>

#include "assistant_call.h"
#include "errors.h"
#include "names.h"
#include "observe.h"
#include "prompt.h"
#include "result.h"
#include "run.h"
#include "service_client.h"
#include "settings.h"

VALUE ptb_cAssistantService;

static ID id_assistant_id, id_prompt, id_timeout, id_client, id_options, id_tools, id_thread_id, id_flow;
static ID id_build_client, id_new, id_run_id;
static VALUE sym_thread_id, sym_tools, sym_flow, sym_streaming, sym_polling, sym_new;

/* What a run takes (CreateRunRequest of OpenAI's API document), the two that this gem fills in aside. */
static const char *const run_options[] = {
    "model", "instructions", "additional_instructions", "additional_messages", "temperature", "top_p",
    "max_prompt_tokens", "max_completion_tokens", "truncation_strategy", "tool_choice", "parallel_tool_calls",
    "response_format", "metadata", "reasoning_effort"};
enum { RUN_OPTIONS = sizeof(run_options) / sizeof(*run_options) };
static VALUE run_option_symbols[RUN_OPTIONS];

/* Moves `key` from one Hash to another where it is there. */
static void move_option(VALUE from, VALUE to, VALUE key) {
  VALUE value = rb_hash_lookup2(from, key, Qundef);
  if (value == Qundef) return;
  rb_hash_aset(to, key, value);
  rb_hash_delete(from, key);
}

static VALUE take_run_options(VALUE options) {
  VALUE taken = rb_hash_new();
  if (RHASH_SIZE(options) == 0) return taken;
  for (int i = 0; i < RUN_OPTIONS; i++) move_option(options, taken, run_option_symbols[i]);
  return taken;
}

VALUE ptb_assistant_options_take(VALUE options) {
  VALUE taken = take_run_options(options);
  move_option(options, taken, sym_thread_id);
  move_option(options, taken, sym_tools);
  move_option(options, taken, sym_flow);
  return taken;
}

/* ---- new ---- */

static int check_tool(VALUE name, VALUE handler, VALUE arg) {
  (void)arg;
  if ((RB_TYPE_P(name, T_STRING) || RB_SYMBOL_P(name)) && rb_respond_to(handler, rb_intern("call"))) return ST_CONTINUE;
  rb_enc_raise(rb_utf8_encoding(), rb_eArgError, "tools must map function names to objects that answer call, such as "
               "{\"get_weather\" => ->(arguments) { … }}; the entry for %" PRIsVALUE " does not", rb_inspect(name));
}

static VALUE check_tools(VALUE tools) {
  if (NIL_P(tools)) return Qnil;
  if (!RB_TYPE_P(tools, T_HASH)) rb_raise(rb_eArgError, "tools must be a Hash of handlers by function name, not %" PRIsVALUE, rb_obj_class(tools));
  rb_hash_foreach(tools, check_tool, Qnil);
  return tools;
}

static VALUE check_flow(VALUE flow) {
  if (NIL_P(flow) || flow == sym_streaming || flow == sym_polling) return flow;
  rb_raise(rb_eArgError, "flow must be :streaming or :polling, not %" PRIsVALUE, rb_inspect(flow));
}

/* A run's metadata and the like stay as they are given; an option that nobody knows is a mistake. */
static void set_options(VALUE self, VALUE more) {
  VALUE rest = rb_hash_dup(more), options = ptb_assistant_options_take(rest);
  if (RHASH_SIZE(rest) > 0) {
    VALUE names = rb_ary_join(rb_funcall(rest, rb_intern("keys"), 0), rb_str_new_cstr(", "));
    rb_raise(rb_eArgError, "unknown keywords: %" PRIsVALUE, names);
  }
  VALUE thread_id = rb_hash_delete(options, sym_thread_id);
  if (!NIL_P(thread_id) && thread_id != sym_new) ptb_check_id(thread_id, "thread_id");
  rb_ivar_set(self, id_thread_id, thread_id);
  rb_ivar_set(self, id_tools, check_tools(rb_hash_delete(options, sym_tools)));
  rb_ivar_set(self, id_flow, check_flow(rb_hash_delete(options, sym_flow)));
  rb_ivar_set(self, id_options, options);
}

/* @api private: what `initialize` does once Ruby has sorted the keywords. */
static VALUE service_prepare(VALUE self, VALUE assistant_id, VALUE prompt, VALUE timeout, VALUE more) {
  ptb_check_id(assistant_id, "assistant_id");
  ptb_check_prompt(prompt);
  ptb_check_timeout(timeout);
  set_options(self, more);
  rb_ivar_set(self, id_assistant_id, assistant_id);
  rb_ivar_set(self, id_prompt, prompt);
  rb_ivar_set(self, id_timeout, timeout);
  rb_ivar_set(self, id_client, rb_funcall(self, id_build_client, 0));
  return Qnil;
}

/* ---- the client ---- */

/* The key, looked up now, not when the app was loaded; a subclass may look elsewhere.
 *
 * @return [String, nil] nil where none is needed
 * @raise [AssistantError] "OPENAI_API_KEY environment variable not set"; it names the variable that was looked up
 */
static VALUE service_access_token(VALUE self) {
  (void)self;
  VALUE key = rb_funcall(ptb_mNative, rb_intern("api_key_to_send"), 0);
  if (NIL_P(key) && RTEST(ptb_setting("needs_api_key?"))) {
    VALUE variable = rb_funcall(ptb_mNative, rb_intern("api_key_variable"), 0);
    rb_raise(ptb_eAssistant, "%" PRIsVALUE " environment variable not set", variable);
  }
  return key;
}

/* Makes the client; a subclass may make another.
 *
 * @return [PromptTracker::Native::Client] or what a stubbed OpenAI::Client.new returns
 * @raise [AssistantError] where there is no key, or a setting can't work
 */
static VALUE service_build_client(VALUE self) {
  VALUE key = rb_funcall(self, rb_intern("access_token"), 0);
  return rb_rescue2(ptb_service_client, key, ptb_client_failed, key, ptb_eError, (VALUE)0);
}

/* ---- call ---- */

/* Asks the assistant and waits for its answer.
 *
 * @yieldparam delta [String] a piece of the answer's text, as it arrives; without a block nothing is yielded
 * @return [Hash] `{ text: String or nil, usage: { prompt_tokens:, completion_tokens:, total_tokens: }, model:
 *   assistant_id, raw: { thread_id:, run_id:, assistant_message: Hash, message: the same Hash, run: Hash } }`;
 *   the Hashes in raw have String keys
 * @raise [AssistantError] where there is no answer; see the README for its messages
 */
static VALUE service_call(VALUE self) { return ptb_observe_call(self, ptb_assistant_ask, self); }

/* ---- resume ---- */

/* @api private: what `.resume` does once Ruby has sorted the keywords. */
static VALUE service_prepare_resumption(VALUE self, VALUE run_id, VALUE thread_id, VALUE assistant_id, VALUE timeout, VALUE tools) {
  ptb_check_id(run_id, "run_id");
  if (!NIL_P(thread_id)) ptb_check_id(thread_id, "thread_id");
  if (!NIL_P(assistant_id)) ptb_check_id(assistant_id, "assistant_id");
  ptb_check_timeout(timeout);
  if (ptb_begins_with(run_id, "run_") && ptb_names_response(run_id, thread_id)) {
    rb_raise(rb_eArgError, "thread_id must be that of the thread in which %" PRIsVALUE " is", run_id);
  }
  rb_ivar_set(self, id_run_id, run_id);
  rb_ivar_set(self, id_thread_id, thread_id);
  rb_ivar_set(self, id_assistant_id, assistant_id);
  rb_ivar_set(self, id_prompt, Qnil);
  rb_ivar_set(self, id_timeout, timeout);
  rb_ivar_set(self, id_tools, check_tools(tools));
  rb_ivar_set(self, id_flow, Qnil);
  rb_ivar_set(self, id_options, rb_hash_new());
  rb_ivar_set(self, id_client, rb_funcall(self, id_build_client, 0));
  return Qnil;
}

/* @api private: `.resume` on an object that `prepare_resumption` has filled. */
static VALUE service_resume(VALUE self) { return ptb_observe_call(self, ptb_assistant_take_up, self); }

static void intern_names(void) {
  for (int i = 0; i < RUN_OPTIONS; i++) run_option_symbols[i] = ID2SYM(rb_intern(run_options[i]));
  id_run_id = rb_intern("@run_id");
  id_assistant_id = rb_intern("@assistant_id");
  id_prompt = rb_intern("@prompt");
  id_timeout = rb_intern("@timeout");
  id_client = rb_intern("@client");
  id_options = rb_intern("@options");
  id_tools = rb_intern("@tools");
  id_thread_id = rb_intern("@thread_id");
  id_flow = rb_intern("@flow");
  id_build_client = rb_intern("build_client");
  id_new = rb_intern("new");
  sym_thread_id = PTB_SYMBOL("thread_id");
  sym_tools = PTB_SYMBOL("tools");
  sym_flow = PTB_SYMBOL("flow");
  sym_streaming = PTB_SYMBOL("streaming");
  sym_polling = PTB_SYMBOL("polling");
  sym_new = ID2SYM(id_new);
}

void ptb_define_assistant_service(VALUE home, VALUE api_error) {
  intern_names();
  VALUE klass = ptb_cAssistantService = rb_define_class_under(home, "OpenaiAssistantService", rb_cObject);
  ptb_eAssistant = rb_define_class_under(klass, "AssistantError", api_error);
  rb_gc_register_mark_object(klass);
  rb_gc_register_mark_object(ptb_eAssistant);
  rb_define_attr(klass, "assistant_id", 1, 0);
  rb_define_attr(klass, "prompt", 1, 0);
  rb_define_attr(klass, "timeout", 1, 0);
  rb_define_attr(klass, "client", 1, 0);
  rb_define_private_method(klass, "prepare", service_prepare, 4);
  rb_define_private_method(klass, "access_token", service_access_token, 0);
  rb_define_private_method(klass, "build_client", service_build_client, 0);
  rb_define_method(klass, "call", service_call, 0);
  rb_define_private_method(klass, "prepare_resumption", service_prepare_resumption, 5);
  rb_define_private_method(klass, "resume", service_resume, 0);
}
