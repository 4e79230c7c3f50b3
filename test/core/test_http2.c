#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "local_call.h"
#include "local_nginx.h"

#define JSON JSON_HEAD(2) "{}"
#define TICK SEND(": tick\n\n"), PAUSE(60)

static const local_route routes[] = {
    {"GET /json", {SEND(JSON)}},
    {"POST /json", {SEND(JSON)}},
    {"GET /hold", {DO(HOLD), SEND(JSON)}},
    {"POST /hold", {DO(HOLD), SEND(JSON)}},
    {"POST /ticks", {SEND(STREAM_HEAD), TICK, TICK, TICK, TICK, TICK, TICK, TICK, SEND("data: [DONE]\n\n"), DO(CLOSE)}},
    {0},
};

static local_tls tls;
static local_server *server;
static local_nginx nginx;
static ptn_endpoint *endpoint;

static int set_up(void **state) {
  (void)state;
  local_tls_make(&tls);
  server = local_server_start(&(local_server_options){.routes = routes});
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ptn_engine_stop(5);
  local_server_stop(server);
  local_tls_free(&tls);
  return 0;
}

/* Each test has an nginx of its own, on a port of its own, of which the engine knows nothing. */
static bool begin(const char *extra) {
  if (!local_nginx_start(&nginx, server, &tls, extra)) return false;
  endpoint = local_endpoint(nginx.url, &(ptn_endpoint_options){.verify_tls = true, .ca_file = tls.cert_file});
  local_server_release(server, false);
  return true;
}

static int end(void **state) {
  (void)state;
  local_server_release(server, true);
  ptn_endpoint_release(endpoint);
  endpoint = NULL;
  local_nginx_stop(&nginx);
  return 0;
}

static int connections(void) { return local_nginx_read(&nginx, NULL).connections; }

static long connection_of(const char *target, int requests) {
  assert_soon(local_nginx_read(&nginx, target).requests >= requests);
  return local_nginx_read(&nginx, target).last_connection;
}

enum { MANY = 250 };

/* All are in flight at once, over no more connections than they need at a hundred each. */
static void test_fan_out(void **state) {
  (void)state;
  static local_call calls[MANY];
  if (!begin(NULL)) skip();
  int before = local_server_count(server, "GET /hold");
  for (int i = 0; i < MANY; i++) local_get(&calls[i], endpoint, "/hold");
  assert_soon(local_server_count(server, "GET /hold") == before + MANY);
  local_server_release(server, true);
  for (int i = 0; i < MANY; i++) {
    assert_ends(&calls[i], PTN_OK);
    local_free(&calls[i]);
  }
  assert_soon(local_nginx_read(&nginx, NULL).requests == MANY);
  assert_true(connections() <= 3);

  for (int i = 0; i < MANY; i++) local_get(&calls[i], endpoint, "/json");
  for (int i = 0; i < MANY; i++) {
    assert_ends(&calls[i], PTN_OK);
    local_free(&calls[i]);
  }
  assert_soon(local_nginx_read(&nginx, NULL).requests == 2 * MANY);
  assert_true(connections() <= 3);
}

static void test_one_connection(void **state) {
  (void)state;
  local_call calls[60];
  if (!begin(NULL)) skip();
  for (int i = 0; i < 60; i++) local_post(&calls[i], endpoint, "/json", "{}");
  for (int i = 0; i < 60; i++) {
    assert_ends(&calls[i], PTN_OK);
    assert_memory_equal(calls[i].x->headers.data, "HTTP/2 200", 10);
    local_free(&calls[i]);
  }
  for (int i = 0; i < 30; i++) assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  assert_soon(local_nginx_read(&nginx, NULL).requests == 90);
  assert_int_equal(connections(), 1);
}

