#include <stdio.h>

#include "exchange.h"
#include "support.h"

static ptn_origin *origin_of(const char *url) {
  size_t len = strlen(url);
  ptn_endpoint_options o = {.base_url = url, .base_url_len = len, .origin_len = len, .max_body = 1};
  o.tls = url[4] == 's';
  ptn_endpoint *e = ptn_endpoint_new(&o);
  ptn_origin *origin = ptn_origin_of(e);
  ptn_endpoint_release(e);
  assert_non_null(origin);
  return origin;
}

/* As the engine does it: asks, and counts what starts. */
static bool starts(ptn_origin *o, ptn_exchange *x, bool expect_opens) {
  bool opens;
  if (!ptn_origin_admits(o, &opens)) return false;
  assert_int_equal(opens, expect_opens);
  o->active++;
  if (opens) o->opener = x;
  return true;
}

static void opened(ptn_origin *o) {
  o->opener = NULL;
  ptn_origin_connection_opened(o, 0);
  ptn_origin_speaks(o, o->http); /* and has said how many it takes */
}

static void test_one_for_each_name(void **state) {
  (void)state;
  ptn_origin *a = origin_of("https://one.example");
  assert_ptr_equal(origin_of("https://one.example"), a);
  assert_ptr_not_equal(origin_of("https://two.example"), a);
  assert_int_equal(a->http, PTN_HTTP_UNKNOWN);
  int count = 0;
  for (ptn_origin *o = ptn_origin_first(); o; o = o->next) count++;
  assert_int_equal(count, 2);
}

static void test_plain_http_never_waits(void **state) {
  (void)state;
  ptn_exchange x = {.refs = 1};
  ptn_origin *o = origin_of("http://plain.example");
  assert_int_equal(o->http, PTN_HTTP_1);
  for (int i = 0; i < 5000; i++) assert_true(starts(o, &x, false));
}

/* Until the first connection is up one exchange finds out what the server speaks. */
static void test_unknown_waits_for_the_opener(void **state) {
  (void)state;
  ptn_exchange x = {.refs = 1};
  ptn_origin *o = origin_of("https://unknown.example");
  assert_true(starts(o, &x, true));
  assert_false(starts(o, &x, true));
  o->opener = NULL;
  ptn_origin_connection_opened(o, 0);
  assert_false(starts(o, &x, false)); /* it has not said how many it takes */
  assert_in_range(ptn_origin_pause(60000), 1, 60000); /* nobody waits */
  ptn_origin_wait(o, &x);
  assert_in_range(ptn_origin_pause(60000), 1, 250);
  ptn_origin_stop_waiting(o, &x);
  assert_true(o->settles_at > 0);
  o->settles_at = 0.001; /* long ago */
  assert_true(starts(o, &x, false));

  /* and that one opened a connection of its own: HTTP/1.1 */
  assert_true(ptn_origin_lets_open(o));
  assert_int_equal(o->http, PTN_HTTP_1);
  for (int i = 0; i < 500; i++) assert_true(starts(o, &x, false));
}

static void test_opening_says_nothing_before_or_after(void **state) {
  (void)state;
  ptn_origin *o = origin_of("https://no-news.example");
  assert_true(ptn_origin_lets_open(o)); /* no connection was up that it could have shared */
  assert_int_equal(o->http, PTN_HTTP_UNKNOWN);
  ptn_origin_speaks(o, PTN_HTTP_2);
  ptn_origin_connection_opened(o, 0);
  assert_false(ptn_origin_lets_open(o));
  assert_int_equal(o->http, PTN_HTTP_2);
}

/* The connections have no room, whatever we thought: only an opener starts, until a place is free. */
static void test_full(void **state) {
  (void)state;
  ptn_exchange x = {.refs = 1};
  ptn_origin *o = origin_of("https://full.example");
  ptn_origin_speaks(o, PTN_HTTP_2);
  for (int way = 0; way < 2; way++) {
    assert_true(starts(o, &x, true));
    opened(o);
    assert_true(starts(o, &x, false));
    assert_false(ptn_origin_lets_open(o));
    assert_true(starts(o, &x, true));
    assert_false(starts(o, &x, true));
    if (way == 0) ptn_origin_left(o);
    else opened(o);
    assert_true(starts(o, &x, false));
    o->opener = NULL;
    o->active = o->established = 0;
    o->full = false;
  }
}

