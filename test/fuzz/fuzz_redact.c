#include <string.h>

#include "fuzz.h"
#include "redact.h"

static const char KEY_CHARACTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

static bool holds(const ptn_buffer *text, const char *part, size_t len) {
  for (size_t i = 0; text->len >= len && i <= text->len - len; i++) {
    if (memcmp(text->data + i, part, len) == 0) return true;
  }
  return false;
}

/*
 * The secret is made of the input's first bytes, so that the fuzzer can put it into the text. Its characters are a key's:
 * one with a bracket in it could come into being beside a "[REDACTED]".
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_input in = {bytes, len};
  char secret[13] = {0};
  size_t secret_len = 4 + fuzz_byte(&in) % 8;
  for (size_t i = 0; i < secret_len; i++) secret[i] = KEY_CHARACTERS[fuzz_byte(&in) % (sizeof KEY_CHARACTERS - 1)];
  char *rest = fuzz_rest(&in);
  ptn_buffer text;
  ptn_buffer_init(&text);
  PROMISE(ptn_buffer_append(&text, rest, in.len));

  const char *secrets[] = {NULL, secret, "abc"};
  PROMISE(ptn_redact(&text, secrets, 3));
  if (!strstr("REDACTED", secret)) PROMISE(!holds(&text, secret, secret_len));

  ptn_buffer_free(&text);
  free(rest);
  return 0;
}
