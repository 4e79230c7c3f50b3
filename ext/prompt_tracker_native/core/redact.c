#include "redact.h"

#include <string.h>

enum { SHORTEST_SECRET = 4, SHORTEST_KEY = 8, LONG_KEY = 20 };

/* The text, and one byte for each of its bytes: not 0 where it must not be shown. */
typedef struct {
  const char *at;
  size_t len;
  char *hidden;
} scan;

static bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static char lower(char c) {
  return is_upper(c) ? (char)(c + ('a' - 'A')) : c;
}

static bool is_word(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c);
}

static bool in_set(char c, const char *set) {
  return c != '\0' && strchr(set, c) != NULL;
}

static bool is_key_char(char c) {
  return is_word(c) || c == '-' || c == '_';
}

static bool is_token_char(char c) {
  return is_word(c) || in_set(c, "-._~+/=");
}

static void hide(scan *s, size_t from, size_t to) {
  memset(s->hidden + from, 1, to - from);
}

static void hide_secret(scan *s, const char *secret) {
  size_t len = strlen(secret);
  if (len < SHORTEST_SECRET) return;

  for (size_t i = 0; s->len - i >= len; i++) {
    const char *first = memchr(s->at + i, secret[0], s->len - i - (len - 1));
    if (!first) return;
    i = (size_t)(first - s->at);
    if (memcmp(first, secret, len) == 0) hide(s, i, i + len);
  }
}

/*
 * Inside a word ("task-management") only what is long, with a digit and a capital, is a key; a key may well follow a
 * letter, as in `\nsk-…`.
 */
static bool looks_like_key(const scan *s, size_t start, size_t end) {
  size_t len = end - start - 3;
  if (start == 0 || !is_word(s->at[start - 1])) return len >= SHORTEST_KEY;
  if (len < LONG_KEY) return false;

  bool upper = false, digit = false;
  for (size_t i = start + 3; i < end; i++) {
    upper = upper || is_upper(s->at[i]);
    digit = digit || is_digit(s->at[i]);
  }
  return upper && digit;
}

static void hide_keys(scan *s) {
  for (size_t i = 0; i < s->len;) {
    const char *first = memchr(s->at + i, 's', s->len - i);
    if (!first) return;
    i = (size_t)(first - s->at);
    if (s->len - i < 3 || memcmp(first, "sk-", 3) != 0) {
      i++;
      continue;
    }
    size_t end = i + 3;
    while (end < s->len && is_key_char(s->at[end])) end++;
    if (looks_like_key(s, i, end)) {
      hide(s, i, end);
      i = end;
    } else {
      i += 3;
    }
  }
}

/* What makes the text after it a credential. */
typedef struct {
  const char *word;
  const char *between; /* the characters that may stand between the two … */
  const char *needed;  /* … of which one of these must be there */
} introduction;

static const introduction INTRODUCTIONS[] = {
    {"bearer", " \t", " \t"},
    {"api-key", " \t:='\"\\>", ":="},
    {"api_key", " \t:='\"\\>", ":="},
    {"apikey", " \t:='\"\\>", ":="},
};

/* Whether `word`, in any case, stands at `at`; *end is then just past it. */
static bool has_word(const scan *s, size_t at, const char *word, size_t *end) {
  for (; *word; word++, at++) {
    if (at == s->len || lower(s->at[at]) != *word) return false;
  }
  *end = at;
  return true;
}

/* "Bearer token", "Bearer auth": words of a sentence about it. */
static bool is_plain_word(const scan *s, size_t start, size_t end) {
  static const char *const WORDS[] = {"auth", "authentication", "authorization", "token", "tokens"};
  size_t past;
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
    if (has_word(s, start, WORDS[i], &past) && past == end) return true;
  }
  return false;
}

/* Past the credential that `intro` at `at` introduces, or 0. */
static size_t hide_introduced(scan *s, size_t at, const introduction *intro) {
  size_t start;
  bool needed = false;
  if (!has_word(s, at, intro->word, &start)) return 0;
  for (; start < s->len && in_set(s->at[start], intro->between); start++) {
    needed = needed || in_set(s->at[start], intro->needed);
  }
  if (!needed) return 0;

  size_t past = start, end;
  while (past < s->len && is_token_char(s->at[past])) past++;
  for (end = past; end > start && s->at[end - 1] == '.';) end--; /* the sentence's full stop */
  if (end == start || is_plain_word(s, start, end)) return 0;
  hide(s, start, end);
  return past;
}

static void hide_tokens(scan *s) {
  for (size_t i = 0; i < s->len;) {
    size_t past = 0;
    if (in_set(s->at[i], "aAbB")) {
      for (size_t k = 0; k < sizeof INTRODUCTIONS / sizeof *INTRODUCTIONS && !past; k++) {
        past = hide_introduced(s, i, &INTRODUCTIONS[k]);
      }
    }
    i = past ? past : i + 1;
  }
}

/* Between "://" and the last "@" before the host ends. */
static void hide_user_info(scan *s) {
  for (size_t i = 0; i + 3 <= s->len; i++) {
    const char *colon = memchr(s->at + i, ':', s->len - i - 2);
    if (!colon) return;
    i = (size_t)(colon - s->at);
    if (memcmp(colon, "://", 3) != 0) continue;

    size_t start = i + 3, at = start;
    for (size_t end = start; end < s->len && (unsigned char)s->at[end] > ' ' && !in_set(s->at[end], "/?#\"<>"); end++) {
      if (s->at[end] == '@') at = end;
    }
    if (at > start) hide(s, start, at);
  }
}

static bool without_hidden(const scan *s, ptn_buffer *out) {
  for (size_t i = 0, end; i < s->len; i = end) {
    bool hidden = s->hidden[i] != 0;
    for (end = i; end < s->len && (s->hidden[end] != 0) == hidden;) end++;
    bool ok = hidden ? ptn_buffer_append_str(out, "[REDACTED]") : ptn_buffer_append(out, s->at + i, end - i);
    if (!ok) return false;
  }
  return true;
}

static bool redact(ptn_buffer *text, ptn_buffer *mask, ptn_buffer *out, const char *const *secrets, size_t count) {
  if (!ptn_buffer_reserve(mask, text->len)) return false;
  memset(mask->data, 0, text->len);
  scan s = {text->data, text->len, mask->data};

  for (size_t i = 0; i < count; i++) {
    if (secrets[i]) hide_secret(&s, secrets[i]);
  }
  hide_keys(&s);
  hide_tokens(&s);
  hide_user_info(&s);

  if (!memchr(mask->data, 1, text->len)) return true;
  if (!without_hidden(&s, out)) return false;
  ptn_buffer_swap(text, out);
  return true;
}

bool ptn_redact(ptn_buffer *text, const char *const *secrets, size_t count) {
  if (text->len == 0) return true;
  ptn_buffer mask, out;
  ptn_buffer_init(&mask);
  ptn_buffer_init(&out);
  bool ok = redact(text, &mask, &out, secrets, count);
  if (!ok) ptn_buffer_free(text);
  ptn_buffer_free(&mask);
  ptn_buffer_free(&out);
  return ok;
}
