#include "chat.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "deltas.h"
#include "errors.h"
#include "json.h"
#include "llm_client_service.h"
#include "prompt.h"
#include "result.h"
#include "settings.h"
#include "transport.h"
#include "utf8.h"

/* Providers that speak OpenAI's chat completions at an address of their own, so only where one is set. */
static const char *const compatible[] = {"azure", "azure_openai", "openai_compatible", "ollama", "lmstudio", "lm_studio",
                                         "vllm", "gpustack", "openrouter", "deepseek", "mistral", "groq", "together",
                                         "perplexity", "xai"};

static bool at_openai(void) {
  VALUE base = ptb_setting("base_url");
  return RTEST(rb_funcall(rb_const_get(ptb_mNative, rb_intern("Shutdown")), rb_intern("hosts?"), 1, base));
}

void ptb_chat_check_provider(VALUE provider) {
  if (ptb_is(provider, "openai") || RSTRING_LEN(provider) == 0) return;
  for (size_t i = 0; i < sizeof(compatible) / sizeof(*compatible); i++) {
    if (!ptb_is(provider, compatible[i])) continue;
    if (!at_openai()) return;
    rb_raise(ptb_eUnsupportedProvider, "no address is known for the provider %" PRIsVALUE ": set OPENAI_BASE_URL to its "
             "OpenAI-compatible API, or add gem \"ruby_llm\" to the Gemfile", rb_inspect(provider));
  }
  rb_raise(ptb_eUnsupportedProvider, "the provider %" PRIsVALUE " needs the ruby_llm gem: add gem \"ruby_llm\" to the Gemfile",
           rb_inspect(provider));
}

/* ---- the request ---- */


/* A schema as Hash: {name:, schema:}, a bare JSON schema, or what answers to_json_schema (also as an instance). */
static VALUE schema_hash(VALUE schema) {
  ID id_to_json_schema = rb_intern("to_json_schema");
  if (RB_TYPE_P(schema, T_CLASS) && !rb_respond_to(schema, id_to_json_schema)) schema = rb_class_new_instance(0, NULL, schema);
  if (rb_respond_to(schema, id_to_json_schema)) schema = rb_funcall(schema, id_to_json_schema, 0);
  if (!RB_TYPE_P(schema, T_HASH)) {
    rb_raise(rb_eArgError, "schema must be a Hash with a JSON schema or answer to_json_schema, not %" PRIsVALUE, rb_inspect(schema));
  }
  VALUE copy = ptb_json_generate(schema);
  VALUE parsed = ptb_json_parse(RSTRING_PTR(copy), (size_t)RSTRING_LEN(copy));
  RB_GC_GUARD(copy);
  return parsed;
}

static VALUE response_format(VALUE schema) {
  VALUE given = schema_hash(schema), format = rb_hash_new(), inner = rb_hash_new();
  VALUE body = ptb_dig(given, "schema"), name = ptb_dig(given, "name");
  ptb_set(inner, "name", RB_TYPE_P(name, T_STRING) ? name : rb_utf8_str_new_cstr("response"));
  ptb_set(inner, "schema", RB_TYPE_P(body, T_HASH) ? body : given);
  if (RB_TYPE_P(body, T_HASH) && !NIL_P(ptb_dig(given, "strict"))) ptb_set(inner, "strict", ptb_dig(given, "strict"));
  ptb_set(format, "type", rb_utf8_str_new_cstr("json_schema"));
  ptb_set(format, "json_schema", inner);
  return format;
}

static VALUE body_of(const ptb_chat *c) {
  VALUE body = rb_hash_new(), message = rb_hash_new();
  ptb_set(message, "role", rb_utf8_str_new_cstr("user"));
  ptb_set(message, "content", ptb_check_prompt(c->prompt));
  ptb_set(body, "model", c->model);
  ptb_set(body, "messages", rb_ary_new_from_args(1, message));
  if (!NIL_P(c->temperature)) ptb_set(body, "temperature", c->temperature);
  if (!NIL_P(c->max_tokens)) ptb_set(body, "max_tokens", c->max_tokens);
  if (!NIL_P(c->schema)) ptb_set(body, "response_format", response_format(c->schema));
  rb_funcall(body, rb_intern("update"), 1, c->options);
  if (c->block) {
    VALUE stream_options = rb_hash_new();
    ptb_set(stream_options, "include_usage", Qtrue);
    ptb_set(body, "stream", Qtrue);
    ptb_set(body, "stream_options", stream_options);
  }
  return body;
}

