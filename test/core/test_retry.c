#include "support.h"

#include <math.h>

#include "retry.h"

static ptn_retry_question ask(bool creating, ptn_status status, int http_status) {
  ptn_retry_question q = {0};
  q.creating = creating;
  q.status = status;
  q.http_status = http_status;
  q.attempt = 1;
  q.max_retries = 2;
  q.retry_after = -1;
  return q;
}

typedef enum { NEVER, IF_ALLOWED, ALWAYS } when;

/* How a creating request is repeated, and whether another is; `unknown`: its outcome is. */
static void check(ptn_status status, int http_status, bool api_error, when creating, bool other, bool unknown) {
  for (int allow = 0; allow < 2; allow++) {
    ptn_retry_question q = ask(true, status, http_status);
    q.api_error = api_error;
    q.allow_ambiguous = allow;
    bool expected = creating == ALWAYS || (creating == IF_ALLOWED && allow);
    ptn_retry_verdict verdict = ptn_retry_decide(&q);
    if (verdict.retry != expected || ptn_retry_ambiguous(&q) != unknown) {
      fail_msg("creating, %s %d %d %d: %s", ptn_status_name(status), http_status, api_error, allow, verdict.reason);
    }
    assert_true(strlen(verdict.reason) > 0);
    assert_true(expected ? verdict.wait == 0.5 : verdict.wait == 0);

    q.creating = false;
    verdict = ptn_retry_decide(&q);
    if (verdict.retry != other || ptn_retry_ambiguous(&q)) {
      fail_msg("%s %d %d: %s", ptn_status_name(status), http_status, api_error, verdict.reason);
    }
    q.creating = creating;
    q.final_error = true;
    assert_false(ptn_retry_decide(&q).retry);
  }
}

static void test_connections(void **state) {
  (void)state;
  check(PTN_E_RESOLVE, 0, false, ALWAYS, true, false);
  check(PTN_E_CONNECT, 0, false, ALWAYS, true, false);
  check(PTN_E_CONNECT_TIMEOUT, 0, false, ALWAYS, true, false);
  check(PTN_E_SEND, 0, false, ALWAYS, true, false);
  check(PTN_E_PROXY, 0, false, ALWAYS, true, false);
  check(PTN_E_PROXY, 502, false, ALWAYS, true, false);
  check(PTN_E_LOST, 0, false, IF_ALLOWED, true, true);
  check(PTN_E_PARTIAL, 200, false, IF_ALLOWED, true, true);
  check(PTN_E_IDLE, 0, false, IF_ALLOWED, true, true);
  check(PTN_E_IDLE, 200, false, IF_ALLOWED, true, true);
  check(PTN_E_PROTOCOL, 0, false, IF_ALLOWED, true, true);
}

static void test_never(void **state) {
  (void)state;
  check(PTN_E_NOMEM, 0, false, NEVER, false, false);
  check(PTN_E_CONFIG, 0, false, NEVER, false, false);
  check(PTN_E_URL, 0, false, NEVER, false, false);
  check(PTN_E_TLS, 0, false, NEVER, false, false);
  check(PTN_E_CA_FILE, 0, false, NEVER, false, false);
  check(PTN_E_FDS, 0, false, NEVER, false, false);
  check(PTN_E_THREAD, 0, false, NEVER, false, false);
  check(PTN_E_TOO_LARGE, 200, false, NEVER, false, true);
  check(PTN_E_ENCODING, 200, false, NEVER, false, true);
  check(PTN_E_TIMEOUT, 0, false, NEVER, false, true);
  check(PTN_E_CANCELLED, 0, false, NEVER, false, true);
  check(PTN_E_STALE, 0, false, NEVER, false, true);
  check(PTN_E_STOPPED, 0, false, NEVER, false, true);
  check(PTN_E_OTHER, 0, false, NEVER, false, true);
  check(PTN_E_NOMEM, 200, false, NEVER, false, true);
}

static void test_answers(void **state) {
  (void)state;
  check(PTN_OK, 200, false, NEVER, false, false);
  check(PTN_OK, 201, true, NEVER, false, false);
  check(PTN_OK, 302, false, NEVER, false, false);
  check(PTN_OK, 400, true, NEVER, false, false);
  check(PTN_OK, 401, true, NEVER, false, false);
  check(PTN_OK, 404, true, NEVER, false, false);
  check(PTN_OK, 410, true, NEVER, false, false);
  check(PTN_OK, 408, false, IF_ALLOWED, true, true);
  check(PTN_OK, 408, true, IF_ALLOWED, true, true);
  check(PTN_OK, 409, true, NEVER, true, false);
  check(PTN_OK, 429, true, ALWAYS, true, false);
  check(PTN_OK, 429, false, ALWAYS, true, false);
  check(PTN_OK, 500, true, ALWAYS, true, false);
  check(PTN_OK, 500, false, IF_ALLOWED, true, true);
  check(PTN_OK, 501, true, IF_ALLOWED, true, true);
  check(PTN_OK, 502, true, IF_ALLOWED, true, true);
  check(PTN_OK, 502, false, IF_ALLOWED, true, true);
  check(PTN_OK, 503, true, ALWAYS, true, false);
  check(PTN_OK, 503, false, ALWAYS, true, false);
  check(PTN_OK, 504, true, IF_ALLOWED, true, true);
  check(PTN_OK, 520, false, IF_ALLOWED, true, true);
  check(PTN_OK, 524, false, IF_ALLOWED, true, true);
  check(PTN_OK, 599, true, IF_ALLOWED, true, true);
  check(PTN_OK, 600, true, NEVER, false, true);
}

