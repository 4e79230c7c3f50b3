#include <stdio.h>

#include "local_call.h"
#include "local_names.h"
#include "local_server.h"

#define JSON JSON_HEAD(2) "{}"

static const local_route routes[] = {
    {"GET /json", {SEND(JSON)}},
    {"POST /json", {SEND(JSON)}},
    {"GET /hold", {DO(HOLD), SEND(JSON)}},
    {"POST /events", {SEND(STREAM_HEAD "data: one\n\n"), PAUSE(10), SEND("data: [DONE]\n\n"), DO(CLOSE)}},
    {"POST /cut", {SEND("HTTP/1.1 200 OK\r\n\r\ndata: one\n\ndata: tw"), DO(RESET)}},
    {"POST /fin", {DO(CLOSE)}},
    {"POST /rst", {DO(RESET)}},
    {0},
};

static local_tls tls, other_tls;
static local_server *server, *plain, *dropping;
static ptn_endpoint *endpoint;

static ptn_endpoint *trusting(const local_server *s, const char *ca_file) {
  return local_endpoint(local_server_url(s), &(ptn_endpoint_options){.verify_tls = true, .ca_file = ca_file});
}

static int set_up(void **state) {
  (void)state;
  local_tls_make(&tls);
  local_tls_make(&other_tls);
  server = local_server_start(&(local_server_options){.routes = routes, .tls = &tls});
  plain = local_server_start(&(local_server_options){.routes = routes});
  dropping = local_server_start(&(local_server_options){.welcome = LOCAL_DROP});
  endpoint = trusting(server, tls.cert_file);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ptn_engine_stop(5);
  ptn_endpoint_release(endpoint);
  local_server_stop(server);
  local_server_stop(plain);
  local_server_stop(dropping);
  local_tls_free(&tls);
  local_tls_free(&other_tls);
  return 0;
}

/* A POST through `e` ends with `expected`, and nothing of it was sent. */
static void refuses(ptn_endpoint *e, ptn_status expected) {
  local_call c;
  int before = local_server_begun(server, "POST /json");
  local_post(&c, e, "/json", "{}");
  assert_ends(&c, expected);
  assert_false(c.x->sent);
  assert_int_equal(c.x->http_status, 0);
  assert_int_not_equal(c.x->error[0], 0);
  local_free(&c);
  assert_int_equal(local_server_begun(server, "POST /json"), before);
  ptn_endpoint_release(e);
}

static void test_certificates(void **state) {
  (void)state;
  char by_name[64];
  refuses(trusting(server, NULL), PTN_E_TLS);                /* self-signed */
  refuses(trusting(server, other_tls.cert_file), PTN_E_TLS); /* some other's */
  assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  refuses(trusting(server, NULL), PTN_E_TLS); /* and the connection that is open is not lent to it */

  ptn_endpoint *trusts_all = local_endpoint(local_server_url(server), &(ptn_endpoint_options){.verify_tls = false});
  assert_status(local_get_status(trusts_all, "/json"), PTN_OK);
  ptn_endpoint_release(trusts_all);

  snprintf(by_name, sizeof by_name, "https://localhost:%d", local_server_port(server));
  ptn_endpoint *named = local_endpoint(by_name, &(ptn_endpoint_options){.verify_tls = true, .ca_file = tls.cert_file});
  assert_status(local_get_status(named, "/json"), PTN_OK);
  ptn_endpoint_release(named);
}

static void test_wrong_name(void **state) {
  (void)state;
  char url[64];
  assert_int_equal(local_names_waiting(), 0); /* local.test is 127.0.0.1 */
  snprintf(url, sizeof url, "https://local.test:%d", local_server_port(server));
  refuses(local_endpoint(url, &(ptn_endpoint_options){.verify_tls = true, .ca_file = tls.cert_file}), PTN_E_TLS);
}

static void test_ca_files(void **state) {
  (void)state;
  char empty[128];
  refuses(trusting(server, "/nowhere/ca.pem"), PTN_E_CA_FILE);
  snprintf(empty, sizeof empty, "%s/empty.pem", tls.folder);
  FILE *file = fopen(empty, "w");
  assert_non_null(file);
  fclose(file);
  refuses(trusting(server, empty), PTN_E_CA_FILE);
  unlink(empty);
}

static void test_no_tls_there(void **state) {
  (void)state;
  char url[64];
  for (int i = 0; i < 5; i++) {
    snprintf(url, sizeof url, "https://127.0.0.1:%d", local_server_port(i % 2 ? plain : dropping));
    refuses(local_endpoint(url, NULL), PTN_E_CONNECT);
  }
  /* and TLS where HTTP was expected. By a name that has no connection yet: libcurl 8.14 takes a TLS one for http:// too. */
  local_call c;
  snprintf(url, sizeof url, "http://local.test:%d", local_server_port(server));
  ptn_endpoint *e = local_endpoint(url, NULL);
  local_post(&c, e, "/json", "{}");
  assert_true(local_wait(&c, SOON));
  if (c.x->sent) assert_true(c.x->status == PTN_E_LOST || c.x->status == PTN_E_PROTOCOL);
  else assert_status(c.x->status, PTN_E_SEND);
  local_free(&c);
  ptn_endpoint_release(e);
}

