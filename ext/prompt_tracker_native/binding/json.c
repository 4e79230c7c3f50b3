#include "json.h"

#include <ruby/encoding.h>
#include <stdbool.h>
#include <string.h>

#include "errors.h"
#include "text.h"
#include "utf8.h"

enum { EXCERPT = 200, MAX_DEPTH = 100 };

static VALUE mJSON, eParserError, eGeneratorError;
static ID id_parse, id_generate;

static bool has_surrogate_escape(const char *json, size_t len) {
  const char *end = json + len;
  for (const char *at = json; (at = memchr(at, '\\', (size_t)(end - at))) && end - at > 2; at += 2) {
    if (at[1] == 'u' && (at[2] == 'd' || at[2] == 'D')) return true;
  }
  return false;
}

static VALUE source(const char *json, size_t len, bool *mended) {
  VALUE text = rb_utf8_str_new(json, (long)len);
  *mended = has_surrogate_escape(json, len);
  if (*mended) rb_str_set_len(text, (long)ptn_text_mend_json_bytes(RSTRING_PTR(text), len));
  return text;
}

static VALUE parse(VALUE text) { return rb_funcall(mJSON, id_parse, 1, text); }
static VALUE parse_failed(VALUE text, VALUE error) {
  (void)text;
  (void)error;
  rb_set_errinfo(Qnil);
  return Qundef;
}

static VALUE join_deep(VALUE value);

static int join_pair(VALUE key, VALUE value, VALUE hash) {
  (void)key;
  VALUE joined = join_deep(value);
  if (joined != value) rb_hash_aset(hash, key, joined);
  return ST_CONTINUE;
}

static VALUE join_deep(VALUE value) {
  if (RB_TYPE_P(value, T_STRING)) {
    return rb_enc_str_coderange(value) == ENC_CODERANGE_BROKEN ? ptb_text_join(value) : value;
  }
  if (RB_TYPE_P(value, T_HASH)) rb_hash_foreach(value, join_pair, value);
  if (RB_TYPE_P(value, T_ARRAY)) {
    for (long i = 0; i < RARRAY_LEN(value); i++) rb_ary_store(value, i, join_deep(rb_ary_entry(value, i)));
  }
  return value;
}

static VALUE try_parse(const char *json, size_t len, bool *mended) {
  VALUE text = source(json, len, mended);
  return rb_rescue2(parse, text, parse_failed, text, eParserError, rb_eEncodingError, (VALUE)0);
}

NORETURN(static void refuse(const char *json, size_t len, const char *more));
static void refuse(const char *json, size_t len, const char *more) {
  VALUE excerpt = ptb_text_shown(ptb_text_new(json, len > EXCERPT ? EXCERPT : len)); /* redacted by those who show it */
  VALUE message = len == 0 ? rb_utf8_str_new_cstr("the answer is empty where JSON was expected")
                           : rb_enc_sprintf(rb_utf8_encoding(), "the answer is not valid JSON: %" PRIsVALUE "%s", excerpt,
                                            len > EXCERPT ? "…" : "");
  VALUE error = rb_exc_new_str(ptb_eAnswer, rb_str_cat_cstr(message, more));
  ptb_error_set(error, "body", ptb_text_join(ptb_text_new(json, len)));
  rb_exc_raise(error);
}

VALUE ptb_json_try_raw(const char *json, size_t len) {
  bool mended;
  return try_parse(json, len, &mended);
}

VALUE ptb_json_parse_raw(const char *json, size_t len) {
  VALUE parsed = ptb_json_try_raw(json, len);
  if (parsed == Qundef) refuse(json, len, "");
  return parsed;
}

VALUE ptb_json_try(const char *json, size_t len) {
  bool mended;
  VALUE parsed = try_parse(json, len, &mended);
  return parsed != Qundef && mended ? join_deep(parsed) : parsed;
}

VALUE ptb_json_parse(const char *json, size_t len) { return ptb_json_parse_or(json, len, ""); }

VALUE ptb_json_parse_or(const char *json, size_t len, const char *more) {
  VALUE parsed = ptb_json_try(json, len);
  if (parsed == Qundef) refuse(json, len, more);
  return parsed;
}

/* ---- generation ---- */

static VALUE utf8_deep(VALUE value, int depth);

static int utf8_pair(VALUE key, VALUE value, VALUE arg) {
  VALUE *into = (VALUE *)arg;
  rb_hash_aset(into[0], utf8_deep(key, NUM2INT(into[1])), utf8_deep(value, NUM2INT(into[1])));
  return ST_CONTINUE;
}