static void test_the_status_counts_when_the_rest_is_lost(void **state) {
  (void)state;
  check(PTN_E_PARTIAL, 429, false, ALWAYS, true, false);
  check(PTN_E_LOST, 503, false, ALWAYS, true, false);
  check(PTN_E_PARTIAL, 500, false, IF_ALLOWED, true, true);
  check(PTN_E_PARTIAL, 400, false, NEVER, false, false);
  check(PTN_E_IDLE, 300, false, NEVER, false, false);
  check(PTN_E_ENCODING, 503, false, ALWAYS, true, false);
  check(PTN_E_TIMEOUT, 502, false, NEVER, false, true);
  check(PTN_E_TIMEOUT, 404, false, NEVER, false, false);
}

static void check_reason(ptn_status status, int http_status, const char *expected) {
  ptn_retry_question q = ask(false, status, http_status);
  assert_string_equal(ptn_retry_decide(&q).reason, expected);
}

static void test_reasons(void **state) {
  (void)state;
  check_reason(PTN_E_CONNECT, 0, ptn_status_text(PTN_E_CONNECT));
  check_reason(PTN_E_TLS, 0, ptn_status_text(PTN_E_TLS));
  check_reason(PTN_OK, 408, "the server says that the request took too long");
  check_reason(PTN_OK, 409, "the server reports a conflict");
  check_reason(PTN_OK, 429, "the server limits the rate of requests");
  check_reason(PTN_OK, 503, "the server is overloaded");
  check_reason(PTN_OK, 500, "the server failed");
  check_reason(PTN_OK, 404, "the server's answer is final");

  ptn_retry_question q = ask(true, PTN_OK, 504);
  assert_string_equal(ptn_retry_decide(&q).reason, "the request may have been carried out");
  q.final_error = true;
  assert_string_equal(ptn_retry_decide(&q).reason, "the error is final");
  q = ask(true, PTN_OK, 429);
  q.retry_after = 61;
  assert_string_equal(ptn_retry_decide(&q).reason, "the server asks for a longer wait than 60 seconds");
  q.attempt = 3;
  assert_string_equal(ptn_retry_decide(&q).reason, "no retries are left");
}

static void test_number_of_retries(void **state) {
  (void)state;
  ptn_retry_question q = ask(false, PTN_E_CONNECT, 0);
  for (q.attempt = 1; q.attempt <= 2; q.attempt++) assert_true(ptn_retry_decide(&q).retry);
  assert_false(ptn_retry_decide(&q).retry);
  assert_string_equal(ptn_retry_decide(&q).reason, "no retries are left");
  q.attempt = 1;
  q.max_retries = 0;
  assert_false(ptn_retry_decide(&q).retry);
}

static void assert_close(double value, double expected) {
  if (!(fabs(value - expected) < 1e-9)) fail_msg("%g instead of %g", value, expected);
}

/* Who waits for the rate's sake as long as it takes is refused in nothing else. */
static void test_patience(void **state) {
  (void)state;
  ptn_retry_question q = ask(true, PTN_OK, 429);
  q.patient = true;
  q.retry_after = 300;
  assert_true(ptn_retry_decide(&q).retry && ptn_retry_decide(&q).wait == 300);
  q.attempt = 50;
  q.retry_after = 0;
  assert_true(ptn_retry_decide(&q).retry && ptn_retry_decide(&q).wait == 8); /* no tight loop */
  q.final_error = true;
  assert_false(ptn_retry_decide(&q).retry);
  q = ask(true, PTN_OK, 503);
  q.patient = true;
  q.attempt = 3;
  assert_false(ptn_retry_decide(&q).retry);
}

static void test_waits(void **state) {
  (void)state;
  static const double WAITS[] = {0.5, 1, 2, 4, 8, 8, 8};
  ptn_retry_question q = ask(true, PTN_OK, 429);
  q.max_retries = 1 << 30;
  for (int i = 0; i < 7; i++) {
    q.attempt = i + 1;
    q.jitter = 0;
    assert_close(ptn_retry_decide(&q).wait, WAITS[i]);
    q.jitter = 1;
    assert_close(ptn_retry_decide(&q).wait, WAITS[i] * 0.75);
    q.jitter = 0.5;
    assert_close(ptn_retry_decide(&q).wait, WAITS[i] * 0.875);
  }
  q.attempt = 1 << 29;
  q.jitter = -3;
  assert_close(ptn_retry_decide(&q).wait, 8);
  q.jitter = 1.5;
  assert_close(ptn_retry_decide(&q).wait, 6);
  q.jitter = NAN;
  assert_close(ptn_retry_decide(&q).wait, 8);
}

static void test_the_wait_that_the_server_names(void **state) {
  (void)state;
  ptn_retry_question q = ask(true, PTN_OK, 429);
  q.jitter = 1;
  q.retry_after = 0;
  assert_true(ptn_retry_decide(&q).retry);
  assert_close(ptn_retry_decide(&q).wait, 0);
  q.retry_after = 7.25;
  assert_close(ptn_retry_decide(&q).wait, 7.25);
  q.retry_after = 60;
  assert_close(ptn_retry_decide(&q).wait, 60);
  q.retry_after = 60.001;
  assert_false(ptn_retry_decide(&q).retry);
  assert_close(ptn_retry_decide(&q).wait, 0);
  q.retry_after = NAN;
  assert_close(ptn_retry_decide(&q).wait, 0.375);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_connections),
      cmocka_unit_test(test_never),
      cmocka_unit_test(test_answers),
      cmocka_unit_test(test_the_status_counts_when_the_rest_is_lost),
      cmocka_unit_test(test_reasons),
      cmocka_unit_test(test_number_of_retries),
      cmocka_unit_test(test_patience),
      cmocka_unit_test(test_waits),
      cmocka_unit_test(test_the_wait_that_the_server_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
