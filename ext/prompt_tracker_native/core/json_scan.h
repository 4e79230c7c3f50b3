#ifndef PTN_JSON_SCAN_H
#define PTN_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Looks at the top-level members of a JSON object, without parsing what they hold. It is no validator: it answers from
 * what it has read so far, and where the text is malformed or cut it stops. It never reads outside json[0, len).
 */
typedef enum {
  PTN_JSON_NONE, /* no such member */
  PTN_JSON_STRING,
  PTN_JSON_NUMBER,
  PTN_JSON_OBJECT,
  PTN_JSON_ARRAY,
  PTN_JSON_TRUE,
  PTN_JSON_FALSE,
  PTN_JSON_NULL
} ptn_json_type;

/* All pointers are into the scanned text. Strings are raw, without their quotes; other values are their whole text. */
typedef struct {
  const char *key;
  size_t key_len;
  ptn_json_type type;
  const char *value;
  size_t value_len;
  bool escaped; /* a string with a backslash in it */
} ptn_json_member;

typedef struct {
  const char *at, *end;
  bool inside;
} ptn_json_scan;

void ptn_json_scan_init(ptn_json_scan *scan, const char *json, size_t len);

/* The next member; false at the end of the object, and where the text is no object, malformed or cut. */
bool ptn_json_scan_next(ptn_json_scan *scan, ptn_json_member *member);

/* Whether the member's key is exactly `key`, which is written without escapes. */
bool ptn_json_key_is(const ptn_json_member *member, const char *key);

/* The first member `key`, when it is a string without escapes; else false, and nothing is set. */
bool ptn_json_top_string(const char *json, size_t len, const char *key, const char **value, size_t *value_len);

/* The type of the first member `key`. */
ptn_json_type ptn_json_top_type(const char *json, size_t len, const char *key);

#endif
