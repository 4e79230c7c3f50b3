#include <math.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "headers.h"
#include "retry.h"

/* Names and values are parts of the block that can be sent on as they are; a look-up finds what the walk found first. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_input in = {bytes, len};
  char *block = fuzz_rest(&in);

  size_t pos = 0, before = 0, name_len, value_len, first_len = 0;
  const char *name, *value, *first = NULL;
  while (ptn_headers_next(block, len, &pos, &name, &name_len, &value, &value_len)) {
    PROMISE(pos > before && pos <= len);
    before = pos;
    PROMISE(name >= block && value >= name + name_len && value + value_len <= block + len);
    PROMISE(ptn_header_name_ok(name, name_len));
    PROMISE(value_len == 0 || !memchr(value, '\n', value_len));
    if (!first && name_len == 11 && strncasecmp(name, "retry-after", 11) == 0) first = value, first_len = value_len;
  }

  value = NULL;
  bool found = ptn_headers_find(block, len, "Retry-After", &value, &value_len);
  PROMISE(found == (first != NULL) && value == first && (!found || value_len == first_len));

  double wait = ptn_retry_after(block, len, 1700000000);
  PROMISE(isfinite(wait));
  free(block);
  return 0;
}
