#include <stdio.h>

#include "local_call.h"
#include "local_server.h"

/* How connections fail, what is said of it, and that a creating request is never sent twice behind our back. */

#define JSON JSON_HEAD(2) "{}"

static const local_route routes[] = {
    {"GET /warm", {SEND(JSON)}},
    {"POST /ok", {SEND(JSON)}},
    {"GET /then-close", {SEND(JSON), DO(CLOSE)}},
    {"GET /then-reset", {SEND(JSON), PAUSE(1), DO(RESET)}},
    {"GET /soon-closed", {SEND(JSON), PAUSE(1), DO(CLOSE)}},
    {"POST /fin", {DO(CLOSE)}},
    {"POST /rst", {DO(RESET)}},
    {"POST /late-fin", {PAUSE(30), DO(CLOSE)}},
    {"POST /late-rst", {PAUSE(30), DO(RESET)}},
    {"POST /early-fin", {DO(EARLY), DO(CLOSE)}},
    {"POST /early-rst", {DO(EARLY), DO(RESET)}},
    {"POST /gone", {DO(EXIT)}},
    {"GET /fin", {DO(CLOSE)}},
    {"GET /rst", {DO(RESET)}},
    {"GET /fin-first", {DO(CLOSE_FIRST), SEND(JSON)}},
    {"GET /rst-first", {DO(RESET_FIRST), SEND(JSON)}},
    {"DELETE /fin-first", {DO(CLOSE_FIRST), SEND(JSON)}},
    {"GET /not-http", {SEND("hello\r\nthis is not HTTP\r\n\r\n"), DO(CLOSE)}},
    {"GET /huge-status", {SEND("HTTP/1.1 99999999999999999999 Oh\r\nContent-Length: 0\r\n\r\n"), DO(CLOSE)}},
    {"GET /status-cut", {SEND("HTTP/1.1 20"), DO(CLOSE)}},
    {"GET /head-cut", {SEND("HTTP/1.1 200 OK\r\nContent-Type: text/ht"), DO(CLOSE)}},
    {"GET /head-cut-between", {SEND("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"), DO(CLOSE)}},
    {"GET /cut", {SEND(JSON_HEAD(100) "{"), DO(CLOSE)}},
    {"GET /reset-in-body", {SEND(JSON_HEAD(100) "{"), PAUSE(5), DO(RESET)}},
    {"GET /bad-chunk", {SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), DO(STALL)}},
    {"GET /error", {SEND("HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n{}")}},
    {0},
};

static local_server *server, *dropping;
static ptn_endpoint *endpoint;

static int set_up(void **state) {
  (void)state;
  server = local_server_start(&(local_server_options){.routes = routes});
  dropping = local_server_start(&(local_server_options){.welcome = LOCAL_DROP});
  endpoint = local_endpoint(local_server_url(server), NULL);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ptn_engine_stop(5);
  ptn_endpoint_release(endpoint);
  local_server_stop(server);
  local_server_stop(dropping);
  return 0;
}

static void warm_up(void) { assert_status(local_get_status(endpoint, "/warm"), PTN_OK); }

static void test_refused(void **state) {
  (void)state;
  char url[64];
  local_call c;
  snprintf(url, sizeof url, "http://127.0.0.1:%d", local_unused_port());
  ptn_endpoint *nobody = local_endpoint(url, NULL);
  local_post(&c, nobody, "/x", "{}");
  assert_ends(&c, PTN_E_CONNECT);
  assert_false(c.x->sent);
  assert_int_equal(c.x->http_status, 0);
  assert_int_not_equal(c.x->error[0], 0);
  local_free(&c);
  local_get(&c, nobody, "/x");
  assert_ends(&c, PTN_E_CONNECT);
  assert_false(c.x->sent);
  local_free(&c);
  ptn_endpoint_release(nobody);
}

