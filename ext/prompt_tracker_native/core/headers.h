#ifndef PTN_HEADERS_H
#define PTN_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Look-ups in the raw header block of one response: "Name: value" lines that end with CRLF or LF. The status line,
 * blank lines and lines whose name is no token are passed over. Pointers given back are into the block; values are
 * without the white space around them.
 */

/* The first header of that name, in any case. False: there is none, and nothing is set. */
bool ptn_headers_find(const char *block, size_t len, const char *name, const char **value, size_t *value_len);

/* The next header from *pos on (0 at first), which moves past it. False: there are no more. */
bool ptn_headers_next(const char *block, size_t len, size_t *pos, const char **name, size_t *name_len,
                      const char **value, size_t *value_len);

/* Whether a header's name is `other`, in any case. */
bool ptn_header_is(const char *name, size_t len, const char *other);

/* A token as RFC 9110 has it: not empty, no spaces, no separators. */
bool ptn_header_name_ok(const char *name, size_t len);

/* No control character but the tab; above all no CR, LF or NUL. Empty is fine. */
bool ptn_header_value_ok(const char *value, size_t len);

#endif
