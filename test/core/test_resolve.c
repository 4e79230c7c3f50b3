#include <stdio.h>

#include "libcurl.h"
#include "local_call.h"
#include "local_names.h"
#include "local_server.h"

static const local_route routes[] = {
    {"GET /json", {SEND(JSON_HEAD(2) "{}")}},
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
  local_names_release(true);
  assert_soon(local_names_waiting() == 0);
  ptn_engine_stop(5);
  local_server_stop(server);
  return 0;
}

static ptn_endpoint *endpoint_at(const char *host, const ptn_endpoint_options *more) {
  char url[64];
  snprintf(url, sizeof url, "http://%s:%d", host, local_server_port(server));
  return local_endpoint(url, more);
}

static ptn_status status_at(const char *host) {
  ptn_endpoint *e = endpoint_at(host, NULL);
  ptn_status status = local_get_status(e, "/json");
  ptn_endpoint_release(e);
  return status;
}

static void test_names(void **state) {
  (void)state;
  local_call c;
  assert_status(status_at("local.test"), PTN_OK);
  assert_status(status_at("two.test"), PTN_OK); /* nobody listens at the first address */

  ptn_endpoint *e = endpoint_at("none.test", NULL);
  local_post(&c, e, "/json", "{}");
  assert_ends(&c, PTN_E_RESOLVE);
  assert_false(c.x->sent);
  local_free(&c);
  ptn_endpoint_release(e);
}

static void test_name_of_the_proxy(void **state) {
  (void)state;
  ptn_endpoint *e = endpoint_at("local.test", &(ptn_endpoint_options){.proxy = "http://none.test:3128"});
  /* libcurl 8.14 takes it for the name of the host where the look-up ends at once. */
  for (int i = 0; i < 200; i++) assert_status(local_get_status(e, "/json"), PTN_E_PROXY);
  ptn_endpoint_release(e);
}

/* From 7.87 on libcurl lets go of a look-up; before, the exchange ends when that does. */
static void test_cancel_during_a_slow_look_up(void **state) {
  (void)state;
  local_call c[5];
  bool lets_go = ptn_libcurl_has(0x075700);
  ptn_endpoint *e = endpoint_at("slow.test", NULL);
  for (int i = 0; i < 5; i++) local_get(&c[i], e, "/json");
  assert_soon(local_names_waiting() > 0);
  assert_status(status_at("local.test"), PTN_OK); /* the engine goes on meanwhile */
  for (int i = 0; i < 5; i++) ptn_engine_cancel(c[i].x, i % 2 ? PTN_E_CANCELLED : PTN_E_TIMEOUT);
  if (!lets_go) local_names_release(true);
  for (int i = 0; i < 5; i++) {
    assert_ends(&c[i], i % 2 ? PTN_E_CANCELLED : PTN_E_TIMEOUT);
    assert_false(c[i].x->sent);
    local_free(&c[i]);
  }
  assert_soon(ptn_engine_active() == 0);
  assert_status(status_at("local.test"), PTN_OK);
  local_names_release(true);
  assert_soon(local_names_waiting() == 0);
  assert_status(status_at("slow.test"), PTN_OK); /* not so slow any more */
  local_names_release(false);
  ptn_endpoint_release(e);
}

static void test_connect_timeout_covers_the_look_up(void **state) {
  (void)state;
  local_call c;
  ptn_endpoint *e = endpoint_at("slow-and-new.test", &(ptn_endpoint_options){.connect_timeout_ms = 100});
  local_post(&c, e, "/late", "{}");
  bool over = local_wait(&c, 5);
  if (!over) local_names_release(true); /* an old libcurl */
  assert_ends(&c, PTN_E_CONNECT_TIMEOUT);
  assert_false(c.x->sent);
  local_free(&c);
  ptn_endpoint_release(e);
  local_names_release(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_name_of_the_proxy),
      cmocka_unit_test(test_cancel_during_a_slow_look_up),
      cmocka_unit_test(test_connect_timeout_covers_the_look_up),
  };
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
