#include "text.h"

#include <stdint.h>
#include <string.h>

typedef enum { WHOLE, HIGH_HALF, LOW_HALF, CUT, INVALID } piece;

static bool is_continuation(unsigned char c) {
  return (c & 0xC0) == 0x80;
}

/* How many bytes the character has that starts with `lead`, and the bounds of its second byte; 0: no lead byte. */
static size_t expect(unsigned char lead, unsigned char *low, unsigned char *high) {
  *low = 0x80;
  *high = 0xBF;
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) {
    if (lead == 0xE0) *low = 0xA0;
    return 3;
  }
  if (lead == 0xF0) *low = 0x90;
  if (lead == 0xF4) *high = 0x8F;
  return lead <= 0xF4 ? 4 : 0;
}

/* What is at p, where n > 0 bytes are left, and how many bytes it has. CUT: the text ends inside a character. */
static piece look(const unsigned char *p, size_t n, size_t *len) {
  unsigned char low, high;
  size_t need = expect(p[0], &low, &high);
  *len = 1;
  if (need == 0) return INVALID;
  if (need == 1) return WHOLE;
  if (n == 1) return CUT;
  if (p[1] < low || p[1] > high) return INVALID;

  for (*len = 2; *len < need; ++*len) {
    if (*len == n) return CUT;
    if (!is_continuation(p[*len])) return INVALID;
  }
  if (p[0] != 0xED || p[1] < 0xA0) return WHOLE;
  return p[1] < 0xB0 ? HIGH_HALF : LOW_HALF;
}

static size_t ascii_run(const unsigned char *p, size_t n) {
  size_t at = 0;
  for (uint64_t word; n - at >= sizeof word; at += sizeof word) {
    memcpy(&word, p + at, sizeof word);
    if (word & UINT64_C(0x8080808080808080)) break;
  }
  while (at < n && p[at] < 0x80) at++;
  return at;
}

/* How many leading bytes are strict UTF-8, in whole characters. */
static size_t valid_run(const unsigned char *p, size_t n) {
  size_t at = 0;
  for (size_t len; at < n; at += len) {
    at += ascii_run(p + at, n - at);
    if (at == n || look(p + at, n - at, &len) != WHOLE) break;
  }
  return at;
}

bool ptn_text_is_utf8(const char *text, size_t len) {
  return len == 0 || valid_run((const unsigned char *)text, len) == len;
}

static bool append_pair(ptn_buffer *out, const unsigned char *high, const unsigned char *low) {
  uint32_t h = (uint32_t)(high[1] & 0x0F) << 6 | (high[2] & 0x3F);
  uint32_t l = (uint32_t)(low[1] & 0x0F) << 6 | (low[2] & 0x3F);
  uint32_t code = 0x10000 + (h << 10 | l);
  unsigned char bytes[4] = {(unsigned char)(0xF0 | code >> 18), (unsigned char)(0x80 | (code >> 12 & 0x3F)),
                            (unsigned char)(0x80 | (code >> 6 & 0x3F)), (unsigned char)(0x80 | (code & 0x3F))};
  return ptn_buffer_append(out, bytes, sizeof bytes);
}

static bool join_into(ptn_buffer *out, const unsigned char *p, size_t n) {
  for (size_t at = 0, len, next; at < n; at += len) {
    len = valid_run(p + at, n - at);
    if (!ptn_buffer_append(out, p + at, len)) return false;
    at += len;
    if (at == n) break;

    piece what = look(p + at, n - at, &len);
    if (what == HIGH_HALF && n - at > len && look(p + at + len, n - at - len, &next) == LOW_HALF) {
      if (!append_pair(out, p + at, p + at + len)) return false;
      len += next;
    } else if (!ptn_buffer_append(out, "\xEF\xBF\xBD", 3)) {
      return false;
    }
  }
  return true;
}

bool ptn_text_join(ptn_buffer *text) {
  if (ptn_text_is_utf8(text->data, text->len)) return true;

  ptn_buffer out;
  ptn_buffer_init(&out);
  bool ok = ptn_buffer_reserve(&out, text->len) && join_into(&out, (const unsigned char *)text->data, text->len);
  if (ok) ptn_buffer_swap(text, &out);
  ptn_buffer_free(&out);
  return ok;
}

size_t ptn_text_ready(const char *text, size_t len) {
  const unsigned char *p = (const unsigned char *)text;
  size_t ready = len, size;

  for (size_t back = 1; back <= 3 && back <= len; back++) {
    if (is_continuation(p[len - back])) continue;
    if (look(p + len - back, back, &size) == CUT && size == back) ready = len - back;
    break;
  }
  /* A high half waits for a low one, which begins with ED B0..BF. */
  bool low_may_follow = ready == len || (p[ready] == 0xED && (len - ready == 1 || p[ready + 1] >= 0xB0));
  if (low_may_follow && ready >= 3 && look(p + ready - 3, 3, &size) == HIGH_HALF) ready -= 3;
  return ready;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* The code unit of the escape `\uXXXX` at `at`, or -1 where there is none. */
static int unit_at(const char *at, size_t n) {
  if (n < 6 || at[0] != '\\' || at[1] != 'u') return -1;
  int unit = 0;
  for (int i = 2; i < 6; i++) {
    int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

static bool is_high(int unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

size_t ptn_text_mend_json_bytes(char *json, size_t len) {
  size_t in = 0, out = 0;

  while (in < len) {
    const char *slash = memchr(json + in, '\\', len - in);
    size_t stop = slash ? (size_t)(slash - json) : len;
    size_t kept = stop;
    bool lone = false;
    int unit = unit_at(json + stop, len - stop);

    if (is_high(unit) && is_low(unit_at(json + stop + 6, len - stop - 6))) kept = stop + 12;
    else if (is_high(unit) || is_low(unit)) lone = true;
    else if (slash) kept = stop + (len - stop > 1 ? 2 : 1); /* so that `\\ud83c` is two characters, then text */

    if (out != in) memmove(json + out, json + in, kept - in);
    out += kept - in;
    in = kept;
    if (lone) {
      json[out++] = (char)(0xE0 | unit >> 12);
      json[out++] = (char)(0x80 | (unit >> 6 & 0x3F));
      json[out++] = (char)(0x80 | (unit & 0x3F));
      in += 6;
    }
  }
  return out;
}

void ptn_text_mend_json(ptn_buffer *json) {
  if (json->len) json->len = ptn_text_mend_json_bytes(json->data, json->len);
}
