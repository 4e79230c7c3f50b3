#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "retry.h"

static ptn_retry_question question(fuzz_input *in) {
  ptn_retry_question q = {0};
  uint8_t flags = fuzz_byte(in);
  q.creating = flags & 1;
  q.allow_ambiguous = flags & 2;
  q.final_error = flags & 4;
  q.api_error = flags & 8;
  q.attempt = 1 + fuzz_byte(in);
  q.max_retries = fuzz_byte(in);
  q.status = (ptn_status)(fuzz_byte(in) % (PTN_E_OTHER + 2)); /* one outside the list too */
  q.http_status = fuzz_byte(in) | fuzz_byte(in) << 8;
  uint8_t raw[sizeof q.retry_after + sizeof q.jitter];
  for (size_t i = 0; i < sizeof raw; i++) raw[i] = fuzz_byte(in);
  memcpy(&q.retry_after, raw, sizeof q.retry_after);
  memcpy(&q.jitter, raw + sizeof q.retry_after, sizeof q.jitter);
  return q;
}

/* Whatever is asked: waits are finite, tries end, and nothing that may have started a run is sent again unasked. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_input in = {bytes, len};
  ptn_retry_question q = question(&in);
  ptn_retry_verdict verdict = ptn_retry_decide(&q);

  PROMISE(verdict.reason != NULL && verdict.reason[0] != '\0');
  PROMISE(isfinite(verdict.wait) && verdict.wait >= 0 && verdict.wait <= 60);
  PROMISE(verdict.retry || verdict.wait == 0);
  if (verdict.retry) {
    PROMISE(q.attempt <= q.max_retries);
    PROMISE(!q.final_error);
    PROMISE(!q.creating || q.allow_ambiguous || !ptn_retry_ambiguous(&q));
    PROMISE(!(q.creating && q.status == PTN_OK && q.http_status >= 200 && q.http_status < 300));
  }
  return 0;
}
