#include "llm_client_service.h"

#include <stdbool.h>
#include <string.h>

#include "assistant_service.h"
#include "chat.h"
#include "errors.h"
#include "names.h"
#include "observe.h"

VALUE ptb_cLlmClientService, ptb_eApi, ptb_eMissingApiKey, ptb_eUnsupportedProvider;

static VALUE eUnsupportedModel;
static VALUE sym_assistant_id, sym_prompt, sym_timeout, sym_model, sym_temperature, sym_max_tokens;
static ID id_call, id_call_with_schema, id_new, id_provider;

static VALUE call_with_block(VALUE receiver, ID method, VALUE keywords) {
  VALUE block = rb_block_given_p() ? rb_block_proc() : Qnil;
  VALUE result = rb_funcall_with_block_kw(receiver, method, 1, &keywords, block, RB_PASS_KEYWORDS);
  RB_GC_GUARD(block); /* nothing else marks it while the method is called */
  return result;
}

/* ---- assistants ---- */

static bool is_assistant(VALUE provider, VALUE model) {
  VALUE name = rb_obj_as_string(provider), id = rb_obj_as_string(model);
  return rb_str_equal(name, rb_str_new_cstr("openai_assistants")) == Qtrue ||
         (RSTRING_LEN(id) >= 5 && memcmp(RSTRING_PTR(id), "asst_", 5) == 0);
}

static VALUE assistant_keywords(VALUE assistant_id, VALUE prompt, VALUE options) {
  VALUE rest = rb_hash_dup(options), timeout = rb_hash_delete(rest, sym_timeout), keywords = rb_hash_new();
  rb_hash_aset(keywords, sym_assistant_id, assistant_id);
  rb_hash_aset(keywords, sym_prompt, prompt);
  rb_hash_aset(keywords, sym_timeout, NIL_P(timeout) ? INT2FIX(60) : timeout);
  rb_funcall(keywords, rb_intern("update"), 1, ptb_assistant_options_take(rest));
  if (RHASH_SIZE(rest) > 0) {
    VALUE names = rb_ary_join(rb_funcall(rest, rb_intern("keys"), 0), rb_str_new_cstr(", "));
    rb_warn("LlmClientService drops options that an assistant does not take: %" PRIsVALUE, names);
  }
  return keywords;
}

VALUE ptb_llm_assistant_keywords(VALUE keywords) {
  VALUE options = rb_hash_dup(keywords), provider = rb_hash_lookup2(keywords, PTB_SYMBOL("provider"), Qundef);
  VALUE model = rb_hash_lookup2(keywords, sym_model, Qundef), prompt = rb_hash_lookup2(keywords, sym_prompt, Qundef);
  if (provider == Qundef || model == Qundef || prompt == Qundef || !is_assistant(provider, model)) return Qnil;
  const VALUE own[] = {PTB_SYMBOL("provider"), sym_model, sym_prompt, sym_temperature, sym_max_tokens};
  for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) rb_hash_delete(options, own[i]);
  return assistant_keywords(model, prompt, options);
}

/* A service for standard chat, made by the class's own `new`, which knows the provider as well. */
static VALUE new_service(VALUE self, VALUE provider, VALUE keywords) {
  VALUE name = rb_obj_as_string(provider);
  if (!ptb_chat_uses_ruby_llm()) ptb_chat_check_provider(name);
  VALUE service = rb_funcallv_kw(self, id_new, 1, &keywords, RB_PASS_KEYWORDS);
  if (RTEST(rb_obj_is_kind_of(service, ptb_cLlmClientService))) rb_ivar_set(service, id_provider, name);
  return service;
}

/* @api private: .call, once Ruby has sorted the keywords. */
static VALUE service_route(VALUE self, VALUE provider, VALUE model, VALUE prompt, VALUE temperature, VALUE max_tokens,
                           VALUE options) {
  if (is_assistant(provider, model)) {
    return call_with_block(ptb_cAssistantService, id_call, assistant_keywords(model, prompt, options));
  }
  VALUE keywords = rb_hash_new();
  rb_hash_aset(keywords, sym_model, model);
  rb_hash_aset(keywords, sym_prompt, prompt);
  rb_hash_aset(keywords, sym_temperature, temperature);
  rb_hash_aset(keywords, sym_max_tokens, max_tokens);
  rb_funcall(keywords, rb_intern("update"), 1, options);
  VALUE block = rb_block_given_p() ? rb_block_proc() : Qnil;
  VALUE result = rb_funcall_with_block(new_service(self, provider, keywords), id_call, 0, NULL, block);
  RB_GC_GUARD(block);
  return result;
}

/* @api private: .call_with_schema; `keywords` are those of `new`. */
static VALUE service_chat_with_schema(VALUE self, VALUE provider, VALUE keywords) {
  return rb_funcall(new_service(self, provider, keywords), id_call_with_schema, 0);
}

typedef struct {
  VALUE keywords, block;
} assistant_call;

static VALUE call_assistant(VALUE arg) {
  assistant_call *c = (assistant_call *)arg;
  return rb_funcall_with_block_kw(ptb_cAssistantService, id_call, 1, &c->keywords, c->block, RB_PASS_KEYWORDS);
}

