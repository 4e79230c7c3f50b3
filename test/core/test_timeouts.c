#include <stdio.h>

#include "local_call.h"
#include "local_server.h"

#define JSON JSON_HEAD(2) "{}"
#define TICK SEND(": still here\n\n"), PAUSE(300)

static const local_route routes[] = {
    {"GET /json", {SEND(JSON)}},
    {"GET /stall", {DO(STALL), DO(CLOSE)}},
    {"GET /stall-in-body", {SEND(JSON_HEAD(9) "{"), DO(STALL), DO(CLOSE)}},
    {"POST /stall", {DO(STALL), DO(CLOSE)}},
    {"POST /slow", {SEND(STREAM_HEAD), TICK, TICK, TICK, TICK, SEND("data: [DONE]\n\n"), DO(CLOSE)}},
    {0},
};

static local_server *server, *silent;

static int set_up(void **state) {
  (void)state;
  server = local_server_start(&(local_server_options){.routes = routes});
  silent = local_server_start(&(local_server_options){.welcome = LOCAL_IGNORE});
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ptn_engine_stop(5);
  local_server_stop(server);
  local_server_stop(silent);
  return 0;
}

static void test_connecting(void **state) {
  (void)state;
  char plain[64], tls[64];
  local_call c[4];
  local_black_hole hole;
  local_black_hole_open(&hole);
  snprintf(plain, sizeof plain, "http://127.0.0.1:%d", hole.port);
  snprintf(tls, sizeof tls, "https://127.0.0.1:%d", local_server_port(silent));
  const ptn_endpoint_options soon = {.connect_timeout_ms = 150};
  ptn_endpoint *e[2] = {local_endpoint(plain, &soon), local_endpoint(tls, &soon)};
  for (int i = 0; i < 4; i++) local_post(&c[i], e[i % 2], "/x", "{}"); /* the last one queues behind the second */
  for (int i = 0; i < 4; i++) {
    assert_ends(&c[i], PTN_E_CONNECT_TIMEOUT);
    assert_false(c[i].x->sent);
    local_free(&c[i]);
  }
  for (int i = 0; i < 2; i++) ptn_endpoint_release(e[i]);
  local_black_hole_close(&hole);
}

/* Nothing comes: that is idle. A little now and then is not. Who sets no limit waits on. */
static void test_idle(void **state) {
  (void)state;
  local_call c[4], patient;
  ptn_endpoint *unlimited = local_endpoint(local_server_url(server), NULL);
  local_get(&patient, unlimited, "/stall");
  ptn_endpoint *e = local_endpoint(local_server_url(server), &(ptn_endpoint_options){.idle_timeout_s = 1});
  local_get(&c[0], e, "/stall");
  local_get(&c[1], e, "/stall-in-body");
  local_post(&c[2], e, "/stall", "{}");
  local_stream(&c[3], e, "/slow");
  for (int i = 0; i < 3; i++) {
    assert_ends(&c[i], PTN_E_IDLE);
    assert_true(c[i].x->sent);
    local_free(&c[i]);
  }
  assert_ends(&c[3], PTN_OK);
  assert_true(c[3].x->ended);
  local_free(&c[3]);
  assert_false(local_wait(&patient, 0));
  ptn_engine_cancel(patient.x, PTN_E_CANCELLED);
  assert_ends(&patient, PTN_E_CANCELLED);
  local_free(&patient);
  assert_soon(local_server_held(server) == 0);
  assert_status(local_get_status(e, "/json"), PTN_OK);
  ptn_endpoint_release(e);
  ptn_endpoint_release(unlimited);
}

/* The caller's own limit of time; what it asks next goes over another connection. */
static void test_time_is_over(void **state) {
  (void)state;
  ptn_endpoint *e = local_endpoint(local_server_url(server), NULL);
  const ptn_status reasons[] = {PTN_E_TIMEOUT, PTN_E_IDLE};
  for (int i = 0; i < 2; i++) {
    local_call c;
    assert_status(local_get_status(e, "/json"), PTN_OK);
    int connection = local_server_connection(server, "GET /json");
    local_post(&c, e, "/stall", "{}");
    assert_false(local_wait(&c, 0.2));
    ptn_engine_cancel(c.x, reasons[i]);
    assert_ends(&c, reasons[i]);
    assert_true(c.x->sent);
    assert_int_equal(local_server_connection(server, "POST /stall"), connection);
    local_free(&c);
    assert_soon(local_server_held(server) == 0);
    assert_status(local_get_status(e, "/json"), PTN_OK);
    assert_int_not_equal(local_server_connection(server, "GET /json"), connection);
  }
  ptn_endpoint_release(e);
}

/* Nobody waits for them: they end by themselves, wherever they are by then. */
static void test_fired(void **state) {
  (void)state;
  char tls[64];
  snprintf(tls, sizeof tls, "https://127.0.0.1:%d", local_server_port(silent));
  ptn_endpoint *e[2] = {local_endpoint(local_server_url(server), NULL), local_endpoint(tls, NULL)};
  const ptn_request_options options = {.method = PTN_POST, .path = "/stall", .path_len = 6};
  int before = local_server_begun(server, "POST /stall");
  for (int i = 0; i < 6; i++) { /* of the second server's, two wait behind the first */
    ptn_status status;
    ptn_notifier *notifier = ptn_notifier_take(&status);
    ptn_exchange *x = ptn_exchange_new(ptn_request_new(e[i % 2], &options), notifier, false);
    assert_status(ptn_engine_fire(x, 0.3), PTN_OK);
    ptn_exchange_release(x);
    ptn_notifier_release(notifier);
  }
  assert_soon(local_server_begun(server, "POST /stall") == before + 3);
  assert_soon(ptn_engine_active() == 0);
  assert_soon(local_server_held(server) == 0);
  for (int i = 0; i < 2; i++) ptn_endpoint_release(e[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_connecting),
      cmocka_unit_test(test_idle),
      cmocka_unit_test(test_time_is_over),
      cmocka_unit_test(test_fired),
  };
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