static void test_openers_that_fail(void **state) {
  (void)state;
  ptn_exchange x = {.refs = 1};
  ptn_origin *o = origin_of("https://failing.example");
  ptn_origin_speaks(o, PTN_HTTP_2);
  for (int i = 0; i < 6; i++) {
    assert_true(starts(o, &x, true));
    o->opener = NULL;
    assert_int_equal(ptn_origin_opener_failed(o), i % 3 == 2);
  }
  opened(o); /* that there is one is reason to wait, and a pause before the next is tried */
  o->active = 100;
  for (int i = 0; i < 3; i++) {
    assert_true(starts(o, &x, true));
    o->opener = NULL;
    assert_false(ptn_origin_opener_failed(o));
  }
  assert_false(starts(o, &x, true));
  o->opens_again_at = 0.001; /* long ago */
  assert_true(starts(o, &x, true));
}

/* Any number of servers may be asked in the life of a process. */
static void test_idle_ones_are_forgotten(void **state) {
  (void)state;
  char url[64];
  ptn_origin *busy = origin_of("https://busy.example");
  busy->sockets = 1;
  for (int i = 0; i < 1000; i++) {
    snprintf(url, sizeof url, "https://number-%d.example", i);
    origin_of(url);
  }
  int count = 0;
  for (ptn_origin *o = ptn_origin_first(); o; o = o->next) count++;
  assert_true(count < 80);
  assert_ptr_equal(origin_of("https://busy.example"), busy);
}

/* At most one connection for each begun hundred in flight. */
static void test_http2_takes_a_hundred_each(void **state) {
  (void)state;
  ptn_exchange x = {.refs = 1};
  ptn_origin *o = origin_of("https://h2.example");
  ptn_origin_speaks(o, PTN_HTTP_2);
  for (int connections = 0; connections < 3; connections++) {
    assert_true(starts(o, &x, true));
    assert_false(starts(o, &x, true));
    opened(o);
    for (int i = 1; i < 100; i++) assert_true(starts(o, &x, false));
  }
  assert_int_equal(o->active, 300);
  assert_int_equal(o->established, 3);

  o->active -= 1; /* one ends: its place is free, and needs no new connection */
  assert_true(starts(o, &x, false));

  ptn_origin_connection_closed(o); /* what was on it is about to end too */
  o->active -= 100;
  assert_true(starts(o, &x, true));
}

static void test_queue(void **state) {
  (void)state;
  ptn_exchange x[4] = {{.refs = 1}};
  ptn_origin *o = origin_of("https://queue.example");
  for (int i = 0; i < 4; i++) ptn_origin_wait(o, &x[i]);
  ptn_origin_stop_waiting(o, &x[1]); /* in the middle */
  ptn_origin_stop_waiting(o, &x[3]); /* at the end */
  assert_ptr_equal(o->first, &x[0]);
  assert_ptr_equal(o->first->queue_next, &x[2]);
  assert_ptr_equal(o->last, &x[2]);
  ptn_origin_wait(o, &x[3]);
  ptn_origin_stop_waiting(o, &x[0]); /* at the start */
  assert_ptr_equal(o->first, &x[2]);
  ptn_origin_stop_waiting(o, &x[2]);
  ptn_origin_stop_waiting(o, &x[3]);
  assert_null(o->first);
  assert_null(o->last);
  ptn_origin_wait(o, &x[1]);
  assert_ptr_equal(o->first, &x[1]);
  assert_ptr_equal(o->last, &x[1]);
  ptn_origin_stop_waiting(o, &x[1]);
}

/* Each test looks at origins of its own; what they leave behind stays reachable as in the engine. */
int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_for_each_name),
      cmocka_unit_test(test_plain_http_never_waits),
      cmocka_unit_test(test_unknown_waits_for_the_opener),
      cmocka_unit_test(test_opening_says_nothing_before_or_after),
      cmocka_unit_test(test_http2_takes_a_hundred_each),
      cmocka_unit_test(test_full),
      cmocka_unit_test(test_openers_that_fail),
      cmocka_unit_test(test_queue),
      cmocka_unit_test(test_idle_ones_are_forgotten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
