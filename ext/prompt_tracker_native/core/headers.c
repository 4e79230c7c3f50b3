#include "headers.h"

#include <string.h>

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool ptn_header_is(const char *name, size_t len, const char *other) {
  if (strlen(other) != len) return false;
  for (size_t i = 0; i < len; i++) {
    if (lower(name[i]) != lower(other[i])) return false;
  }
  return true;
}

static bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool ptn_headers_next(const char *block, size_t len, size_t *pos, const char **name, size_t *name_len,
                      const char **value, size_t *value_len) {
  while (*pos < len) {
    const char *line = block + *pos;
    const char *lf = memchr(line, '\n', len - *pos);
    const char *end = lf ? lf : block + len;
    *pos = lf ? (size_t)(lf - block) + 1 : len;

    const char *colon = memchr(line, ':', (size_t)(end - line));
    if (!colon || !ptn_header_name_ok(line, (size_t)(colon - line))) continue;

    const char *start = colon + 1;
    while (start < end && is_blank(*start)) start++;
    while (end > start && is_blank(end[-1])) end--;
    *name = line;
    *name_len = (size_t)(colon - line);
    *value = start;
    *value_len = (size_t)(end - start);
    return true;
  }
  return false;
}

bool ptn_headers_find(const char *block, size_t len, const char *name, const char **value, size_t *value_len) {
  const char *found, *text;
  size_t pos = 0, found_len, text_len;
  while (ptn_headers_next(block, len, &pos, &found, &found_len, &text, &text_len)) {
    if (!ptn_header_is(found, found_len, name)) continue;
    *value = text;
    *value_len = text_len;
    return true;
  }
  return false;
}

bool ptn_header_name_ok(const char *name, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (!is_token_char(name[i])) return false;
  }
  return len > 0;
}

bool ptn_header_value_ok(const char *value, size_t len) {
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)value[i];
    if ((c < 0x20 && c != '\t') || c == 0x7F) return false;
  }
  return true;
}
