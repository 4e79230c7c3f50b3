#include "chat.h"
#include "errors.h"
#include "item.h"
#include "llm_client_service.h"
#include "result.h"
#include "settings.h"

static bool defined(void) { return rb_const_defined(rb_cObject, rb_intern("RubyLLM")); }

static VALUE require_it(VALUE arg) {
  (void)arg;
  rb_require("ruby_llm");
  return Qtrue;
}

static VALUE is_missing(VALUE arg, VALUE error) {
  (void)arg;
  (void)error;
  rb_set_errinfo(Qnil);
  return Qfalse;
}

static bool loads(void) {
  static int tried, loaded; /* under the GVL; a failed require is slow, so it is tried once a process */
  if (!tried) {
    tried = 1;
    loaded = RTEST(rb_rescue2(require_it, Qnil, is_missing, Qnil, rb_eLoadError, (VALUE)0));
  }
  return loaded && defined();
}

bool ptb_chat_uses_ruby_llm(void) {
  VALUE way = ptb_setting("chat");
  if (way == PTB_SYMBOL("native")) return false;
  if (defined() || loads()) return true;
  if (way == PTB_SYMBOL("ruby_llm")) {
    rb_raise(ptb_eUnsupportedProvider, "the setting chat is :ruby_llm, but the ruby_llm gem is not in the bundle: "
                                       "add gem \"ruby_llm\" to the Gemfile");
  }
  return false;
}

/* Version 2 has other names for much of what version 1 had. */
static bool has(VALUE object, const char *method) { return rb_respond_to(object, rb_intern(method)); }

static VALUE with_params_2(const ptb_chat *c, VALUE chat) {
  if (!NIL_P(c->max_tokens)) chat = rb_funcall(chat, rb_intern("with_max_output_tokens"), 1, c->max_tokens);
  if (RHASH_SIZE(c->options) == 0) return chat;
  return rb_funcall(chat, rb_intern("with_provider_options"), 1, rb_hash_dup(c->options));
}

static VALUE with_params(const ptb_chat *c, VALUE chat) {
  bool wanted = RTEST(ptb_setting("ruby_llm_params"));
  VALUE params = rb_hash_new();
  if (!NIL_P(c->max_tokens)) ptb_set(params, "max_tokens", c->max_tokens);
  rb_funcall(params, rb_intern("update"), 1, c->options);
  if (!wanted || RHASH_SIZE(params) == 0) return chat;
  if (has(chat, "with_provider_options") && !has(chat, "with_params")) return with_params_2(c, chat);
  return rb_funcallv_kw(chat, rb_intern("with_params"), 1, &params, RB_PASS_KEYWORDS);
}

static VALUE yield_chunk(RB_BLOCK_CALL_FUNC_ARGLIST(chunk, arg)) {
  (void)arg;
  (void)argc;
  (void)argv;
  (void)blockarg;
  VALUE content = rb_funcall(chunk, rb_intern("content"), 0);
  if (RB_TYPE_P(content, T_STRING)) rb_yield(content);
  return Qnil;
}

static VALUE tokens(VALUE message, const char *name, const char *name_2) {
  VALUE count = has(message, "tokens") && !has(message, name)
                    ? rb_funcall(rb_funcall(message, rb_intern("tokens"), 0), rb_intern(name_2), 0)
                    : rb_funcall(message, rb_intern(name), 0);
  return NIL_P(count) ? INT2FIX(0) : count;
}

static VALUE usage_of(VALUE message) {
  VALUE usage = rb_hash_new();
  VALUE in = tokens(message, "input_tokens", "input"), out = tokens(message, "output_tokens", "output");
  ptb_set(usage, "prompt_tokens", in);
  ptb_set(usage, "completion_tokens", out);
  ptb_set(usage, "total_tokens", rb_funcall(in, '+', 1, out));
  return usage;
}

static VALUE model_of(VALUE message) {
  bool renamed = has(message, "model") && !has(message, "model_id");
  return rb_funcall(message, rb_intern(renamed ? "model" : "model_id"), 0);
}

static VALUE parsed(VALUE message) { return rb_funcall(message, rb_intern("parsed"), 0); }

static VALUE content_of(VALUE message) { return rb_funcall(message, rb_intern("content"), 0); }

static VALUE content_instead(VALUE message, VALUE error) {
  (void)error;
  rb_set_errinfo(Qnil);
  return content_of(message);
}

/* Version 1 has parsed it already, unless it is no JSON. */
static VALUE structured(VALUE message) {
  VALUE content = content_of(message);
  if (!RB_TYPE_P(content, T_STRING) || !has(message, "parsed")) return content;
  return rb_rescue2(parsed, message, content_instead, message, rb_path2class("JSON::ParserError"), (VALUE)0);
}

static VALUE ask(VALUE arg) {
  const ptb_chat *c = (const ptb_chat *)arg;
  VALUE keywords = rb_hash_new();
  ptb_set(keywords, "model", c->model);
  VALUE chat = rb_funcallv_kw(rb_const_get(rb_cObject, rb_intern("RubyLLM")), rb_intern("chat"), 1, &keywords, RB_PASS_KEYWORDS);
  if (!NIL_P(c->temperature)) chat = rb_funcall(chat, rb_intern("with_temperature"), 1, c->temperature);
  chat = with_params(c, chat);
  if (!NIL_P(c->schema)) chat = rb_funcall(chat, rb_intern("with_schema"), 1, c->schema);
  VALUE message = c->block ? rb_block_call(chat, rb_intern("ask"), 1, &c->prompt, yield_chunk, Qnil)
                           : rb_funcall(chat, rb_intern("ask"), 1, c->prompt);
  VALUE text = NIL_P(c->schema) ? content_of(message) : rb_funcall(structured(message), rb_intern("to_json"), 0);
  return ptb_result_new(text, usage_of(message), model_of(message), message);
}

/* In a batch one after the other: ruby_llm blocks. */
VALUE ptb_chat_ruby_llm(const ptb_chat *c) { return ptb_at_home(ask, (VALUE)c); }