static VALUE client_of(const ptb_chat *c) {
  VALUE provider = RSTRING_LEN(c->provider) == 0 ? rb_str_new_cstr("openai") : c->provider;
  VALUE key = rb_funcall(ptb_mNative, rb_intern("api_key_to_send"), 1, provider);
  if (NIL_P(key) && RTEST(ptb_setting("needs_api_key?"))) {
    VALUE variable = rb_funcall(ptb_mNative, rb_intern("api_key_variable"), 1, provider);
    rb_raise(ptb_eMissingApiKey, "%" PRIsVALUE " environment variable not set", variable);
  }
  VALUE keywords = rb_hash_new();
  ptb_set(keywords, "access_token", key);
  return rb_funcallv_kw(rb_const_get(ptb_mNative, rb_intern("Client")), rb_intern("new"), 1, &keywords, RB_PASS_KEYWORDS);
}

/* ---- a streamed answer ---- */

typedef struct {
  VALUE answer; /* the last chunk with a head, to which text and usage are added; or nil */
  VALUE text, finish_reason, usage, refusal;
  ptb_deltas deltas;
} chunks;

static void on_chunk(void *arg, const ptn_record *r) {
  chunks *c = arg;
  if (r->kind == PTN_KIND_DONE) return;
  VALUE chunk = ptb_json_parse_raw(r->data, r->data_len), choices = ptb_dig(chunk, "choices");
  if (r->kind == PTN_KIND_ERROR || !NIL_P(ptb_dig(chunk, "error"))) {
    c->refusal = ptb_error_fields_of(chunk, Qnil).message;
    if (NIL_P(c->refusal)) c->refusal = rb_utf8_str_new_cstr("the server gave no reason");
    return;
  }
  if (NIL_P(c->answer)) c->answer = chunk;
  if (!NIL_P(ptb_dig(chunk, "usage"))) c->usage = ptb_dig(chunk, "usage");
  VALUE choice = RB_TYPE_P(choices, T_ARRAY) ? rb_ary_entry(choices, 0) : Qnil;
  VALUE text = ptb_dig(ptb_dig(choice, "delta"), "content");
  if (!NIL_P(ptb_dig(choice, "finish_reason"))) c->finish_reason = ptb_dig(choice, "finish_reason");
  if (!RB_TYPE_P(text, T_STRING)) return;
  rb_str_append(c->text, text);
  ptb_deltas_yield(&c->deltas, INT2FIX(0), text);
}

/* What the same request without a stream would have been answered with. */
static VALUE whole_answer(const chunks *c) {
  VALUE answer = c->answer, message = rb_hash_new(), choice = rb_hash_new();
  if (!NIL_P(c->refusal)) rb_raise(ptb_eAnswer, "%" PRIsVALUE, c->refusal);
  if (!RB_TYPE_P(answer, T_HASH)) rb_raise(ptb_eAnswer, "the server's stream ended without an answer");
  ptb_put(message, "role", rb_utf8_str_new_cstr("assistant"));
  ptb_put(message, "content", ptb_text_join(c->text));
  ptb_put(choice, "index", INT2FIX(0));
  ptb_put(choice, "message", message);
  ptb_put(choice, "finish_reason", c->finish_reason);
  ptb_put(answer, "object", rb_utf8_str_new_cstr("chat.completion"));
  ptb_put(answer, "choices", rb_ary_new_from_args(1, choice));
  ptb_put(answer, "usage", c->usage);
  return answer;
}

/* ---- asking ---- */

typedef struct {
  ptb_chat *chat;
  VALUE transport, body, error;
  double deadline;
} asking;