/* Cancelling one leaves the others on its connection alone, and the connection open. */
static void test_cancel_one_of_many(void **state) {
  (void)state;
  local_call calls[20];
  if (!begin(NULL)) skip();
  int before = local_server_count(server, "POST /hold");
  for (int i = 0; i < 20; i++) local_post(&calls[i], endpoint, "/hold", "{}");
  assert_soon(local_server_count(server, "POST /hold") == before + 20);
  for (int i = 0; i < 20; i += 2) ptn_engine_cancel(calls[i].x, PTN_E_CANCELLED);
  for (int i = 0; i < 20; i += 2) assert_ends(&calls[i], PTN_E_CANCELLED);
  local_server_release(server, true);
  for (int i = 0; i < 20; i++) {
    if (i % 2) assert_ends(&calls[i], PTN_OK);
    local_free(&calls[i]);
  }
  assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  assert_soon(local_nginx_read(&nginx, "GET /json").requests == 1);
  assert_int_equal(connections(), 1);
}

/* The server's process stands still, as if a black hole were on the way: a call whose time is over takes its
 * connection with it, so that the next one does not go the same way. */
static void test_black_hole(void **state) {
  (void)state;
  if (!begin(NULL)) skip();
  for (int i = 0; i < 3; i++) {
    local_call c;
    assert_status(local_get_status(endpoint, "/json"), PTN_OK);
    long first = connection_of("GET /json", 2 * i + 1);
    pid_t worker = local_nginx_read(&nginx, NULL).last_worker;
    assert_int_equal(kill(worker, SIGSTOP), 0);
    local_post(&c, endpoint, "/json", "{}");
    assert_false(local_wait(&c, 0.4));
    ptn_engine_cancel(c.x, PTN_E_TIMEOUT);
    assert_ends(&c, PTN_E_TIMEOUT);
    assert_true(c.x->sent);
    local_free(&c);
    assert_int_equal(kill(worker, SIGCONT), 0);
    assert_status(local_get_status(endpoint, "/json"), PTN_OK);
    assert_int_not_equal(connection_of("GET /json", 2 * i + 2), first);
  }
}

/* The same while other calls are on that connection, for which the server may just be slow: they get their answers over
 * it, and nothing more is given to it. */
static void test_black_hole_that_others_are_on(void **state) {
  (void)state;
  if (!begin(NULL)) skip();
  assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  long first = connection_of("GET /json", 1);
  for (int round = 0; round < 3; round++) {
    local_call late, patient[10];
    int before = local_server_count(server, "POST /hold");
    local_server_release(server, false);
    for (int i = 0; i < 10; i++) local_post(&patient[i], endpoint, "/hold", "{}");
    assert_soon(local_server_count(server, "POST /hold") == before + 10);
    pid_t worker = local_nginx_read(&nginx, NULL).last_worker;
    assert_int_equal(kill(worker, SIGSTOP), 0);
    local_post(&late, endpoint, "/hold", "{}");
    assert_false(local_wait(&late, 0.4));
    ptn_engine_cancel(late.x, PTN_E_TIMEOUT);
    assert_ends(&late, PTN_E_TIMEOUT);
    local_free(&late);
    assert_int_equal(kill(worker, SIGCONT), 0);
    assert_status(local_get_status(endpoint, "/json"), PTN_OK);
    assert_int_not_equal(connection_of("GET /json", round + 2), first);
    first = connection_of("GET /json", round + 2);
    local_server_release(server, true);
    for (int i = 0; i < 10; i++) {
      assert_ends(&patient[i], PTN_OK);
      local_free(&patient[i]);
    }
  }
  assert_int_equal(connections(), 4);
}

/* One answer is late, another comes: the connection works, and is kept. */
static void test_late_answer_is_no_black_hole(void **state) {
  (void)state;
  if (!begin(NULL)) skip();
  local_call late, stream;
  assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  local_stream(&stream, endpoint, "/ticks");
  local_post(&late, endpoint, "/hold", "{}");
  assert_false(local_wait(&late, 0.25));
  ptn_engine_cancel(late.x, PTN_E_TIMEOUT);
  assert_ends(&late, PTN_E_TIMEOUT);
  local_free(&late);
  assert_ends(&stream, PTN_OK);
  assert_true(stream.x->ended);
  local_free(&stream);
  assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  assert_soon(local_nginx_read(&nginx, "GET /json").requests == 2);
  assert_int_equal(connections(), 1);
}