/* Closed by the server before it read a byte. What we know differs with who was faster; we never claim too much. */
static void test_dropped_before_the_request(void **state) {
  (void)state;
  ptn_endpoint *e = local_endpoint(local_server_url(dropping), NULL);
  for (int i = 0; i < 30; i++) {
    local_call c;
    int before = local_server_connections(dropping);
    local_post(&c, e, "/x", i % 2 ? "{}" : NULL);
    assert_true(local_wait(&c, SOON));
    if (c.x->sent) assert_status(c.x->status, PTN_E_LOST);
    else assert_true(c.x->status == PTN_E_SEND || c.x->status == PTN_E_CONNECT);
    assert_int_equal(local_server_connections(dropping), before + 1);
    local_free(&c);
  }
  ptn_endpoint_release(e);
}

/* On a warm connection, which is where libcurl by itself would send a request once more. */
static void post_that_is_lost(const char *target, const char *body, bool warm) {
  local_call c;
  const char *path = strchr(target, '/');
  if (warm) warm_up();
  int before = local_server_begun(server, target);
  local_post(&c, endpoint, path, body);
  assert_ends(&c, PTN_E_LOST);
  assert_true(c.x->sent);
  assert_int_equal(c.x->http_status, 0);
  local_free(&c);
  warm_up(); /* a hidden repetition would be under way by now */
  assert_int_equal(local_server_begun(server, target), before + 1);
}

static void test_no_hidden_second_post(void **state) {
  (void)state;
  static const char *const targets[] = {"POST /fin", "POST /rst", "POST /late-fin", "POST /late-rst"};
  static const char *const bodies[] = {"{\"assistant_id\":\"asst_1\"}", "", NULL};
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    for (size_t j = 0; j < sizeof bodies / sizeof *bodies; j++) {
      for (int n = 0; n < 5; n++) post_that_is_lost(targets[i], bodies[j], true);
    }
    post_that_is_lost(targets[i], "{}", false);
  }
}

/* The server is gone with the request that it has read: that nobody can be connected to any more does not mean that the
 * request was not sent. */
static void test_server_gone_with_the_request(void **state) {
  (void)state;
  static const char *const bodies[] = {"{}", "", NULL};
  for (size_t i = 0; i < 3; i++) {
    local_call c;
    local_server *mortal = local_server_start(&(local_server_options){.routes = routes});
    ptn_endpoint *e = local_endpoint(local_server_url(mortal), NULL);
    assert_status(local_get_status(e, "/warm"), PTN_OK);
    local_post(&c, e, "/gone", bodies[i]);
    assert_ends(&c, PTN_E_LOST);
    assert_true(c.x->sent);
    local_free(&c);
    local_post(&c, e, "/gone", bodies[i]);
    assert_ends(&c, PTN_E_CONNECT);
    assert_false(c.x->sent);
    local_free(&c);
    ptn_endpoint_release(e);
    local_server_stop(mortal);
  }
}

/* A body larger than what one read or one socket buffer takes. */
static void test_no_hidden_second_post_of_a_large_body(void **state) {
  (void)state;
  static const char *const paths[] = {"/fin", "/rst", "/early-fin", "/early-rst"};
  enum { SIZE = 4 << 20 };
  char *body = malloc(SIZE);
  memset(body, ' ', SIZE);
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    for (int n = 0; n < 3; n++) {
      char target[32];
      local_call c;
      snprintf(target, sizeof target, "POST %s", paths[i]);
      warm_up();
      int before = local_server_count(server, target);
      local_start(&c, endpoint, &(local_ask){.method = PTN_POST, .path = paths[i], .body = body, .body_len = SIZE});
      assert_ends(&c, c.x->sent ? PTN_E_LOST : PTN_E_SEND);
      local_free(&c);
      warm_up();
      assert_int_equal(local_server_count(server, target), before + (i < 2));
    }
  }
  free(body);
}

/* The server closes a kept connection just when we may use it again: whatever comes of the POST, the server has it
 * once at most, and if we say that it was not sent, it has it not at all. */
