#ifndef PTN_TEST_SUPPORT_H
#define PTN_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buffer.h"

/* The bytes of a string literal, with NULs inside, as two arguments. */
#define BYTES(literal) (literal), (sizeof(literal) - 1)

/* Fails unless the two are the same bytes. */
#define assert_bytes(at, len, literal)                   \
  do {                                                   \
    assert_int_equal((len), sizeof(literal) - 1);        \
    assert_memory_equal((at), (literal), (size_t)(len)); \
  } while (0)

/* A copy that fills its block exactly, so that tools see a read past its end. Freed by the caller. */
char *exact_copy(const char *bytes, size_t len);

/* A buffer that such a copy fills. */
ptn_buffer exact_buffer(const char *bytes, size_t len);

/* A small random number generator with the same numbers on every system: 0 <= result < below. */
typedef struct {
  uint64_t state;
} test_random;
size_t random_below(test_random *random, size_t below);

/*
 * Fills `out` with a file of the shared wire data (../shared, or what PTN_SHARED names). False, and a line that says
 * so, when it is absent.
 */
bool read_shared(const char *path, ptn_buffer *out);

/* Calls `each` with the body of every event stream that is recorded in the shared data; returns how many there were. */
typedef void (*stream_visitor)(const char *body, size_t len);
size_t each_shared_stream(stream_visitor each);

#endif