/* A copy in which every String is UTF-8. */
static VALUE utf8_deep(VALUE value, int depth) {
  if (depth > MAX_DEPTH) rb_raise(rb_eArgError, "the parameters are nested more than %d levels deep", MAX_DEPTH);
  if (RB_TYPE_P(value, T_STRING)) return ptb_text_utf8(value, "a text in the parameters");
  if (RB_TYPE_P(value, T_HASH)) {
    VALUE into[] = {rb_hash_new(), INT2FIX(depth + 1)};
    rb_hash_foreach(value, utf8_pair, (VALUE)into);
    return into[0];
  }
  if (RB_TYPE_P(value, T_ARRAY)) {
    VALUE copy = rb_ary_new_capa(RARRAY_LEN(value));
    for (long i = 0; i < RARRAY_LEN(value); i++) rb_ary_push(copy, utf8_deep(rb_ary_entry(value, i), depth + 1));
    return copy;
  }
  return value;
}

typedef struct {
  int depth;
  bool ready;
} readiness;

static bool is_ready(VALUE value, int depth);

static int check_pair(VALUE key, VALUE value, VALUE arg) {
  readiness *r = (readiness *)arg;
  r->ready = is_ready(key, r->depth) && is_ready(value, r->depth);
  return r->ready ? ST_CONTINUE : ST_STOP;
}

/* Whether the copy would be the same, so that none need be made. */
static bool is_ready(VALUE value, int depth) {
  if (depth > MAX_DEPTH) return false;
  if (RB_TYPE_P(value, T_STRING)) {
    return rb_enc_get_index(value) == rb_utf8_encindex() && rb_enc_str_coderange(value) != ENC_CODERANGE_BROKEN;
  }
  if (RB_TYPE_P(value, T_HASH)) {
    readiness r = {depth + 1, rb_obj_class(value) == rb_cHash};
    if (r.ready) rb_hash_foreach(value, check_pair, (VALUE)&r);
    return r.ready;
  }
  if (RB_TYPE_P(value, T_ARRAY)) {
    if (rb_obj_class(value) != rb_cArray) return false;
    for (long i = 0; i < RARRAY_LEN(value); i++) {
      if (!is_ready(rb_ary_entry(value, i), depth + 1)) return false;
    }
  }
  return true;
}

static VALUE generate(VALUE object) { return rb_funcall(mJSON, id_generate, 1, object); }

static VALUE generate_failed(VALUE object, VALUE error) {
  (void)object;
  rb_raise(rb_eArgError, "the parameters can't be written as JSON: %" PRIsVALUE, rb_obj_as_string(error));
}

VALUE ptb_json_generate(VALUE object) {
  if (!is_ready(object, 0)) object = utf8_deep(object, 0);
  return rb_rescue2(generate, object, generate_failed, Qnil, eGeneratorError, (VALUE)0);
}

/* ---- PromptTracker::Native::Text ---- */

/* @api private
 * @param json [String] a complete JSON document
 * @return [Object] what it holds; every String is valid UTF-8
 * @raise [AnswerError] where it is not JSON
 */
static VALUE text_parse_json(VALUE self, VALUE json) {
  (void)self;
  StringValue(json);
  VALUE parsed = ptb_json_parse(RSTRING_PTR(json), (size_t)RSTRING_LEN(json));
  RB_GC_GUARD(json);
  return parsed;
}

/* @api private
 * @param object [Object] Hashes, Arrays, Strings …
 * @return [String] its JSON
 * @raise [ArgumentError] where a String is not valid text
 */
static VALUE text_generate_json(VALUE self, VALUE object) {
  (void)self;
  return ptb_json_generate(object);
}

/* @api private
 * @param text [String]
 * @return [String] the text in UTF-8
 * @raise [ArgumentError] where it is not valid text
 */
static VALUE text_utf8(VALUE self, VALUE text) {
  (void)self;
  StringValue(text);
  return ptb_text_utf8(text, "the text");
}

static VALUE pinned(VALUE value) {
  rb_gc_register_mark_object(value);
  return value;
}

void ptb_init_json(void) {
  rb_require("json");
  id_parse = rb_intern("parse");
  id_generate = rb_intern("generate");
  mJSON = pinned(rb_const_get(rb_cObject, rb_intern("JSON")));
  eParserError = pinned(rb_const_get(mJSON, rb_intern("ParserError")));
  eGeneratorError = pinned(rb_const_get(mJSON, rb_intern("GeneratorError")));
  VALUE mText = rb_define_module_under(ptb_mNative, "Text");
  rb_define_singleton_method(mText, "parse_json", text_parse_json, 1);
  rb_define_singleton_method(mText, "generate_json", text_generate_json, 1);
  rb_define_singleton_method(mText, "utf8!", text_utf8, 1);
}
