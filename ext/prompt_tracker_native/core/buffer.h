#ifndef PTN_BUFFER_H
#define PTN_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* A growing byte buffer. `data` is NULL while `cap` is 0, and the bytes are not ended by a NUL. */
typedef struct {
  char *data;
  size_t len, cap;
} ptn_buffer;

#if defined(__GNUC__)
#define PTN_PRINTF(at, args) __attribute__((format(printf, at, args)))
#else
#define PTN_PRINTF(at, args)
#endif

void ptn_buffer_init(ptn_buffer *b);

/* Releases the memory; the buffer is then empty and may be used again. */
void ptn_buffer_free(ptn_buffer *b);

/* Forgets the bytes, keeps the memory. */
void ptn_buffer_clear(ptn_buffer *b);

void ptn_buffer_swap(ptn_buffer *a, ptn_buffer *b);

/*
 * Each of these returns false when memory is out or the size would overflow; the content is then unchanged.
 * `reserve` makes room for `more` bytes past `len`. The bytes that `append` takes may be the buffer's own;
 * the arguments of `appendf` may not.
 */
bool ptn_buffer_reserve(ptn_buffer *b, size_t more);
bool ptn_buffer_append(ptn_buffer *b, const void *bytes, size_t n);
bool ptn_buffer_append_str(ptn_buffer *b, const char *str);
bool ptn_buffer_appendf(ptn_buffer *b, const char *format, ...) PTN_PRINTF(2, 3);

#endif
