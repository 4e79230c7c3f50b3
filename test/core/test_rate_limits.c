#include "rate_limits.h"

#include "support.h"

static double duration(const char *text) { return ptn_limits_duration(text, strlen(text)); }

static void test_durations(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double seconds;
  } good[] = {{"0", 0},       {"1", 1},       {"1.5", 1.5},    {"1s", 1},      {"20ms", 0.02},     {"6m0s", 360},
              {"1h2m3.5s", 3723.5}, {"8.64s", 8.64}, {"500us", 0.0005}, {"1d", 86400}, {"0s", 0}, {"59.70s", 59.7}};
  for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
    assert_true(duration(good[i].text) > good[i].seconds - 1e-9 && duration(good[i].text) < good[i].seconds + 1e-9);
  }
  static const char *const bad[] = {"", "s", "-1s", "1x", "1m2", "1 s", "inf", "nan", "0x10", "1s ", ".5s", "m1"};
  for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) assert_true(duration(bad[i]) < 0);
  assert_true(duration("99999999999999999999999999999999h") <= 1e8);
  assert_true(ptn_limits_duration("12sx", 3) == 12); /* never past its end */
}

static ptn_limits limits(const char *headers) { return ptn_limits_read(headers, strlen(headers)); }

static void test_reads_both(void **state) {
  (void)state;
  ptn_limits l = limits("HTTP/1.1 200 OK\r\nX-RateLimit-Limit-Requests: 500\r\nx-ratelimit-remaining-requests: 499\r\n"
                        "x-ratelimit-reset-requests: 120ms\r\nx-ratelimit-limit-tokens: 30000\r\n"
                        "x-ratelimit-remaining-tokens: 29000\r\nx-ratelimit-reset-tokens: 2s\r\n\r\n");
  assert_true(l.requests.known && l.tokens.known);
  assert_true(l.requests.limit == 500 && l.requests.remaining == 499 && l.requests.reset == 0.12);
  assert_true(l.tokens.limit == 30000 && l.tokens.remaining == 29000 && l.tokens.reset == 2);
}

static void test_takes_the_first_of_several(void **state) {
  (void)state;
  ptn_limits l = limits("x-ratelimit-limit-requests: 10\r\nx-ratelimit-remaining-requests: 9\r\n"
                        "x-ratelimit-limit-requests: junk\r\nx-ratelimit-remaining-requests: 1\r\n");
  assert_true(l.requests.known && l.requests.limit == 10 && l.requests.remaining == 9);
}

static void test_takes_no_nonsense(void **state) {
  (void)state;
  static const char *const none[] = {
      "", "x-ratelimit-limit-requests: 500\r\n", "x-ratelimit-remaining-requests: 5\r\n",
      "x-ratelimit-limit-requests: many\r\nx-ratelimit-remaining-requests: 5\r\n",
      "x-ratelimit-limit-requests: 0\r\nx-ratelimit-remaining-requests: 0\r\n",
      "x-ratelimit-limit-requests: 5\r\nx-ratelimit-remaining-requests: -1\r\n"};
  for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) assert_false(limits(none[i]).requests.known);
  ptn_limits l = limits("x-ratelimit-limit-requests: 5\r\nx-ratelimit-remaining-requests: 4\r\nx-ratelimit-reset-requests: soon\r\n");
  assert_true(l.requests.known && l.requests.reset < 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_durations),
      cmocka_unit_test(test_reads_both),
      cmocka_unit_test(test_takes_the_first_of_several),
      cmocka_unit_test(test_takes_no_nonsense),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
