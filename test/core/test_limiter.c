#include "limiter.h"

#include <math.h>

#include "support.h"

static const ptn_limits silent = {{false, 0, 0, -1}, {false, 0, 0, -1}};

static ptn_limits requests_left(double limit, double remaining, double reset) {
  ptn_limits l = silent;
  l.requests = (ptn_limit){true, limit, remaining, reset};
  return l;
}

static bool open(const ptn_limiter *l, double now) { return ptn_limiter_opens_at(l, 10, now) <= now; }

static void send(ptn_limiter *l, int count, double now) {
  for (int i = 0; i < count; i++) ptn_limiter_sent(l, 10, now);
}

static void end(ptn_limiter *l, int count, double sent_at, ptn_outcome outcome, double wait, double now) {
  for (int i = 0; i < count; i++) {
    ptn_limiter_answered(l, 10, &silent, now);
    ptn_limiter_ended(l, 10, sent_at, outcome, wait, false, now);
  }
}

static void test_holds_nothing_back_by_itself(void **state) {
  (void)state;
  ptn_limiter l;
  ptn_limiter_init(&l);
  assert_true(ptn_limiter_idle(&l, 0));
  for (int i = 0; i < 5000; i++) {
    assert_true(open(&l, 1));
    send(&l, 1, 1);
  }
  end(&l, 2500, 1, PTN_WENT_WELL, -1, 2);
  end(&l, 2500, 1, PTN_WENT_OTHERWISE, -1, 2);
  assert_int_equal(l.active, 0);
  assert_true(open(&l, 2) && isinf(l.window) && ptn_limiter_idle(&l, 2));
}

static void test_pauses_as_long_as_it_is_told(void **state) {
  (void)state;
  ptn_limiter l;
  ptn_limiter_init(&l);
  send(&l, 3, 0);
  end(&l, 1, 0, PTN_REFUSED, 5, 1);
  assert_true(ptn_limiter_opens_at(&l, 10, 1) == INFINITY); /* two are out, and one may be */
  end(&l, 1, 0, PTN_REFUSED, 2, 1); /* a shorter one does not shorten it */
  end(&l, 1, 0, PTN_WENT_WELL, -1, 1);
  assert_true(ptn_limiter_opens_at(&l, 10, 1) == 6);
  assert_false(ptn_limiter_idle(&l, 1));
  assert_true(open(&l, 6));
}

static void test_window_halves_once_for_each_crowd(void **state) {
  (void)state;
  ptn_limiter l;
  ptn_limiter_init(&l);
  send(&l, 100, 0);
  end(&l, 40, 0, PTN_REFUSED, -1, 1); /* all of them on their way when the first was refused */
  assert_true(l.window == 50);
  end(&l, 60, 0, PTN_WENT_OTHERWISE, -1, 1);
  send(&l, 50, 2);
  assert_true(ptn_limiter_opens_at(&l, 10, 2) == INFINITY);
  end(&l, 1, 2, PTN_REFUSED, -1, 3);
  assert_true(l.window == 25);
}

static void test_window_grows_again(void **state) {
  (void)state;
  ptn_limiter l;
  ptn_limiter_init(&l);
  send(&l, 16, 0);
  end(&l, 16, 0, PTN_REFUSED, -1, 1);
  assert_true(l.window == 8);
  send(&l, 8, 2);
  end(&l, 8, 2, PTN_WENT_WELL, -1, 3);
  assert_true(l.window == 10); /* a quarter more */
  for (int round = 0; round < 200 && isfinite(l.window); round++) {
    int fits = (int)l.window;
    send(&l, fits, 4);
    end(&l, fits, 4, PTN_WENT_WELL, -1, 4);
  }
  assert_true(isinf(l.window));
}