static void test_streams(void **state) {
  (void)state;
  local_call c;
  local_stream(&c, endpoint, "/events");
  assert_ends(&c, PTN_OK);
  assert_true(c.x->ended);
  local_free(&c);

  local_stream(&c, endpoint, "/cut");
  assert_ends(&c, PTN_E_PARTIAL);
  assert_true(c.body.len > 0);
  local_free(&c);
}

static void test_one_connection_in_sequence(void **state) {
  (void)state;
  assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  int connections = local_server_connections(server);
  for (int i = 0; i < 20; i++) assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  assert_int_equal(local_server_connections(server), connections);
}

static void test_no_hidden_second_post(void **state) {
  (void)state;
  static const char *const targets[] = {"POST /fin", "POST /rst"};
  for (int i = 0; i < 12; i++) {
    local_call c;
    assert_status(local_get_status(endpoint, "/json"), PTN_OK);
    int before = local_server_begun(server, targets[i % 2]);
    local_post(&c, endpoint, strchr(targets[i % 2], '/'), i % 3 ? "{\"a\":1}" : NULL);
    assert_ends(&c, PTN_E_LOST);
    assert_true(c.x->sent);
    local_free(&c);
    assert_status(local_get_status(endpoint, "/json"), PTN_OK);
    assert_int_equal(local_server_begun(server, targets[i % 2]), before + 1);
  }
}

/* Against a server of which nothing is known yet, one call opens the way; as soon as it shows that there is no
 * HTTP/2, no other waits, and least of all for an answer. */
static void test_nothing_waits_over_http_1(void **state) {
  (void)state;
  enum { MANY = 60 };
  local_call calls[MANY];
  local_server *fresh = local_server_start(&(local_server_options){.routes = routes, .tls = &tls});
  ptn_endpoint *e = trusting(fresh, tls.cert_file);
  for (int i = 0; i < MANY; i++) local_get(&calls[i], e, "/hold");
  assert_soon(local_server_count(fresh, "GET /hold") == MANY);
  assert_int_equal(local_server_connections(fresh), MANY);
  local_server_release(fresh, true);
  for (int i = 0; i < MANY; i++) {
    assert_ends(&calls[i], PTN_OK);
    local_free(&calls[i]);
  }
  /* They are all kept, and used again. */
  for (int i = 0; i < MANY; i++) local_get(&calls[i], e, "/json");
  for (int i = 0; i < MANY; i++) {
    assert_ends(&calls[i], PTN_OK);
    local_free(&calls[i]);
  }
  assert_true(local_server_connections(fresh) <= MANY);
  ptn_endpoint_release(e);
  local_server_stop(fresh);
}

/* The one that opens the way fails: those behind it do not wait for one another to fail. */
static void test_opener_fails(void **state) {
  (void)state;
  enum { MANY = 20 };
  local_call calls[MANY];
  char url[64];
  snprintf(url, sizeof url, "https://127.0.0.1:%d", local_unused_port());
  ptn_endpoint *e = local_endpoint(url, NULL);
  for (int i = 0; i < MANY; i++) local_post(&calls[i], e, "/x", "{}");
  for (int i = 0; i < MANY; i++) {
    assert_ends(&calls[i], PTN_E_CONNECT);
    assert_false(calls[i].x->sent);
    local_free(&calls[i]);
  }
  ptn_endpoint_release(e);
}

/* A server that ends every handshake is asked three times for all that wait, and they all hear of it. */
static void test_failing_handshakes_are_few(void **state) {
  (void)state;
  enum { MANY = 300 };
  local_call calls[MANY];
  char url[64];
  local_server *dropping = local_server_start(&(local_server_options){.welcome = LOCAL_DROP});
  snprintf(url, sizeof url, "https://127.0.0.1:%d", local_server_port(dropping));
  ptn_endpoint *e = local_endpoint(url, NULL);
  for (int i = 0; i < MANY; i++) local_post(&calls[i], e, "/x", "{}");
  for (int i = 0; i < MANY; i++) {
    assert_ends(&calls[i], PTN_E_CONNECT);
    assert_false(calls[i].x->sent);
    assert_int_not_equal(calls[i].x->error[0], 0);
    local_free(&calls[i]);
  }
  assert_true(local_server_connections(dropping) <= 9); /* some may have come when the first had failed */
  ptn_endpoint_release(e);
  local_server_stop(dropping);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_certificates),
      cmocka_unit_test(test_wrong_name),
      cmocka_unit_test(test_ca_files),
      cmocka_unit_test(test_no_tls_there),
      cmocka_unit_test(test_streams),
      cmocka_unit_test(test_one_connection_in_sequence),
      cmocka_unit_test(test_no_hidden_second_post),
      cmocka_unit_test(test_nothing_waits_over_http_1),
      cmocka_unit_test(test_opener_fails),
      cmocka_unit_test(test_failing_handshakes_are_few),
  };
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