static VALUE ask_once(asking *a) {
  chunks c = {.answer = Qnil, .text = rb_utf8_str_new("", 0), .finish_reason = Qnil, .usage = Qnil, .refusal = Qnil};
  ptb_deltas_init(&c.deltas, Qnil);
  ptb_call call = {.method = PTN_POST, .path = rb_utf8_str_new_cstr("/chat/completions"), .headers = Qnil,
                   .body = ptb_json_generate(a->body), .stream = a->chat->block, .deadline = a->deadline,
                   .sink = a->chat->block ? on_chunk : NULL, .arg = &c};
  VALUE flight = ptb_transport_perform(a->transport, &call);
  ptb_flight *f = ptb_flight_get(flight);
  a->error = ptb_transport_error(a->transport, flight);
  if (!NIL_P(a->error)) return Qnil;
  if (ptb_flight_has_events(f)) {
    ptb_deltas_flush(&c.deltas);
    return whole_answer(&c);
  }
  VALUE answer = ptb_json_parse(f->inbox.data, f->inbox.len);
  RB_GC_GUARD(flight);
  return answer;
}

/* Newer models refuse max_tokens, some a temperature: says whether the body could be changed to suit. */
static bool adapt(asking *a) {
  VALUE status = rb_attr_get(a->error, rb_intern("@status")), param = rb_attr_get(a->error, rb_intern("@param"));
  VALUE max_tokens = PTB_SYMBOL("max_tokens"), temperature = PTB_SYMBOL("temperature");
  if (status != INT2FIX(400) || !RB_TYPE_P(param, T_STRING)) return false;
  if (ptb_is(param, "max_tokens") && rb_hash_lookup2(a->body, max_tokens, Qundef) != Qundef) {
    ptb_set(a->body, "max_completion_tokens", rb_hash_delete(a->body, max_tokens));
    return true;
  }
  return ptb_is(param, "temperature") && !NIL_P(rb_hash_delete(a->body, temperature));
}

static VALUE text_of(VALUE answer) {
  VALUE choices = ptb_dig(answer, "choices");
  VALUE message = ptb_dig(RB_TYPE_P(choices, T_ARRAY) ? rb_ary_entry(choices, 0) : Qnil, "message");
  if (NIL_P(message)) {
    VALUE reason = ptb_error_fields_of(answer, Qnil).message;
    rb_raise(ptb_eAnswer, "%" PRIsVALUE, NIL_P(reason) ? rb_utf8_str_new_cstr("the server's answer has no message in it") : reason);
  }
  VALUE text = ptb_message_text(message), refusal = ptb_dig(message, "refusal");
  return NIL_P(text) && RB_TYPE_P(refusal, T_STRING) ? refusal : text;
}

static VALUE structured(VALUE text) {
  VALUE content = RB_TYPE_P(text, T_STRING) ? ptb_json_try(RSTRING_PTR(text), (size_t)RSTRING_LEN(text)) : Qundef;
  if (content == Qundef) rb_raise(ptb_eAnswer, "the model did not answer in the JSON that the schema asks for: %" PRIsVALUE, rb_inspect(text));
  return rb_funcall(content, rb_intern("to_json"), 0);
}

static VALUE ask(VALUE arg) {
  asking *a = (asking *)arg;
  a->transport = rb_funcall(client_of(a->chat), rb_intern("transport"), 0);
  VALUE answer = ask_once(a);
  for (int i = 0; i < 2 && !NIL_P(a->error) && adapt(a); i++) answer = ask_once(a);
  if (!NIL_P(a->error)) rb_exc_raise(a->error);
  VALUE text = text_of(answer), model = ptb_dig(answer, "model");
  if (!NIL_P(a->chat->schema)) text = structured(text);
  return ptb_result_new(text, ptb_usage(answer), RB_TYPE_P(model, T_STRING) ? model : a->chat->model, answer);
}

static VALUE failed(VALUE arg, VALUE error) {
  const asking *a = (const asking *)arg;
  VALUE message = rb_obj_as_string(rb_funcall(error, rb_intern("message"), 0));
  if (!NIL_P(a->transport)) message = ptb_transport_redact(a->transport, message);
  ptb_error_raise(ptb_error_wrap(ptb_eApi, message, error), error);
}

VALUE ptb_chat_native(ptb_chat *c) {
  VALUE limit = NIL_P(c->timeout) ? ptb_setting("request_timeout") : c->timeout;
  ptb_chat_check_provider(c->provider);
  asking a = {.chat = c, .transport = Qnil, .body = body_of(c), .error = Qnil,
              .deadline = NIL_P(limit) ? INFINITY : ptn_now() + ptb_check_timeout(limit)};
  return rb_rescue2(ask, (VALUE)&a, failed, (VALUE)&a, ptb_eError, (VALUE)0);
}