static void test_window_never_closes(void **state) {
  (void)state;
  ptn_limiter l;
  ptn_limiter_init(&l);
  for (int i = 0; i < 10; i++) {
    send(&l, 2, i);
    end(&l, 2, i, PTN_REFUSED, -1, i + 0.5);
  }
  assert_true(l.window == 1 && open(&l, 20));
  send(&l, 1, 20);
  assert_false(open(&l, 20));
  end(&l, 1, 20, PTN_REFUSED, -1, 21); /* alone: not one too many at a time */
  assert_true(l.window == 1 && open(&l, 21));
}

static void test_window_is_forgotten_in_time(void **state) {
  (void)state;
  ptn_limiter l;
  ptn_limiter_init(&l);
  send(&l, 2, 0);
  end(&l, 2, 0, PTN_REFUSED, -1, 1);
  assert_false(ptn_limiter_idle(&l, 30));
  assert_true(ptn_limiter_idle(&l, 62));
  send(&l, 1, 62);
  assert_true(isinf(l.window));
}

static void test_goes_at_the_speed_of_the_bucket(void **state) {
  (void)state;
  ptn_limiter l;
  ptn_limiter_init(&l);
  ptn_limits left = requests_left(60, 2, 58); /* one comes back each second */
  send(&l, 1, 0);
  ptn_limiter_answered(&l, 10, &left, 0);
  assert_true(open(&l, 0));
  send(&l, 2, 0);
  assert_true(ptn_limiter_opens_at(&l, 10, 0) == 1); /* what is out could use up what is left */
  assert_true(open(&l, 1));
  ptn_limiter_answered(&l, 10, &left, 1); /* the server counts: it knows better */
  assert_true(open(&l, 1));
  assert_true(open(&l, 1000) && !ptn_limiter_idle(&l, 1000));
}

static void test_answers_that_never_came_count_no_more(void **state) {
  (void)state;
  ptn_limiter l;
  ptn_limiter_init(&l);
  ptn_limits left = requests_left(10, 1, 9);
  send(&l, 2, 0);
  ptn_limiter_answered(&l, 10, &left, 0);
  assert_false(open(&l, 0));
  ptn_limiter_ended(&l, 10, 0, PTN_WENT_OTHERWISE, -1, true, 0);
  assert_true(open(&l, 0));
}

static void test_tokens(void **state) {
  (void)state;
  ptn_limiter l;
  ptn_limiter_init(&l);
  ptn_limits left = silent;
  left.tokens = (ptn_limit){true, 1000, 100, 90}; /* ten come back each second */
  send(&l, 1, 0);
  ptn_limiter_answered(&l, 10, &left, 0);
  assert_true(ptn_limiter_opens_at(&l, 100, 0) <= 0);
  assert_true(ptn_limiter_opens_at(&l, 150, 0) == 5);
  assert_true(ptn_limiter_opens_at(&l, 5000, 0) == 90); /* more than there ever is: when all is there */
}

static void test_a_limit_without_an_end_holds_nothing_back(void **state) {
  (void)state;
  ptn_limiter l;
  ptn_limiter_init(&l);
  ptn_limits endless = requests_left(10, 0, -1), full = requests_left(10, 10, 0);
  send(&l, 2, 0);
  ptn_limiter_answered(&l, 10, &endless, 0);
  assert_true(open(&l, 0));
  ptn_limiter_answered(&l, 10, &full, 0);
  assert_true(open(&l, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_holds_nothing_back_by_itself),
      cmocka_unit_test(test_pauses_as_long_as_it_is_told),
      cmocka_unit_test(test_window_halves_once_for_each_crowd),
      cmocka_unit_test(test_window_grows_again),
      cmocka_unit_test(test_window_never_closes),
      cmocka_unit_test(test_window_is_forgotten_in_time),
      cmocka_unit_test(test_goes_at_the_speed_of_the_bucket),
      cmocka_unit_test(test_answers_that_never_came_count_no_more),
      cmocka_unit_test(test_tokens),
      cmocka_unit_test(test_a_limit_without_an_end_holds_nothing_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
