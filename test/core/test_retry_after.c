#include "support.h"

#include <math.h>

#include "retry.h"

static double wait_of(const char *headers, time_t now) {
  char *copy = exact_copy(headers, strlen(headers));
  double wait = ptn_retry_after(copy, strlen(headers), now);
  free(copy);
  assert_true(isfinite(wait));
  return wait;
}

static void check(const char *headers, double expected) {
  double wait = wait_of(headers, 784111777); /* Sun, 06 Nov 1994 08:49:37 GMT */
  if (!(fabs(wait - expected) < 1e-6)) fail_msg("%s: %g instead of %g", headers, wait, expected);
}

static void test_numbers(void **state) {
  (void)state;
  check("HTTP/1.1 429 x\r\nRetry-After: 20\r\n\r\n", 20);
  check("retry-after:0\r\n", 0);
  check("Retry-After: 1.5\r\n", 1.5);
  check("Retry-After: 007.0625\r\n", 7.0625);
  check("retry-after-ms: 1500\r\nretry-after: 9\r\n", 1.5);
  check("retry-after: 9\r\nRetry-After-Ms: 250.5\r\n", 0.2505);
  check("retry-after-ms: 0\r\nretry-after: 9\r\n", 0);
  check("retry-after-ms: soon\r\nretry-after: 9\r\n", 9);
  check("retry-after-ms: soon\r\n", -1);
}

static void test_absent_or_malformed(void **state) {
  (void)state;
  static const char *const VALUES[] = {"",    "-1",  "+1",  "1.",       ".5",  "1e3", "0x10",  "inf",
                                       "nan", "NaN", "5s",  "infinity", "1 2", "1,5", "1.5.2", "1.5 s"};
  check("", -1);
  check("HTTP/2 429\r\nretry: 5\r\n", -1);
  for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
    ptn_buffer b;
    ptn_buffer_init(&b);
    assert_true(ptn_buffer_appendf(&b, "Retry-After: %s\r\nretry-after-ms: %s\r\n", VALUES[i], VALUES[i]));
    assert_true(ptn_buffer_append(&b, "", 1));
    check(b.data, -1);
    ptn_buffer_free(&b);
  }
}

static void test_huge_numbers_stay_finite(void **state) {
  (void)state;
  ptn_buffer b;
  ptn_buffer_init(&b);
  assert_true(ptn_buffer_append_str(&b, "retry-after: "));
  for (int i = 0; i < 1000; i++) assert_true(ptn_buffer_append_str(&b, "9"));
  assert_true(ptn_buffer_append_str(&b, "."));
  for (int i = 0; i < 1000; i++) assert_true(ptn_buffer_append_str(&b, "9"));
  assert_true(ptn_buffer_append(&b, "", 1));
  assert_true(wait_of(b.data, 0) > 1e9);
  ptn_buffer_free(&b);
}

static void test_dates(void **state) {
  (void)state;
  check("Retry-After: Sun, 06 Nov 1994 08:49:47 GMT\r\n", 10);
  check("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0);
  check("Retry-After: Sun, 06 Nov 1994 08:49:00 GMT\r\n", 0);
  check("Retry-After: Mon, 07 Nov 1994 08:49:37 GMT\r\n", 86400);
  check("Retry-After: Sun, 06 Nov 1994 08:49:60 GMT\r\n", 23);
}

static void test_seconds_since_1970(void **state) {
  (void)state;
  static const struct {
    const char *headers;
    double expected;
  } CASES[] = {
      {"retry-after: Thu, 01 Jan 1970 00:00:00 GMT", 0},
      {"retry-after: Fri, 02 Jan 1970 00:00:01 GMT", 86401},
      {"retry-after: Tue, 29 Feb 2000 12:00:00 GMT", 951825600},
      {"retry-after: Wed, 01 Mar 2000 00:00:00 GMT", 951868800},
      {"retry-after: Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
      {"retry-after: Sun, 31 Dec 2028 23:59:59 GMT", 1861919999},
      {"retry-after: Mon, 01 Mar 2100 00:00:00 GMT", 4107542400},
      {"retry-after: Mon, 01 Jan 2401 00:00:00 GMT", 13601088000},
      {"retry-after: Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
      {"retry-after: Wed, 31 Dec 1969 23:59:59 GMT", 0},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    double wait = wait_of(CASES[i].headers, 0);
    if (wait != CASES[i].expected) fail_msg("%s: %.0f", CASES[i].headers, wait);
  }
}

static void test_malformed_dates(void **state) {
  (void)state;
  static const char *const VALUES[] = {
      "Sun, 06 Nov 2094 08:49:37 UTC", "Sun, 06 Nov 2094 08:49:37",      "Sun; 06 Nov 2094 08:49:37 GMT",
      "Sun, 6 Nov 2094 08:49:37 GMT",  "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 2094",
      "Xxx, 06 Nov 2094 08:49:37 GMT", "Sun, 06 nov 2094 08:49:37 GMT",  "Sun, 00 Nov 2094 08:49:37 GMT",
      "Sun, 31 Nov 2094 08:49:37 GMT", "Sun, 29 Feb 2095 08:49:37 GMT",  "Sun, 29 Feb 2100 08:49:37 GMT",
      "Sun, 06 Nov 2094 24:00:00 GMT", "Sun, 06 Nov 2094 08:60:37 GMT",  "Sun, 06 Nov 2094 08:49:61 GMT",
      "Sun, 06 Nov 0000 08:49:37 GMT", "Sun, 0x Nov 2094 08:49:37 GMT",  "Sun, 06 Nov 2094 08:4 :37 GMT",
      "Sun, 06 Nov 2094 08-49-37 GMT", "Sun, 06-Nov-2094 08:49:37 GMT",  "Sun, 06 Nov 2094 08:49:37 GMT x",
      "Sun, 06 Foo 2094 08:49:37 GMT", "Sun, -6 Nov 2094 08:49:37 GMT",  "Sun,-06 Nov 2094 08:49:37 GMT",
      "Sun, 06-Nov 2094 08:49:37 GMT", "Sun, 06 Nov-2094 08:49:37 GMT",  "Sun, 06 Nov 2094-08:49:37 GMT",
      "Sun, 06 Nov 2094 08-49:37 GMT", "Sun, 06 Nov 2094 08:49-37 GMT",  "Sun, 32 Dec 2094 08:49:37 GMT",
  };
  for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
    ptn_buffer b;
    ptn_buffer_init(&b);
    assert_true(ptn_buffer_appendf(&b, "Retry-After: %s\r\n", VALUES[i]));
    assert_true(ptn_buffer_append(&b, "", 1));
    double wait = wait_of(b.data, 0);
    if (wait != -1) fail_msg("%s: %g", VALUES[i], wait);
    ptn_buffer_free(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_absent_or_malformed),
      cmocka_unit_test(test_huge_numbers_stay_finite),
      cmocka_unit_test(test_dates),
      cmocka_unit_test(test_seconds_since_1970),
      cmocka_unit_test(test_malformed_dates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
