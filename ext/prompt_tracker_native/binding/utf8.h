#ifndef PTB_UTF8_H
#define PTB_UTF8_H

#include <ruby.h>
#include <stddef.h>

/* `text` as UTF-8: transcoded, or where it is binary taken as it is. ArgumentError "NAME is not valid …". */
VALUE ptb_text_utf8(VALUE text, const char *name);

/* Joins surrogate halves in `text` and replaces what stays invalid. Returns a valid UTF-8 String. */
VALUE ptb_text_join(VALUE text);

/* A text from a server for a message: valid, and without NULs, which Ruby's own formatting refuses. */
VALUE ptb_text_shown(VALUE text);

/* A UTF-8 String of bytes that may be anything. */
VALUE ptb_text_new(const char *bytes, size_t len);

#endif
