#include <string.h>

#include "fuzz.h"
#include "json_scan.h"
#include "kind.h"

static void inside(const char *part, size_t part_len, const char *text, size_t len) {
  PROMISE(part >= text && part <= text + len && part_len <= (size_t)(text + len - part));
}

/* What the scanner gives back is always a part of what it was given, and its look-ups agree with each other. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_input in = {bytes, len};
  char *text = fuzz_rest(&in);

  ptn_json_scan scan;
  ptn_json_scan_init(&scan, text, len);
  ptn_json_member member;
  ptn_json_type type = PTN_JSON_NONE;
  while (ptn_json_scan_next(&scan, &member)) {
    inside(member.key, member.key_len, text, len);
    inside(member.value, member.value_len, text, len);
    PROMISE(member.type != PTN_JSON_NONE);
    if (type == PTN_JSON_NONE && ptn_json_key_is(&member, "type")) type = member.type;
  }
  PROMISE(ptn_json_top_type(text, len, "type") == type);

  const char *value = NULL;
  size_t value_len = 0;
  if (ptn_json_top_string(text, len, "type", &value, &value_len)) {
    PROMISE(type == PTN_JSON_STRING);
    inside(value, value_len, text, len);
    PROMISE(value_len == 0 || !memchr(value, '\\', value_len));
  } else {
    PROMISE(value == NULL);
  }
  PROMISE(ptn_kind_of("", 0, text, len) <= PTN_KIND_OTHER);
  free(text);
  return 0;
}
