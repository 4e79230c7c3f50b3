#include "json_scan.h"

#include <string.h>

void ptn_json_scan_init(ptn_json_scan *scan, const char *json, size_t len) {
  scan->at = len ? json : "";
  scan->end = scan->at + len;
  scan->inside = false;
}

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Skips white space, then one `c`. */
static bool take(ptn_json_scan *scan, char c) {
  while (scan->at < scan->end && is_space(*scan->at)) scan->at++;
  if (scan->at == scan->end || *scan->at != c) return false;
  scan->at++;
  return true;
}

/* The quote that closes the string whose first byte is at `at`, or NULL. */
static const char *closing_quote(const char *at, const char *end) {
  for (const char *from = at; from < end;) {
    const char *quote = memchr(from, '"', (size_t)(end - from));
    if (!quote) return NULL;
    const char *slash = quote;
    while (slash > from && slash[-1] == '\\') slash--;
    if ((quote - slash) % 2 == 0) return quote;
    from = quote + 1;
  }
  return NULL;
}

/* Past the object or array that starts at `at`, or NULL. Depth is only a number, so no input can exhaust the stack. */
static const char *past_nested(const char *at, const char *end) {
  size_t depth = 0;
  for (; at < end; at++) {
    switch (*at) {
      case '{':
      case '[':
        depth++;
        break;
      case '}':
      case ']':
        if (--depth == 0) return at + 1;
        break;
      case '"':
        at = closing_quote(at + 1, end);
        if (!at) return NULL;
        break;
      default:
        break;
    }
  }
  return NULL;
}

static ptn_json_type bare_type(const char *at, size_t len) {
  if (len == 4 && memcmp(at, "null", 4) == 0) return PTN_JSON_NULL;
  if (len == 4 && memcmp(at, "true", 4) == 0) return PTN_JSON_TRUE;
  if (len == 5 && memcmp(at, "false", 5) == 0) return PTN_JSON_FALSE;
  if (len && (*at == '-' || (*at >= '0' && *at <= '9'))) return PTN_JSON_NUMBER;
  return PTN_JSON_NONE;
}

static bool take_bare(ptn_json_scan *scan, ptn_json_member *member) {
  const char *at = scan->at;
  while (at < scan->end && *at != ',' && *at != '}' && !is_space(*at)) at++;
  /* At the end of the text the rest of the literal may be missing. */
  if (at == scan->end) return false;
  member->value = scan->at;
  member->value_len = (size_t)(at - scan->at);
  member->type = bare_type(member->value, member->value_len);
  scan->at = at;
  return member->type != PTN_JSON_NONE;
}

static bool take_value(ptn_json_scan *scan, ptn_json_member *member) {
  while (scan->at < scan->end && is_space(*scan->at)) scan->at++;
  if (scan->at == scan->end) return false;

  const char *start = scan->at, *stop;
  member->escaped = false;
  if (*start == '"') {
    stop = closing_quote(++start, scan->end);
    if (!stop) return false;
    member->type = PTN_JSON_STRING;
    member->escaped = memchr(start, '\\', (size_t)(stop - start)) != NULL;
    scan->at = stop + 1;
  } else if (*start == '{' || *start == '[') {
    stop = past_nested(start, scan->end);
    if (!stop) return false;
    member->type = *start == '{' ? PTN_JSON_OBJECT : PTN_JSON_ARRAY;
    scan->at = stop;
  } else {
    return take_bare(scan, member);
  }
  member->value = start;
  member->value_len = (size_t)(stop - start);
  return true;
}

static bool take_member(ptn_json_scan *scan, ptn_json_member *member) {
  if (!take(scan, scan->inside ? ',' : '{')) return false;
  scan->inside = true;
  if (!take(scan, '"')) return false;
  const char *stop = closing_quote(scan->at, scan->end);
  if (!stop) return false;
  member->key = scan->at;
  member->key_len = (size_t)(stop - scan->at);
  scan->at = stop + 1;
  return take(scan, ':') && take_value(scan, member);
}

bool ptn_json_scan_next(ptn_json_scan *scan, ptn_json_member *member) {
  if (take_member(scan, member)) return true;
  scan->at = scan->end;
  return false;
}

bool ptn_json_key_is(const ptn_json_member *member, const char *key) {
  size_t len = strlen(key);
  return member->key_len == len && memcmp(member->key, key, len) == 0;
}

static bool find(const char *json, size_t len, const char *key, ptn_json_member *member) {
  ptn_json_scan scan;
  ptn_json_scan_init(&scan, json, len);
  while (ptn_json_scan_next(&scan, member)) {
    if (ptn_json_key_is(member, key)) return true;
  }
  return false;
}

bool ptn_json_top_string(const char *json, size_t len, const char *key, const char **value, size_t *value_len) {
  ptn_json_member member;
  if (!find(json, len, key, &member) || member.type != PTN_JSON_STRING || member.escaped) return false;
  *value = member.value;
  *value_len = member.value_len;
  return true;
}

ptn_json_type ptn_json_top_type(const char *json, size_t len, const char *key) {
  ptn_json_member member;
  return find(json, len, key, &member) ? member.type : PTN_JSON_NONE;
}
