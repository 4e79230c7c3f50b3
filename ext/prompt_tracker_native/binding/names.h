#ifndef PTB_NAMES_H
#define PTB_NAMES_H

#include <ruby.h>
#include <ruby/encoding.h>

/* Names as they are written in the source, made once for each place that has one, as Ruby's own rb_intern does it. */

static inline VALUE ptb_string_kept(VALUE *slot, const char *bytes, long len) {
  if (!*slot) {
    VALUE string = rb_enc_interned_str(bytes, len, rb_utf8_encoding());
    rb_gc_register_mark_object(string);
    *slot = string;
  }
  return *slot;
}

/* A frozen String, such as the key of a Hash that was JSON. */
#define PTB_STRING(literal) \
  __extension__({ static VALUE string_; ptb_string_kept(&string_, "" literal, (long)sizeof(literal) - 1); })

#define PTB_SYMBOL(literal) ID2SYM(rb_intern("" literal))

/* hash[:name] = value, and hash["name"] = value */
#define ptb_set(hash, name, value) rb_hash_aset((hash), PTB_SYMBOL(name), (value))
#define ptb_put(hash, name, value) rb_hash_aset((hash), PTB_STRING(name), (value))

#endif
