#include "buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void ptn_buffer_init(ptn_buffer *b) {
  b->data = NULL;
  b->len = b->cap = 0;
}

void ptn_buffer_free(ptn_buffer *b) {
  free(b->data);
  ptn_buffer_init(b);
}

void ptn_buffer_clear(ptn_buffer *b) {
  b->len = 0;
}

void ptn_buffer_swap(ptn_buffer *a, ptn_buffer *b) {
  ptn_buffer kept = *a;
  *a = *b;
  *b = kept;
}

bool ptn_buffer_reserve(ptn_buffer *b, size_t more) {
  if (more <= b->cap - b->len) return true;
  /* Half the address space is the limit, so that doubling below cannot wrap. */
  if (more > SIZE_MAX / 2 - b->len) return false;

  size_t need = b->len + more;
  size_t cap = b->cap ? b->cap : FIRST_CAPACITY;
  while (cap < need) cap *= 2;

  char *data = realloc(b->data, cap);
  if (!data) return false;
  b->data = data;
  b->cap = cap;
  return true;
}

bool ptn_buffer_append(ptn_buffer *b, const void *bytes, size_t n) {
  if (n == 0) return true;
  /* Growing may move the memory that `bytes` points into. */
  uintptr_t start = (uintptr_t)b->data, at = (uintptr_t)bytes;
  bool own = b->data && at >= start && at < start + b->len;
  size_t offset = own ? (size_t)(at - start) : 0;

  if (!ptn_buffer_reserve(b, n)) return false;
  memmove(b->data + b->len, own ? b->data + offset : bytes, n);
  b->len += n;
  return true;
}

bool ptn_buffer_append_str(ptn_buffer *b, const char *str) {
  return ptn_buffer_append(b, str, strlen(str));
}

bool ptn_buffer_appendf(ptn_buffer *b, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0 || !ptn_buffer_reserve(b, (size_t)length + 1)) return false;

  va_start(args, format);
  vsnprintf(b->data + b->len, (size_t)length + 1, format, args);
  va_end(args);
  b->len += (size_t)length;
  return true;
}