static void test_connection_closed_while_idle(void **state) {
  (void)state;
  static const char *const last[] = {"/then-close", "/soon-closed", "/then-reset"};
  int ok = 0, rounds = 0;
  for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
    for (int n = 0; n < 40; n++, rounds++) {
      local_call c;
      assert_status(local_get_status(endpoint, last[i]), PTN_OK);
      if (n % 4 == 3) local_nap(3);
      int before = local_server_begun(server, "POST /ok");
      local_post(&c, endpoint, "/ok", n % 2 ? "{}" : NULL);
      assert_true(local_wait(&c, SOON));
      int came = local_server_begun(server, "POST /ok") - before;
      if (c.x->status == PTN_OK) {
        assert_int_equal(came, 1);
        ok++;
      } else {
        assert_true(c.x->sent ? came <= 1 : came == 0);
      }
      local_free(&c);
    }
  }
  assert_true(ok > rounds / 8); /* those that left the connection time to close, at least */
}

/* A GET may be sent again: by libcurl where the connection was a warm one, else by whoever asked. */
static void test_get_that_is_lost(void **state) {
  (void)state;
  warm_up();
  assert_status(local_get_status(endpoint, "/fin"), PTN_E_LOST);
  warm_up();
  assert_status(local_get_status(endpoint, "/rst"), PTN_E_LOST);

  static const char *const targets[] = {"GET /fin-first", "GET /rst-first", "DELETE /fin-first"};
  for (size_t i = 0; i < 3; i++) {
    local_call c;
    warm_up();
    local_start(&c, endpoint, &(local_ask){.method = i == 2 ? PTN_DELETE : PTN_GET, .path = strchr(targets[i], '/')});
    assert_true(local_wait(&c, SOON));
    bool ok = c.x->status == PTN_OK;
    if (!ok) assert_status(c.x->status, PTN_E_LOST);
    assert_int_equal(local_server_count(server, targets[i]), ok ? 2 : 1);
    local_free(&c);
  }
}

static void test_answers_that_are_none(void **state) {
  (void)state;
  local_call c;
  assert_status(local_get_status(endpoint, "/not-http"), PTN_E_PROTOCOL);
  local_call huge;
  local_get(&huge, endpoint, "/huge-status");
  assert_true(local_wait(&huge, SOON));
  assert_in_range(huge.x->http_status, 0, 999);
  assert_true(huge.x->status != PTN_OK || huge.x->http_status == 999); /* libcurl 8.14 reads three digits of it */
  local_free(&huge);
  local_get(&c, endpoint, "/status-cut");
  assert_true(local_wait(&c, SOON));
  assert_true(c.x->status == PTN_E_PROTOCOL || c.x->status == PTN_E_LOST || c.x->status == PTN_E_PARTIAL);
  local_free(&c);
  assert_status(local_get_status(endpoint, "/head-cut"), PTN_E_PARTIAL);
  assert_status(local_get_status(endpoint, "/head-cut-between"), PTN_E_PARTIAL);
  assert_status(local_get_status(endpoint, "/cut"), PTN_E_PARTIAL);
  assert_status(local_get_status(endpoint, "/reset-in-body"), PTN_E_PARTIAL);
  local_get(&c, endpoint, "/bad-chunk");
  assert_true(local_wait(&c, SOON));
  assert_true(c.x->status == PTN_E_PARTIAL || c.x->status == PTN_E_PROTOCOL);
  local_free(&c);
}

/* An HTTP error is an answer as any other: its connection goes on. */
static void test_connection_is_kept_across_http_errors(void **state) {
  (void)state;
  local_call c;
  warm_up();
  int connections = local_server_connections(server);
  for (int i = 0; i < 5; i++) {
    local_get(&c, endpoint, "/error");
    assert_ends(&c, PTN_OK);
    assert_int_equal(c.x->http_status, 500);
    local_free(&c);
    local_stream(&c, endpoint, "/missing");
    assert_ends(&c, PTN_OK);
    assert_int_equal(c.x->http_status, 404);
    local_free(&c);
  }
  assert_int_equal(local_server_connections(server), connections);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_dropped_before_the_request),
      cmocka_unit_test(test_no_hidden_second_post),
      cmocka_unit_test(test_server_gone_with_the_request),
      cmocka_unit_test(test_no_hidden_second_post_of_a_large_body),
      cmocka_unit_test(test_connection_closed_while_idle),
      cmocka_unit_test(test_get_that_is_lost),
      cmocka_unit_test(test_answers_that_are_none),
      cmocka_unit_test(test_connection_is_kept_across_http_errors),
  };
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
