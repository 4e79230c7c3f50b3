#ifndef PTN_TEXT_H
#define PTN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

/*
 * Servers cut text between the two halves of a UTF-16 surrogate pair, so that a JSON document may hold a `\ud83c` whose
 * other half comes with a later one. Such a half is carried as its three raw bytes (ED A0..BF 80..BF) from
 * ptn_text_mend_json, through the JSON parser, to ptn_text_join.
 */

/*
 * Rewrites every unpaired `\uD800`..`\uDFFF` escape of a JSON document to its three bytes, in place. Pairs stay, and so
 * does everything else. The text can only shrink; the second form returns its new length.
 */
void ptn_text_mend_json(ptn_buffer *json);
size_t ptn_text_mend_json_bytes(char *json, size_t len);

/*
 * Makes the text valid UTF-8: a raw high half and the low half right after it become their character; a half that is
 * alone, and each maximal invalid part, becomes U+FFFD. False when memory is out; the text is then unchanged.
 */
bool ptn_text_join(ptn_buffer *text);

/*
 * How many leading bytes do not depend on what may follow: all but a last raw high half and a last incomplete
 * character. Joining the text in such pieces gives what joining the whole gives.
 */
size_t ptn_text_ready(const char *text, size_t len);

/* Strict UTF-8: no surrogates, no overlong forms, nothing over U+10FFFF. */
bool ptn_text_is_utf8(const char *text, size_t len);

#endif
