#include "pacer.h"

#include <math.h>

#include "clock.h"
#include "local_call.h"
#include "local_server.h"

#define REFUSAL(more, length, body) \
  "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n" more "Content-Length: " #length "\r\n\r\n" body

#define QUOTA "{\"error\":{\"code\":\"insufficient_quota\"}}"
#define LEFT(left) "HTTP/1.1 200 OK\r\nx-ratelimit-limit-requests: 2\r\nx-ratelimit-remaining-requests: " #left \
                   "\r\nx-ratelimit-reset-requests: 40s\r\nContent-Length: 2\r\n\r\n{}"

static const local_route routes[] = {
    {"GET /json", {SEND(JSON_HEAD(2) "{}")}},
    {"POST /json", {SEND(JSON_HEAD(2) "{}")}},
    {"POST /hold", {DO(HOLD), SEND(JSON_HEAD(2) "{}")}},
    {"POST /soon", {SEND(REFUSAL("retry-after-ms: 300\r\n", 2, "{}"))}},
    {"POST /later", {SEND(REFUSAL("Retry-After: 40\r\n", 2, "{}"))}},
    {"POST /never", {SEND(REFUSAL("Retry-After: 40\r\n", 39, QUOTA))}},
    {"POST /busy", {DO(HOLD), SEND(REFUSAL("", 2, "{}"))}},
    {"POST /last", {SEND(LEFT(0))}},
    {0},
};

static local_server *server;

static int set_up(void **state) {
  (void)state;
  server = local_server_start(&(local_server_options){.routes = routes});
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ptn_engine_stop(5);
  local_server_stop(server);
  return 0;
}

/* Each account is new to the pacer. */
static ptn_endpoint *account(const char *key) {
  ptn_endpoint *e = local_endpoint(local_server_url(server), &(ptn_endpoint_options){.paced = true});
  assert_true(ptn_endpoint_add_header(e, "Authorization", 13, key, strlen(key)));
  return e;
}

static void post(local_call *c, ptn_endpoint *e, const char *path, const char *body, double patience) {
  local_start(c, e, &(local_ask){.method = PTN_POST, .path = path, .body = body, .patience = patience});
}

static void ends(local_call *c, int http_status) {
  assert_ends(c, PTN_OK);
  assert_int_equal(c->x->http_status, http_status);
  local_free(c);
}

static void posted(ptn_endpoint *e, const char *path, int http_status) {
  local_call c;
  post(&c, e, path, "{}", INFINITY);
  ends(&c, http_status);
}

static bool held(const local_call *c) { return ptn_notifier_held(c->notifier) == 1; }

static void cancelled(local_call *c) {
  ptn_engine_cancel(c->x, PTN_E_CANCELLED);
  assert_ends(c, PTN_E_CANCELLED);
  assert_false(c->x->sent);
  assert_int_equal(ptn_notifier_held(c->notifier), 0);
  local_free(c);
}

static void test_waits_as_long_as_the_server_says(void **state) {
  (void)state;
  ptn_endpoint *e = account("soon");
  double start = ptn_now();
  posted(e, "/soon", 429);
  posted(e, "/json", 200);
  assert_true(ptn_now() - start >= 0.3);
  ptn_endpoint_release(e);
}

static void test_holds_what_asks_for_something_in_the_same_lane(void **state) {
  (void)state;
  local_call first, second, get, model, impatient;
  ptn_endpoint *e = account("later"), *other = account("another"), *unpaced = local_endpoint(local_server_url(server), NULL);
  posted(e, "/later", 429);
  post(&first, e, "/json", "{}", INFINITY);
  post(&second, e, "/json", "{}", ptn_now() + 100);
  assert_soon(held(&first) && held(&second));
  local_get(&get, e, "/json");
  ends(&get, 200);
  post(&model, e, "/json", "{\"model\":\"m\"}", INFINITY);
  ends(&model, 200);
  post(&impatient, e, "/later", "{}", ptn_now() + 5);
  assert_soon(held(&impatient) || impatient.x->done); /* behind the others, in order */
  posted(other, "/json", 200);
  posted(unpaced, "/json", 200);
  cancelled(&second);
  cancelled(&first);
  ends(&impatient, 429); /* it would wait too long: the server's own word is worth more */
  ptn_endpoint_release(e);
  ptn_endpoint_release(other);
  ptn_endpoint_release(unpaced);
}

static void test_holds_nothing_for_lack_of_credit(void **state) {
  (void)state;
  ptn_endpoint *e = account("poor");
  posted(e, "/never", 429);
  posted(e, "/json", 200);
  ptn_endpoint_release(e);
}

static void test_goes_by_what_is_left(void **state) {
  (void)state;
  local_call c;
  ptn_endpoint *e = account("last");
  posted(e, "/last", 200);
  post(&c, e, "/json", "{}", INFINITY);
  assert_soon(held(&c));
  cancelled(&c);
  ptn_endpoint_release(e);
}

/* Refused together, they go on one after the other, and the next crowd is all let in again in time. */
static void test_lets_fewer_out_at_a_time(void **state) {
  (void)state;
  enum { CROWD = 8 };
  local_call c[CROWD];
  ptn_endpoint *e = account("crowd");
  for (int i = 0; i < CROWD; i++) post(&c[i], e, "/busy", "{}", INFINITY);
  assert_soon(local_server_held(server) == CROWD);
  local_server_release(server, true);
  for (int i = 0; i < CROWD; i++) ends(&c[i], 429);
  local_server_release(server, false);
  for (int i = 0; i < CROWD; i++) post(&c[i], e, "/hold", "{}", INFINITY);
  int waiting = 0;
  assert_soon(local_server_held(server) == CROWD / 2);
  for (int i = 0; i < CROWD; i++) waiting += held(&c[i]);
  assert_int_equal(waiting, CROWD / 2);
  local_server_release(server, true);
  for (int i = 0; i < CROWD; i++) ends(&c[i], 200);
  local_server_release(server, false);
  ptn_endpoint_release(e);
}

static void test_many_accounts(void **state) {
  (void)state;
  char key[16];
  for (int i = 0; i < 300; i++) {
    snprintf(key, sizeof(key), "key-%d", i);
    ptn_endpoint *e = account(key);
    posted(e, "/json", 200);
    ptn_endpoint_release(e);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_waits_as_long_as_the_server_says),
      cmocka_unit_test(test_holds_what_asks_for_something_in_the_same_lane),
      cmocka_unit_test(test_holds_nothing_for_lack_of_credit),
      cmocka_unit_test(test_goes_by_what_is_left),
      cmocka_unit_test(test_lets_fewer_out_at_a_time),
      cmocka_unit_test(test_many_accounts),
  };
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
