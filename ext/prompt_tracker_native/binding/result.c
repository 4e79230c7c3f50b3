#include "result.h"

#include <string.h>

static VALUE sym_text, sym_usage, sym_model, sym_raw, sym_prompt_tokens, sym_completion_tokens, sym_total_tokens;
static VALUE sym_thread_id, sym_run_id, sym_assistant_message, sym_message, sym_run;
static ID id_aref;

VALUE ptb_dig_key(VALUE object, VALUE key) {
  if (NIL_P(object) || RB_SPECIAL_CONST_P(object)) return Qnil;
  if (RB_TYPE_P(object, T_HASH)) return rb_hash_aref(object, key);
  if (RB_TYPE_P(object, T_STRING) || RB_TYPE_P(object, T_ARRAY)) return Qnil;
  return rb_respond_to(object, id_aref) ? rb_funcall(object, id_aref, 1, rb_str_dup(key)) : Qnil;
}

bool ptb_is(VALUE value, const char *expected) {
  size_t len = strlen(expected);
  return RB_TYPE_P(value, T_STRING) && (size_t)RSTRING_LEN(value) == len && memcmp(RSTRING_PTR(value), expected, len) == 0;
}

bool ptb_begins_with(VALUE value, const char *prefix) {
  size_t len = strlen(prefix);
  return RB_TYPE_P(value, T_STRING) && (size_t)RSTRING_LEN(value) >= len && memcmp(RSTRING_PTR(value), prefix, len) == 0;
}

/* The text of one block, or nil. Stand-ins leave `type` out; some servers send `text` as a plain string. */
static VALUE block_text(VALUE block) {
  if (RB_TYPE_P(block, T_STRING)) return block;
  VALUE refusal = ptb_dig(block, "refusal");
  if (RB_TYPE_P(refusal, T_STRING)) return refusal;
  VALUE text = ptb_dig(block, "text");
  if (!RB_TYPE_P(text, T_STRING)) text = ptb_dig(text, "value");
  return RB_TYPE_P(text, T_STRING) ? text : Qnil;
}

VALUE ptb_message_text(VALUE message) {
  VALUE content = ptb_dig(message, "content"), joined = Qnil;
  if (RB_TYPE_P(content, T_STRING)) return rb_str_dup(content);
  if (!RB_TYPE_P(content, T_ARRAY)) return Qnil;
  for (long i = 0; i < RARRAY_LEN(content); i++) {
    VALUE text = block_text(rb_ary_entry(content, i));
    if (NIL_P(text)) continue;
    if (NIL_P(joined)) {
      joined = rb_str_dup(text);
    } else {
      rb_str_cat_cstr(joined, "\n\n");
      rb_str_append(joined, text);
    }
  }
  return joined;
}

static VALUE count_or_zero(VALUE value) { return RB_INTEGER_TYPE_P(value) ? value : INT2FIX(0); }

VALUE ptb_usage(VALUE answer) {
  VALUE usage = ptb_dig(answer, "usage"), hash = rb_hash_new();
  rb_hash_aset(hash, sym_prompt_tokens, count_or_zero(ptb_dig(usage, "prompt_tokens")));
  rb_hash_aset(hash, sym_completion_tokens, count_or_zero(ptb_dig(usage, "completion_tokens")));
  rb_hash_aset(hash, sym_total_tokens, count_or_zero(ptb_dig(usage, "total_tokens")));
  return hash;
}

VALUE ptb_result_new(VALUE text, VALUE usage, VALUE model, VALUE raw) {
  VALUE result = rb_hash_new();
  rb_hash_aset(result, sym_text, text);
  rb_hash_aset(result, sym_usage, usage);
  rb_hash_aset(result, sym_model, model);
  rb_hash_aset(result, sym_raw, raw);
  return result;
}

VALUE ptb_result_raw(VALUE thread_id, VALUE run_id, VALUE message, VALUE run) {
  VALUE raw = rb_hash_new();
  rb_hash_aset(raw, sym_thread_id, thread_id);
  rb_hash_aset(raw, sym_run_id, run_id);
  rb_hash_aset(raw, sym_assistant_message, message);
  rb_hash_aset(raw, sym_message, message);
  rb_hash_aset(raw, sym_run, run);
  return raw;
}

static VALUE symbol(const char *name) { return ID2SYM(rb_intern(name)); }

void ptb_init_result(void) {
  id_aref = rb_intern("[]");
  sym_text = symbol("text");
  sym_usage = symbol("usage");
  sym_model = symbol("model");
  sym_raw = symbol("raw");
  sym_prompt_tokens = symbol("prompt_tokens");
  sym_completion_tokens = symbol("completion_tokens");
  sym_total_tokens = symbol("total_tokens");
  sym_thread_id = symbol("thread_id");
  sym_run_id = symbol("run_id");
  sym_assistant_message = symbol("assistant_message");
  sym_message = symbol("message");
  sym_run = symbol("run");
}
