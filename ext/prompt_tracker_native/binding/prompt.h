#ifndef PTB_PROMPT_H
#define PTB_PROMPT_H

#include <ruby.h>
#include <stdbool.h>

/* Checks of what callers give, before anything is sent. Each raises ArgumentError with a message that names the
 * argument and says what it takes. */

/* A prompt: text, or an Array of content parts. Returns it with every string in UTF-8. */
VALUE ptb_check_prompt(VALUE prompt);

/* An id that may stand in a URL: a String of letters, digits and "._~-". */
void ptb_check_id(VALUE id, const char *name);

/* True for an id that a server gave and that can stand in a path; another one is as good as none. */
bool ptb_is_server_id(VALUE id);

/* Anything that answers to_f: 30, 0.5, 30.seconds. Returns seconds. */
double ptb_check_timeout(VALUE timeout);

#endif
