#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "local_call.h"
#include "local_server.h"

#define JSON JSON_HEAD(2) "{}"

static const local_route routes[] = {
    {"GET /json", {SEND(JSON)}},
    {"GET http://api.test/json", {SEND(JSON)}},
    {"POST http://api.test/denied", {SEND("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")}},
    {"CONNECT denied.test:443", {SEND("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"), DO(CLOSE)}},
    {"CONNECT fin.test:443", {DO(CLOSE)}},
    {"CONNECT rst.test:443", {DO(RESET)}},
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

/* Not even what the environment says at the time of the request counts. */
static void test_environment_is_not_asked(void **state) {
  (void)state;
  static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  char nobody[64];
  snprintf(nobody, sizeof nobody, "http://127.0.0.1:%d", local_unused_port());
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) setenv(names[i], nobody, 1);
  ptn_endpoint *e = local_endpoint(local_server_url(server), NULL);
  assert_status(local_get_status(e, "/json"), PTN_OK);
  ptn_endpoint_release(e);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) unsetenv(names[i]);

  /* Nor its exceptions: the proxy that we were given is used. */
  setenv("no_proxy", "*", 1);
  setenv("NO_PROXY", "*", 1);
  e = local_endpoint("http://api.test", &(ptn_endpoint_options){.proxy = local_server_url(server)});
  assert_status(local_get_status(e, "/json"), PTN_OK);
  ptn_endpoint_release(e);
  unsetenv("no_proxy");
  unsetenv("NO_PROXY");
}

static void test_proxy(void **state) {
  (void)state;
  local_call c;
  int before = local_server_count(server, "GET http://api.test/json");
  ptn_endpoint *e = local_endpoint("http://api.test", &(ptn_endpoint_options){.proxy = local_server_url(server)});
  assert_status(local_get_status(e, "/json"), PTN_OK);
  assert_int_equal(local_server_count(server, "GET http://api.test/json"), before + 1);
  local_post(&c, e, "/denied", "{}");
  assert_ends(&c, PTN_OK); /* over plain HTTP it is an answer as any other */
  assert_int_equal(c.x->http_status, 407);
  local_free(&c);
  ptn_endpoint_release(e);
}

static void test_exceptions(void **state) {
  (void)state;
  char nobody[64];
  snprintf(nobody, sizeof nobody, "http://127.0.0.1:%d", local_unused_port());
  ptn_endpoint_options options = {.proxy = nobody, .no_proxy = "other.test,127.0.0.1"};
  ptn_endpoint *e = local_endpoint(local_server_url(server), &options);
  assert_status(local_get_status(e, "/json"), PTN_OK);
  ptn_endpoint_release(e);
}

/* What the proxy says is no answer of the server, and no byte of the request has gone to it. */
static void test_tunnel_fails(void **state) {
  (void)state;
  static const char *const urls[] = {"https://denied.test", "https://fin.test", "https://rst.test"};
  for (size_t i = 0; i < 3; i++) {
    local_call c;
    ptn_endpoint *e = local_endpoint(urls[i], &(ptn_endpoint_options){.proxy = local_server_url(server)});
    local_post(&c, e, "/x", i ? "{}" : NULL);
    assert_true(local_wait(&c, SOON));
    assert_false(c.x->sent);
    assert_int_equal(c.x->http_status, 0);
    assert_int_equal(c.x->headers.len, 0);
    assert_true(c.x->status == PTN_E_PROXY || c.x->status == PTN_E_CONNECT);
    local_free(&c);
    ptn_endpoint_release(e);
  }
}

static void test_proxy_that_is_not_there(void **state) {
  (void)state;
  char nobody[64];
  local_call c;
  snprintf(nobody, sizeof nobody, "http://127.0.0.1:%d", local_unused_port());
  ptn_endpoint *e = local_endpoint("https://api.test", &(ptn_endpoint_options){.proxy = nobody});
  local_post(&c, e, "/x", "{}");
  assert_true(local_wait(&c, SOON));
  assert_true(c.x->status == PTN_E_PROXY || c.x->status == PTN_E_CONNECT);
  assert_false(c.x->sent);
  local_free(&c);
  ptn_endpoint_release(e);
}

/* Answers every greeting of SOCKS with what it is given, until it is killed. */
static pid_t start_socks(const char *answer, size_t len, int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
  assert_int_equal(listen(listener, 8), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
  *port = ntohs(address.sin_port);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    for (;;) {
      char greeting[64];
      int fd = accept(listener, NULL, NULL);
      if (read(fd, greeting, sizeof greeting) > 0 && write(fd, answer, len) < 0) _exit(1);
      close(fd);
    }
  }
  close(listener);
  return pid;
}

/* A SOCKS proxy that refuses: a failure of the proxy, before anything was sent. */
static void test_socks_that_refuses(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t len;
  } answers[] = {{BYTES("\x05\xff")}, {BYTES("\x04\x00")}};
  for (size_t i = 0; i < 2; i++) {
    int port;
    char url[64];
    local_call c;
    pid_t socks = start_socks(answers[i].bytes, answers[i].len, &port);
    snprintf(url, sizeof url, "socks5h://127.0.0.1:%d", port);
    ptn_endpoint *e = local_endpoint("http://api.test", &(ptn_endpoint_options){.proxy = url});
    local_post(&c, e, "/x", "{}");
    assert_ends(&c, PTN_E_PROXY);
    assert_false(c.x->sent);
    local_free(&c);
    ptn_endpoint_release(e);
    kill(socks, SIGKILL);
    assert_int_equal(waitpid(socks, NULL, 0), socks);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_environment_is_not_asked),
      cmocka_unit_test(test_proxy),
      cmocka_unit_test(test_exceptions),
      cmocka_unit_test(test_tunnel_fails),
      cmocka_unit_test(test_proxy_that_is_not_there),
      cmocka_unit_test(test_socks_that_refuses),
  };
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
