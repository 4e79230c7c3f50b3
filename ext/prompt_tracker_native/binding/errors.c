#include <stdbool.h>

#include "errors.h"

#include <string.h>

#include "utf8.h"

VALUE ptb_mPromptTracker, ptb_mNative, ptb_mErrorDetails;
VALUE ptb_eError, ptb_eConfiguration, ptb_eConnection, ptb_eTimeout, ptb_eAnswer, ptb_eHTTP;

static ID id_message, id_retryable, id_cause;

static const char *const details[] = {"status", "code", "type", "param", "request_id",
                                      "body", "headers", "thread_id", "run_id"};
enum { DETAILS = sizeof(details) / sizeof(*details), QUOTED_CHARS = 300 };

static ID ivar(const char *detail) {
  char name[24];
  snprintf(name, sizeof(name), "@%s", detail);
  return rb_intern(name);
}

void ptb_error_set(VALUE error, const char *detail, VALUE value) {
  if (!NIL_P(value)) rb_ivar_set(error, ivar(detail), value);
}

void ptb_error_set_retryable(VALUE error, bool retryable) {
  rb_ivar_set(error, id_retryable, retryable ? Qtrue : Qfalse);
}

VALUE ptb_error_wrap(VALUE klass, VALUE message, VALUE cause) {
  if (NIL_P(message)) message = rb_obj_as_string(rb_funcall(cause, id_message, 0));
  VALUE error = rb_exc_new_str(klass, message);
  if (RTEST(rb_obj_is_kind_of(cause, ptb_mErrorDetails))) {
    for (int i = 0; i < DETAILS; i++) {
      ptb_error_set(error, details[i], rb_attr_get(cause, ivar(details[i])));
    }
    rb_ivar_set(error, id_retryable, rb_attr_get(cause, id_retryable));
  }
  return error;
}

void ptb_error_raise(VALUE error, VALUE cause) {
  VALUE options = rb_hash_new();
  rb_hash_aset(options, ID2SYM(id_cause), cause);
  VALUE args[] = {error, options};
  rb_funcallv_kw(rb_mKernel, rb_intern("raise"), 2, args, RB_PASS_KEYWORDS);
  rb_exc_raise(error); /* not reached */
}

/* True where the error may not come again: a 429, a 503, a lost connection …
 *
 * @return [Boolean] whether the same call may work a little later
 */
static VALUE details_retryable_p(VALUE self) { return RTEST(rb_attr_get(self, id_retryable)) ? Qtrue : Qfalse; }

/* ---- what servers say ---- */

static VALUE field(VALUE hash, const char *key) {
  return RB_TYPE_P(hash, T_HASH) ? rb_hash_aref(hash, rb_str_new_cstr(key)) : Qnil;
}

static VALUE text_or_nil(VALUE value) {
  return RB_TYPE_P(value, T_STRING) && RSTRING_LEN(value) > 0 ? value : Qnil;
}

/* The first of a list of errors: strings, or hashes with a message. */
static VALUE first_of(VALUE list) {
  VALUE first = RB_TYPE_P(list, T_ARRAY) && RARRAY_LEN(list) > 0 ? rb_ary_entry(list, 0) : Qnil;
  VALUE message = text_or_nil(first);
  if (NIL_P(message)) message = text_or_nil(field(first, "message"));
  if (NIL_P(message)) message = text_or_nil(field(first, "msg"));
  return message;
}

static VALUE title_of_html(VALUE text) {
  VALUE match = rb_funcall(text, rb_intern("[]"), 2,
                           rb_reg_new_str(rb_str_new_cstr("<title[^>]*>\\s*([^<]*?)\\s*</title>"), 1 /* IGNORECASE */),
                           INT2FIX(1));
  return NIL_P(match) || RSTRING_LEN(match) == 0 ? rb_str_new_cstr("an HTML page")
                                                 : rb_sprintf("an HTML page: %" PRIsVALUE, match);
}

static VALUE quote(VALUE text) {
  if (NIL_P(text)) return Qnil;
  text = rb_funcall(rb_funcall(text, rb_intern("scrub"), 0), rb_intern("strip"), 0);
  if (RSTRING_LEN(text) == 0) return Qnil;
  if (RSTRING_PTR(text)[0] == '<') return title_of_html(text);
  long chars = NUM2LONG(rb_funcall(text, rb_intern("length"), 0));
  if (chars <= QUOTED_CHARS) return text;
  return rb_str_cat_cstr(rb_str_dup(rb_str_substr(text, 0, QUOTED_CHARS)), "…");
}

static void read_plain_shapes(VALUE parsed, ptb_error_fields *f) {
  const char *const keys[] = {"message", "detail", "title", "error_description"};
  f->message = first_of(field(parsed, "error"));
  if (NIL_P(f->message)) f->message = first_of(field(parsed, "errors"));
  if (NIL_P(f->message)) f->message = first_of(field(parsed, "detail"));
  for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && NIL_P(f->message); i++) {
    f->message = text_or_nil(field(parsed, keys[i]));
  }
  f->code = field(parsed, "code");
  f->type = text_or_nil(field(parsed, "type"));
}

ptb_error_fields ptb_error_fields_of(VALUE parsed, VALUE text) {
  ptb_error_fields f = {Qnil, Qnil, Qnil, Qnil, false};
  VALUE error = field(parsed, "error");
  if (RB_TYPE_P(error, T_HASH)) {
    f.message = text_or_nil(field(error, "message"));
    f.code = field(error, "code");
    f.type = field(error, "type");
    f.param = field(error, "param");
    f.api = !NIL_P(f.message);
  } else if (!NIL_P(text_or_nil(error))) {
    f.message = error;
  } else {
    read_plain_shapes(parsed, &f);
  }
  if (NIL_P(f.message)) f.message = quote(text);
  if (!NIL_P(f.message)) f.message = ptb_text_shown(f.message);
  return f;
}

static VALUE define_error(const char *name, VALUE parent) {
  VALUE klass = rb_define_class_under(ptb_mNative, name, parent);
  rb_gc_register_mark_object(klass);
  return klass;
}

void ptb_init_errors(void) {
  id_message = rb_intern("message");
  id_retryable = rb_intern("@retryable");
  id_cause = rb_intern("cause");
  ptb_mPromptTracker = rb_define_module("PromptTracker");
  ptb_mNative = rb_define_module_under(ptb_mPromptTracker, "Native");
  ptb_mErrorDetails = rb_define_module_under(ptb_mNative, "ErrorDetails");
  for (int i = 0; i < DETAILS; i++) rb_define_attr(ptb_mErrorDetails, details[i], 1, 0);
  rb_define_method(ptb_mErrorDetails, "retryable?", details_retryable_p, 0);

  ptb_eError = define_error("Error", rb_eStandardError);
  rb_include_module(ptb_eError, ptb_mErrorDetails);
  ptb_eConfiguration = define_error("ConfigurationError", ptb_eError);
  ptb_eConnection = define_error("ConnectionError", ptb_eError);
  ptb_eTimeout = define_error("TimeoutError", ptb_eConnection);
  ptb_eAnswer = define_error("AnswerError", ptb_eError);
  ptb_eHTTP = define_error("HTTPError", ptb_eError);
}