static VALUE assistant_failed(VALUE arg, VALUE error) {
  (void)arg;
  VALUE message = rb_sprintf("OpenAI Assistant API error: %" PRIsVALUE, rb_funcall(error, rb_intern("message"), 0));
  ptb_error_raise(ptb_error_wrap(ptb_eApi, message, error), error);
}

/* @api private: .call_openai_assistant, once Ruby has sorted the keywords. */
static VALUE service_ask_assistant(VALUE self, VALUE assistant_id, VALUE prompt, VALUE options) {
  (void)self;
  assistant_call c = {assistant_keywords(assistant_id, prompt, options), rb_block_given_p() ? rb_block_proc() : Qnil};
  return rb_rescue2(call_assistant, (VALUE)&c, assistant_failed, Qnil, rb_eStandardError, (VALUE)0);
}

/* ---- standard chat ---- */

static VALUE reader(VALUE self, const char *ivar) { return rb_attr_get(self, rb_intern(ivar)); }

typedef struct {
  VALUE service, schema;
} chat_call;

static VALUE chat_body(VALUE arg) {
  VALUE self = ((chat_call *)arg)->service, schema = ((chat_call *)arg)->schema;
  VALUE options = rb_hash_dup(reader(self, "@options")), provider = rb_attr_get(self, id_provider);
  ptb_chat c = {.provider = NIL_P(provider) ? rb_str_new_cstr("openai") : provider, .model = reader(self, "@model"),
                .prompt = reader(self, "@prompt"), .temperature = reader(self, "@temperature"),
                .max_tokens = reader(self, "@max_tokens"), .schema = schema,
                .timeout = rb_hash_delete(options, sym_timeout), .options = options, .block = rb_block_given_p()};
  return ptb_chat_uses_ruby_llm() ? ptb_chat_ruby_llm(&c) : ptb_chat_native(&c);
}

static VALUE chat(VALUE self, VALUE schema) {
  chat_call c = {self, schema};
  return ptb_observe_call(self, chat_body, (VALUE)&c);
}

/* Asks the model: through ruby_llm where the bundle has it, else by POST /chat/completions.
 *
 * @yieldparam delta [String] a piece of the answer's text, as it arrives
 * @return [Hash] `{ text: String, usage: { prompt_tokens:, completion_tokens:, total_tokens: }, model: String, raw: }`;
 *   raw is ruby_llm's message, or the Hash that the server answered with
 * @raise [MissingApiKeyError] native chat without a key
 * @raise [ApiError] native chat that got no answer; ruby_llm's own exceptions pass as they are
 */
static VALUE service_call(VALUE self) { return chat(self, Qnil); }

/* As {#call}, with an answer that fits the schema.
 *
 * @return [Hash] as {#call}; text is JSON
 * @raise [ArgumentError] without a schema
 */
static VALUE service_call_with_schema(VALUE self) {
  VALUE schema = reader(self, "@schema");
  if (NIL_P(schema)) rb_raise(rb_eArgError, "Schema is required for call_with_schema");
  return chat(self, schema);
}

static VALUE define_error(VALUE klass, const char *name) {
  VALUE error = rb_define_class_under(klass, name, rb_eStandardError);
  rb_gc_register_mark_object(error);
  return error;
}

static void intern_names(void) {
  sym_assistant_id = PTB_SYMBOL("assistant_id");
  sym_prompt = PTB_SYMBOL("prompt");
  sym_timeout = PTB_SYMBOL("timeout");
  sym_model = PTB_SYMBOL("model");
  sym_temperature = PTB_SYMBOL("temperature");
  sym_max_tokens = PTB_SYMBOL("max_tokens");
  id_call = rb_intern("call");
  id_call_with_schema = rb_intern("call_with_schema");
  id_new = rb_intern("new");
  id_provider = rb_intern("@provider");
}

void ptb_define_llm_client_service(VALUE home) {
  static const char *const readers[] = {"model", "prompt", "temperature", "max_tokens", "schema", "options"};
  intern_names();
  VALUE klass = ptb_cLlmClientService = rb_define_class_under(home, "LlmClientService", rb_cObject);
  rb_gc_register_mark_object(klass);
  ptb_eUnsupportedProvider = define_error(klass, "UnsupportedProviderError");
  ptb_eMissingApiKey = define_error(klass, "MissingApiKeyError");
  ptb_eApi = define_error(klass, "ApiError");
  eUnsupportedModel = define_error(klass, "UnsupportedModelError");
  rb_include_module(ptb_eApi, ptb_mErrorDetails);
  for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++) rb_define_attr(klass, readers[i], 1, 0);
  rb_define_private_method(rb_singleton_class(klass), "route", service_route, 6);
  rb_define_private_method(rb_singleton_class(klass), "ask_assistant", service_ask_assistant, 3);
  rb_define_private_method(rb_singleton_class(klass), "chat_with_schema", service_chat_with_schema, 2);
  rb_define_method(klass, "call", service_call, 0);
  rb_define_method(klass, "call_with_schema", service_call_with_schema, 0);
  ptb_define_assistant_service(home, ptb_eApi);
}
