#ifndef PTB_JSON_H
#define PTB_JSON_H

#include <ruby.h>
#include <stdbool.h>

void ptb_init_json(void);

/* Parses a complete JSON document. Lone surrogates, which servers send when they cut an emoji in two, stay in
 * the strings as raw bytes: join the parts, then ptb_text_join them. AnswerError on anything that is no JSON. */
VALUE ptb_json_parse_raw(const char *json, size_t len);

/* The same, but Qundef where it is no JSON. */
VALUE ptb_json_try_raw(const char *json, size_t len);

/* Parses with every string made valid. */
VALUE ptb_json_parse(const char *json, size_t len);

/* The same, with an error whose message ends in `more`. */
VALUE ptb_json_parse_or(const char *json, size_t len, const char *more);

/* The same, but Qundef where it is no JSON. */
VALUE ptb_json_try(const char *json, size_t len);

/* JSON text of `object`, whose strings are first taken to UTF-8. ArgumentError where one can't be. */
VALUE ptb_json_generate(VALUE object);

#endif
