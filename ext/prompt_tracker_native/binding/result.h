#ifndef PTB_RESULT_H
#define PTB_RESULT_H

#include <ruby.h>
#include <stdbool.h>

#include "names.h"

void ptb_init_result(void);

/* object["key"], also of stand-ins that only answer []; nil where it has none. */
VALUE ptb_dig_key(VALUE object, VALUE key);
#define ptb_dig(object, key) ptb_dig_key((object), PTB_STRING(key))

/* True where `value` is a String of just these bytes. */
bool ptb_is(VALUE value, const char *expected);

/* True where `value` is a String that begins so. */
bool ptb_begins_with(VALUE value, const char *prefix);

/* The text of a message in the Assistants shape: all its text blocks, joined with a blank line; nil for none. */
VALUE ptb_message_text(VALUE message);

/* {prompt_tokens:, completion_tokens:, total_tokens:} of a run or a chat completion; zeros where it has none. */
VALUE ptb_usage(VALUE answer);

/* The result hash of a service call. */
VALUE ptb_result_new(VALUE text, VALUE usage, VALUE model, VALUE raw);

/* raw: of an assistant's answer. */
VALUE ptb_result_raw(VALUE thread_id, VALUE run_id, VALUE message, VALUE run);

#endif
