#include "rate_limits.h"

#include <string.h>

#include "headers.h"

/* About three years: so that no number of digits becomes infinite. */
static const double MOST = 1e8;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Reads digits, with a point or not, from `*at` on. < 0 where there are none. By hand, as strtod follows the locale. */
static double decimal(const char **at, const char *end) {
  const char *begin = *at;
  double value = 0, unit = 1;
  for (; *at < end && is_digit(**at); ++*at) {
    value = value * 10 + (**at - '0');
    if (value > MOST) value = MOST;
  }
  if (*at == begin) return -1;
  if (*at == end || **at != '.') return value;
  for (++*at; *at < end && is_digit(**at); ++*at) {
    unit /= 10;
    value += unit * (**at - '0');
  }
  return value;
}

/* Seconds that the unit at `*at` stands for, or < 0. */
static double unit(const char **at, const char *end) {
  static const struct {
    const char *name;
    double seconds;
  } units[] = {{"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
  for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
    size_t len = strlen(units[i].name);
    if ((size_t)(end - *at) < len || memcmp(*at, units[i].name, len) != 0) continue;
    *at += len;
    return units[i].seconds;
  }
  return -1;
}

double ptn_limits_duration(const char *text, size_t len) {
  const char *at = text, *end = text + len;
  double sum = 0;
  if (len == 0) return -1;
  while (at < end) {
    const char *begin = at;
    double count = decimal(&at, end);
    if (count < 0) return -1;
    if (at == end) return begin == text ? count : -1;
    double seconds = unit(&at, end);
    if (seconds < 0) return -1;
    sum += count * seconds;
  }
  return sum < MOST ? sum : MOST;
}

static double number(const char *at, size_t len) {
  const char *end = at + len;
  double value = decimal(&at, end);
  return at == end ? value : -1;
}

/* Of several headers of one name the first counts, or the first that is no nonsense. */
static void first(double *known, double value) {
  if (*known < 0) *known = value;
}

static void note(ptn_limits *l, const char *name, size_t name_len, const char *value, size_t len) {
  if (ptn_header_is(name, name_len, "x-ratelimit-limit-requests")) first(&l->requests.limit, number(value, len));
  else if (ptn_header_is(name, name_len, "x-ratelimit-remaining-requests")) first(&l->requests.remaining, number(value, len));
  else if (ptn_header_is(name, name_len, "x-ratelimit-reset-requests")) first(&l->requests.reset, ptn_limits_duration(value, len));
  else if (ptn_header_is(name, name_len, "x-ratelimit-limit-tokens")) first(&l->tokens.limit, number(value, len));
  else if (ptn_header_is(name, name_len, "x-ratelimit-remaining-tokens")) first(&l->tokens.remaining, number(value, len));
  else if (ptn_header_is(name, name_len, "x-ratelimit-reset-tokens")) first(&l->tokens.reset, ptn_limits_duration(value, len));
}

static bool is_known(const ptn_limit *l) { return l->limit > 0 && l->remaining >= 0; }

/* In one pass, as it is done for each answer. */
ptn_limits ptn_limits_read(const char *headers, size_t len) {
  ptn_limits l = {{false, -1, -1, -1}, {false, -1, -1, -1}};
  const char *name, *value;
  for (size_t pos = 0, name_len, value_len; ptn_headers_next(headers, len, &pos, &name, &name_len, &value, &value_len);) {
    note(&l, name, name_len, value, value_len);
  }
  l.requests.known = is_known(&l.requests);
  l.tokens.known = is_known(&l.tokens);
  return l;
}
