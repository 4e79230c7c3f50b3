#ifndef PTN_FUZZ_H
#define PTN_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What each target defines. libFuzzer calls it with inputs that it makes up, replay.c with the stored ones. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Ends the process, in every build: a broken promise is what the fuzzer looks for. */
#define PROMISE(condition)                                                                    \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition);         \
      abort();                                                                                \
    }                                                                                         \
  } while (0)

/* An input is read from its front: a few bytes that choose settings, then what is to be parsed. */
typedef struct {
  const uint8_t *at;
  size_t len;
} fuzz_input;

static inline uint8_t fuzz_byte(fuzz_input *in) {
  if (in->len == 0) return 0;
  in->len--;
  return *in->at++;
}

/* A copy of exactly that size, so that a sanitizer sees each read past its end. The caller frees it. */
static inline char *fuzz_rest(const fuzz_input *in) {
  char *copy = malloc(in->len ? in->len : 1);
  PROMISE(copy != NULL);
  for (size_t i = 0; i < in->len; i++) copy[i] = (char)in->at[i];
  return copy;
}

#endif
