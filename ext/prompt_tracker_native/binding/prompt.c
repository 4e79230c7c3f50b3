#include "prompt.h"

#include <ctype.h>
#include <math.h>
#include <ruby/encoding.h>
#include <stdbool.h>
#include <string.h>

#include "json.h"
#include "names.h"
#include "utf8.h"

static bool is_blank(VALUE text) {
  for (long i = 0; i < RSTRING_LEN(text); i++) {
    if (!isspace((unsigned char)RSTRING_PTR(text)[i])) return false;
  }
  return true;
}

enum { MAX_DEPTH = 100 }; /* deeper ones are refused when they are written as JSON */

static void check_texts(VALUE value, int depth);

static int check_pair(VALUE key, VALUE value, VALUE depth) {
  check_texts(key, NUM2INT(depth));
  check_texts(value, NUM2INT(depth));
  return ST_CONTINUE;
}

/* Every text in a part, now and not when a thread has been made for it. */
static void check_texts(VALUE value, int depth) {
  if (depth > MAX_DEPTH) return;
  if (RB_TYPE_P(value, T_STRING)) ptb_text_utf8(value, "a text in the prompt");
  if (RB_TYPE_P(value, T_HASH)) rb_hash_foreach(value, check_pair, INT2FIX(depth + 1));
  if (!RB_TYPE_P(value, T_ARRAY)) return;
  for (long i = 0; i < RARRAY_LEN(value); i++) check_texts(rb_ary_entry(value, i), depth + 1);
}

static VALUE check_part(VALUE part) {
  check_texts(part, 0);
  if (RB_TYPE_P(part, T_STRING)) {
    VALUE hash = rb_hash_new();
    ptb_put(hash, "type", rb_utf8_str_new_cstr("text"));
    ptb_put(hash, "text", part);
    return hash;
  }
  if (RB_TYPE_P(part, T_HASH)) return part;
  rb_enc_raise(rb_utf8_encoding(), rb_eArgError, "a part of the prompt must be a Hash such as {type: \"text\", text: \"…\"} or a String, not %" PRIsVALUE,
               rb_obj_class(part));
}

VALUE ptb_check_prompt(VALUE prompt) {
  if (RB_TYPE_P(prompt, T_STRING)) {
    prompt = ptb_text_utf8(prompt, "prompt");
    if (is_blank(prompt)) rb_raise(rb_eArgError, "prompt is blank: give the text to send");
    return prompt;
  }
  if (!RB_TYPE_P(prompt, T_ARRAY)) {
    rb_raise(rb_eArgError, "prompt must be a String or an Array of content parts, not %" PRIsVALUE, rb_obj_class(prompt));
  }
  if (RARRAY_LEN(prompt) == 0) rb_raise(rb_eArgError, "prompt is an empty Array: give at least one content part");
  VALUE parts = rb_ary_new_capa(RARRAY_LEN(prompt));
  for (long i = 0; i < RARRAY_LEN(prompt); i++) rb_ary_push(parts, check_part(rb_ary_entry(prompt, i)));
  return parts;
}

static bool is_unreserved(char c) { return isalnum((unsigned char)c) || (c != '\0' && strchr("._~-", c)); }

void ptb_check_id(VALUE id, const char *name) {
  const char *example = strcmp(name, "assistant_id") == 0 ? " such as \"asst_abc123\"" : "";
  if (!RB_TYPE_P(id, T_STRING)) rb_raise(rb_eArgError, "%s must be a String%s, not %" PRIsVALUE, name, example, rb_inspect(id));
  if (is_blank(id)) rb_raise(rb_eArgError, "%s is blank: give an id%s", name, example);
  for (long i = 0; i < RSTRING_LEN(id); i++) {
    if (is_unreserved(RSTRING_PTR(id)[i])) continue;
    rb_raise(rb_eArgError, "%s holds characters that an id can't hold (letters, digits and ._~- are fine): %" PRIsVALUE,
             name, rb_inspect(id));
  }
  if (RSTRING_PTR(id)[0] == '.') rb_raise(rb_eArgError, "%s begins with a dot", name);
}

bool ptb_is_server_id(VALUE id) {
  if (!RB_TYPE_P(id, T_STRING) || RSTRING_LEN(id) == 0 || RSTRING_PTR(id)[0] == '.') return false;
  for (long i = 0; i < RSTRING_LEN(id); i++) {
    char c = RSTRING_PTR(id)[i];
    if (!is_unreserved(c) && (c == '\0' || !strchr(":@!$&'()*+,;=", c))) return false; /* RFC 3986: pchar */
  }
  return true;
}

double ptb_check_timeout(VALUE timeout) {
  if (!rb_respond_to(timeout, rb_intern("to_f"))) {
    rb_raise(rb_eArgError, "timeout must be a number of seconds, not %" PRIsVALUE, rb_inspect(timeout));
  }
  double seconds = NUM2DBL(rb_funcall(timeout, rb_intern("to_f"), 0));
  if (NIL_P(timeout) || isnan(seconds) || seconds <= 0) {
    rb_raise(rb_eArgError, "timeout must be more than 0 seconds, not %" PRIsVALUE, rb_inspect(timeout));
  }
  return seconds;
}
