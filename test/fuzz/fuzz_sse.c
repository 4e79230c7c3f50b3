#include <string.h>

#include "fuzz.h"
#include "kind.h"
#include "sse.h"

/* Events, one after the other: the lengths of name and data, then their bytes. */
typedef struct {
  ptn_buffer seen;
  size_t limit; /* stop after so many events; 0: never */
  size_t count;
} listener;

static bool listen_to(void *arg, const char *event, size_t event_len, const char *data, size_t data_len) {
  listener *l = arg;
  size_t lengths[2] = {event_len, data_len};
  PROMISE(ptn_buffer_append(&l->seen, lengths, sizeof lengths));
  PROMISE(ptn_buffer_append(&l->seen, event, event_len));
  PROMISE(ptn_buffer_append(&l->seen, data, data_len));
  PROMISE(ptn_kind_name(ptn_kind_of(event, event_len, data, data_len)) != NULL);
  return ++l->count != l->limit;
}

/* `step` bytes at a time; 0: all at once. */
static ptn_status parse(const char *text, size_t len, size_t step, size_t max_event, listener *l) {
  ptn_sse sse;
  ptn_sse_init(&sse, max_event, listen_to, l);
  ptn_status status = PTN_OK;
  for (size_t at = 0; at < len;) {
    size_t n = step && len - at > step ? step : len - at;
    char *chunk = malloc(n); /* of its own, as what the parser was fed is gone when it is fed again */
    PROMISE(chunk != NULL);
    memcpy(chunk, text + at, n);
    status = ptn_sse_feed(&sse, chunk, n);
    free(chunk);
    at += n;
  }
  if (status == PTN_OK) status = ptn_sse_finish(&sse);
  ptn_sse_free(&sse);
  return status;
}

/* However the stream is cut, the same events come out of it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_input in = {bytes, len};
  size_t step = 1 + fuzz_byte(&in) % 16, max_event = fuzz_byte(&in), limit = fuzz_byte(&in) % 8;
  char *text = fuzz_rest(&in);

  listener whole = {.limit = limit}, cut = {.limit = limit};
  ptn_status of_whole = parse(text, in.len, 0, max_event, &whole);
  ptn_status of_cut = parse(text, in.len, step, max_event, &cut);

  PROMISE(of_whole == of_cut);
  PROMISE(whole.count == cut.count && whole.seen.len == cut.seen.len);
  PROMISE(whole.seen.len == 0 || memcmp(whole.seen.data, cut.seen.data, whole.seen.len) == 0);

  ptn_buffer_free(&whole.seen);
  ptn_buffer_free(&cut.seen);
  free(text);
  return 0;
}
