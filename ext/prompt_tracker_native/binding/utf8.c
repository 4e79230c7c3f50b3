#include "utf8.h"

#include <ruby/encoding.h>
#include <stdbool.h>
#include <string.h>

#include "buffer.h"
#include "text.h"

VALUE ptb_text_new(const char *bytes, size_t len) { return rb_utf8_str_new(bytes, (long)len); }

static VALUE encode_to_utf8(VALUE text) {
  return rb_funcall(text, rb_intern("encode"), 1, rb_enc_from_encoding(rb_utf8_encoding()));
}

static VALUE encode_failed(VALUE name, VALUE error) {
  (void)name;
  (void)error;
  return Qundef;
}

static VALUE with_utf8_encoding(VALUE text) {
  VALUE copy = rb_str_dup(text);
  rb_enc_associate(copy, rb_utf8_encoding());
  return copy;
}

VALUE ptb_text_utf8(VALUE text, const char *name) {
  int encoding = rb_enc_get_index(text);
  VALUE utf8;
  if (encoding == rb_utf8_encindex()) utf8 = text;
  else if (encoding == rb_ascii8bit_encindex() || encoding == rb_usascii_encindex()) utf8 = with_utf8_encoding(text);
  else utf8 = rb_rescue2(encode_to_utf8, text, encode_failed, Qnil, rb_eEncodingError, (VALUE)0);
  if (utf8 == Qundef || rb_enc_str_coderange(utf8) == ENC_CODERANGE_BROKEN) {
    rb_raise(rb_eArgError, "%s is not valid UTF-8 text (its encoding is %s): transcode it, or use String#scrub", name,
             rb_enc_name(rb_enc_from_index(encoding)));
  }
  return utf8;
}

VALUE ptb_text_join(VALUE text) {
  if (rb_enc_str_coderange(text) != ENC_CODERANGE_BROKEN && rb_enc_get_index(text) == rb_utf8_encindex()) return text;
  ptn_buffer buffer;
  ptn_buffer_init(&buffer);
  bool joined = ptn_buffer_append(&buffer, RSTRING_PTR(text), (size_t)RSTRING_LEN(text)) && ptn_text_join(&buffer);
  VALUE out = joined ? rb_str_new(NULL, (long)buffer.len) : Qnil;
  if (joined) memcpy(RSTRING_PTR(out), buffer.data, buffer.len);
  ptn_buffer_free(&buffer);
  if (!joined) rb_raise(rb_eNoMemError, "no memory for an answer's text");
  rb_enc_associate(out, rb_utf8_encoding());
  return out;
}

VALUE ptb_text_shown(VALUE text) {
  text = ptb_text_join(text);
  if (!memchr(RSTRING_PTR(text), '\0', (size_t)RSTRING_LEN(text))) return text;
  return rb_funcall(text, rb_intern("delete"), 1, rb_str_new("\0", 1));
}