/* The server's process dies while it has the POSTs; another takes its place at once, ready for a repetition. */
static void test_no_hidden_second_post(void **state) {
  (void)state;
  if (!begin(NULL)) skip();
  for (int round = 0; round < 3; round++) {
    local_call calls[12];
    int before = local_server_begun(server, "POST /hold");
    assert_status(local_get_status(endpoint, "/json"), PTN_OK);
    assert_soon(local_nginx_read(&nginx, "GET /json").requests == 2 * round + 1);
    for (int i = 0; i < 12; i++) local_post(&calls[i], endpoint, "/hold", i % 3 ? "{\"a\":1}" : NULL);
    assert_soon(local_server_begun(server, "POST /hold") == before + 12);
    assert_int_equal(kill(local_nginx_read(&nginx, NULL).last_worker, SIGKILL), 0);
    for (int i = 0; i < 12; i++) {
      assert_ends(&calls[i], PTN_E_LOST);
      assert_true(calls[i].x->sent);
      local_free(&calls[i]);
    }
    assert_status(local_get_status(endpoint, "/json"), PTN_OK);
    assert_soon(local_nginx_read(&nginx, "GET /json").requests == 2 * round + 2);
    assert_int_equal(local_server_begun(server, "POST /hold"), before + 12);
  }
}

/* A server that takes fewer streams than a hundred on a connection gets no more connections than it needs for that. */
static void test_fewer_streams(void **state) {
  (void)state;
  enum { CALLS = 50 };
  local_call calls[CALLS];
  if (!begin("http2_max_concurrent_streams 10;")) skip();
  assert_status(local_get_status(endpoint, "/json"), PTN_OK); /* by now it has said so */
  int posts = local_server_begun(server, "POST /hold");
  for (int i = 0; i < CALLS; i++) local_post(&calls[i], endpoint, "/hold", "{}");
  assert_soon(local_server_begun(server, "POST /hold") == posts + CALLS);
  local_server_release(server, true);
  for (int i = 0; i < CALLS; i++) {
    assert_ends(&calls[i], PTN_OK);
    local_free(&calls[i]);
  }
  assert_int_equal(local_server_begun(server, "POST /hold"), posts + CALLS);
  assert_soon(local_nginx_read(&nginx, "POST /hold").requests == CALLS);
  assert_true(connections() <= 7);
}

/* All are answered once, or it is said that one was lost: libcurl can't say that a stream was refused unread, and the
 * rule that no POST is sent twice then keeps it from trying again. */
static int answered_or_lost(int count) {
  local_call calls[60];
  int lost = 0, before = local_server_begun(server, "POST /json");
  for (int i = 0; i < count; i++) {
    local_post(&calls[i], endpoint, "/json", "{}");
    local_wait(&calls[i], SOON);
  }
  for (int i = 0; i < count; i++) {
    assert_true(local_wait(&calls[i], SOON));
    if (calls[i].x->status != PTN_OK) {
      assert_status(calls[i].x->status, PTN_E_LOST);
      assert_int_equal(calls[i].x->error[0], 0); /* libcurl would speak of its callbacks */
      lost++;
    }
    local_free(&calls[i]);
  }
  int came = local_server_begun(server, "POST /json") - before;
  assert_true(came >= count - lost && came <= count);
  return lost;
}

/* A server that takes so many requests on a connection, and says goodbye. */
static void test_goodbye(void **state) {
  (void)state;
  if (!begin("keepalive_requests 10;")) skip();
  assert_true(answered_or_lost(45) <= 5); /* those sent as the goodbye came */
  assert_true(connections() <= 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_fan_out, end),
      cmocka_unit_test_teardown(test_one_connection, end),
      cmocka_unit_test_teardown(test_cancel_one_of_many, end),
      cmocka_unit_test_teardown(test_black_hole, end),
      cmocka_unit_test_teardown(test_black_hole_that_others_are_on, end),
      cmocka_unit_test_teardown(test_late_answer_is_no_black_hole, end),
      cmocka_unit_test_teardown(test_no_hidden_second_post, end),
      cmocka_unit_test_teardown(test_fewer_streams, end),
      cmocka_unit_test_teardown(test_goodbye, end),
  };
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
