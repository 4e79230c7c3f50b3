#include <string.h>

#include "fuzz.h"
#include "text.h"

static ptn_buffer joined(const char *text, size_t len) {
  ptn_buffer out;
  ptn_buffer_init(&out);
  PROMISE(ptn_buffer_append(&out, text, len));
  PROMISE(ptn_text_join(&out));
  PROMISE(ptn_text_is_utf8(out.data, out.len));
  return out;
}

/* What a block of deltas gets: each time as much as doesn't depend on what follows, at the end the rest. */
static ptn_buffer joined_in_pieces(const char *text, size_t len, size_t step) {
  ptn_buffer out, held;
  ptn_buffer_init(&out);
  ptn_buffer_init(&held);
  for (size_t at = 0; at < len;) {
    size_t n = len - at > step ? step : len - at;
    PROMISE(ptn_buffer_append(&held, text + at, n));
    at += n;

    size_t ready = ptn_text_ready(held.data, held.len);
    PROMISE(ready <= held.len);
    ptn_buffer piece = joined(held.data, ready);
    PROMISE(ptn_buffer_append(&out, piece.data, piece.len));
    ptn_buffer_free(&piece);
    memmove(held.data, held.data + ready, held.len - ready);
    held.len -= ready;
  }
  ptn_buffer last = joined(held.data, held.len);
  PROMISE(ptn_buffer_append(&out, last.data, last.len));
  ptn_buffer_free(&last);
  ptn_buffer_free(&held);
  return out;
}

/* Mending is done at once, and what it leaves alone it leaves as it was. */
static void mend(const char *text, size_t len) {
  ptn_buffer once;
  ptn_buffer_init(&once);
  PROMISE(ptn_buffer_append(&once, text, len));
  ptn_text_mend_json(&once);
  PROMISE(once.len <= len);

  ptn_buffer twice;
  ptn_buffer_init(&twice);
  PROMISE(ptn_buffer_append(&twice, once.data, once.len));
  ptn_text_mend_json(&twice);
  PROMISE(twice.len == once.len && (once.len == 0 || memcmp(twice.data, once.data, once.len) == 0));
  ptn_buffer_free(&once);
  ptn_buffer_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_input in = {bytes, len};
  size_t step = 1 + fuzz_byte(&in) % 8;
  char *text = fuzz_rest(&in);

  ptn_buffer whole = joined(text, in.len), pieces = joined_in_pieces(text, in.len, step);
  PROMISE(whole.len == pieces.len && (whole.len == 0 || memcmp(whole.data, pieces.data, whole.len) == 0));
  if (ptn_text_is_utf8(text, in.len)) PROMISE(whole.len == in.len && (in.len == 0 || memcmp(whole.data, text, in.len) == 0));
  mend(text, in.len);

  ptn_buffer_free(&whole);
  ptn_buffer_free(&pieces);
  free(text);
  return 0;
}
