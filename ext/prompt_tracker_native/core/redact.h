#ifndef PTN_REDACT_H
#define PTN_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

/*
 * Replaces by [REDACTED] every occurrence of the `count` secrets (those shorter than 4 bytes, and NULLs, are passed
 * over) and what looks like a credential: `sk-` keys, what follows `Bearer` or `api-key:`, the user information of a
 * URL. Only the credential goes, the words around it stay.
 *
 * False when memory is out: the text is then empty, so that nothing leaks.
 */
bool ptn_redact(ptn_buffer *text, const char *const *secrets, size_t count);

#endif
