#include <stdint.h>
#include <string.h>

#include "headers.h"
#include "retry.h"

/* So that no number of digits becomes infinite: about 30,000 years, which nobody waits for. */
static const double MOST_SECONDS = 1e12;

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* "12" or "12.5"; else -1. By hand, as strtod follows the locale and takes "inf", "nan" and hexadecimal. */
static double decimal(const char *at, size_t len) {
  const char *end = at + len;
  if (at == end || !is_digit(*at)) return -1;

  double value = 0, unit = 1;
  for (; at < end && is_digit(*at); at++) {
    value = value * 10 + (*at - '0');
    if (value > MOST_SECONDS) value = MOST_SECONDS;
  }
  if (at == end) return value;
  if (*at++ != '.' || at == end) return -1;
  for (; at < end; at++) {
    if (!is_digit(*at)) return -1;
    unit /= 10;
    value += unit * (*at - '0');
  }
  return value;
}

static int number(const char *at, size_t digits) {
  int value = 0;
  for (size_t i = 0; i < digits; i++) {
    if (!is_digit(at[i])) return -1;
    value = value * 10 + (at[i] - '0');
  }
  return value;
}

static int month_number(const char *at) {
  static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  for (int month = 0; month < 12; month++) {
    if (memcmp(at, MONTHS + 3 * month, 3) == 0) return month + 1;
  }
  return 0;
}

static bool is_weekday(const char *at) {
  static const char DAYS[] = "MonTueWedThuFriSatSun";
  for (int day = 0; day < 7; day++) {
    if (memcmp(at, DAYS + 3 * day, 3) == 0) return true;
  }
  return false;
}

static bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month) {
  static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return DAYS[month - 1] + (month == 2 && is_leap(year));
}

static int64_t days_since_1970(int year, int month, int day) {
  int64_t before = year - 1;
  int64_t days = before * 365 + before / 4 - before / 100 + before / 400;
  for (int m = 1; m < month; m++) days += days_in(year, m);
  return days + day - 1 - 719162; /* 719162 days lie between 0001-01-01 and 1970-01-01 */
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" as seconds since 1970; false when it is anything else. */
static bool imf_fixdate(const char *at, size_t len, int64_t *seconds) {
  if (len != 29 || !is_weekday(at) || memcmp(at + 25, " GMT", 4) != 0) return false;
  if (at[3] != ',' || at[4] != ' ' || at[7] != ' ' || at[11] != ' ' || at[16] != ' ') return false;
  if (at[19] != ':' || at[22] != ':') return false;

  int day = number(at + 5, 2), month = month_number(at + 8), year = number(at + 12, 4);
  int hour = number(at + 17, 2), minute = number(at + 20, 2), second = number(at + 23, 2);
  if (year < 1 || month == 0 || day < 1 || day > days_in(year, month)) return false;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;

  *seconds = days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  return true;
}

double ptn_retry_after(const char *headers, size_t len, time_t now) {
  const char *value;
  size_t value_len;
  if (ptn_headers_find(headers, len, "retry-after-ms", &value, &value_len)) {
    double ms = decimal(value, value_len);
    if (ms >= 0) return ms / 1000;
  }
  if (!ptn_headers_find(headers, len, "retry-after", &value, &value_len)) return -1;

  int64_t at;
  if (!imf_fixdate(value, value_len, &at)) return decimal(value, value_len);
  return at > (int64_t)now ? (double)(at - (int64_t)now) : 0;
}
