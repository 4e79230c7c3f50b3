#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syscall */
#endif

#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "clock.h"
#include "local_call.h"
#include "local_server.h"

/* Processes that end while calls are in flight. Each is this program anew, so that all of its libraries are torn down
 * as in any program that returns from main. */

static const local_route routes[] = {
    {"GET /json", {SEND(JSON_HEAD(2) "{}")}},
    {"POST /cancel", {SEND(JSON_HEAD(2) "{}")}},
    {"POST /stall", {DO(STALL), DO(CLOSE)}},
    {"POST /stream", {SEND(STREAM_HEAD "data: one\n\n"), DO(STALL), DO(CLOSE)}},
    {"GET /once", {SEND("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"), DO(CLOSE)}},
    {0},
};

/* libcurl's thread, too, opens its sockets with this; while `stuck`, it comes back from it no more. */
static bool stuck, in_socket;

int socket(int domain, int type, int protocol) {
  while (__atomic_load_n(&stuck, __ATOMIC_ACQUIRE)) {
    __atomic_store_n(&in_socket, true, __ATOMIC_RELEASE);
    local_nap(1);
  }
  return (int)syscall(SYS_socket, domain, type, protocol);
}

/* ---- the process that ends ---- */

static ptn_endpoint *endpoint;
static local_call calls[12];

static void stop(void) {
  double start = ptn_now();
  ptn_engine_stop(SOON);
  child_check(ptn_now() - start < SOON);
}

static void last_call(void) { child_check(local_get_status(endpoint, "/json") == PTN_OK); }

/* argv: program, URL, CA file, how. */
static int end_with_calls_in_flight(char **argv) {
  static const char *const paths[] = {"/stall", "/stream", "/once", "/json"};
  int how = atoi(argv[3]);
  alarm(60);
  child_check(ptn_engine_load() == PTN_OK);
  if (how == 0) { /* nothing was ever begun */
    atexit(stop);
    return 0;
  }
  endpoint = local_endpoint(argv[1], &(ptn_endpoint_options){.verify_tls = true, .ca_file = argv[2]});
  atexit(stop);
  if (how % 5 == 0) atexit(last_call); /* handlers of the program's own, which run first, may still call */
  for (int i = 0; i < 12; i++) {
    if (i % 4 < 2) local_stream(&calls[i], endpoint, paths[i % 4]);
    else local_get(&calls[i], endpoint, paths[i % 4]);
  }
  local_nap(how % 7);
  return 0;
}

/* ---- the tests ---- */

static char *self;
static local_tls tls;
static local_server *server;

static int set_up(void **state) {
  (void)state;
  local_tls_make(&tls);
  server = local_server_start(&(local_server_options){.routes = routes, .tls = &tls});
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  local_server_stop(server);
  local_tls_free(&tls);
  return 0;
}

static ptn_endpoint *trusting_endpoint(void) {
  const ptn_endpoint_options options = {.verify_tls = true, .ca_file = tls.cert_file};
  return local_endpoint(local_server_url(server), &options);
}

static pid_t start(int how) {
  pid_t pid = fork();
  if (pid == 0) {
    char number[16];
    snprintf(number, sizeof number, "%d", how);
    execl(self, self, local_server_url(server), tls.cert_file, number, (char *)NULL);
    _exit(9);
  }
  return pid;
}

static void test_exit_with_calls_in_flight(void **state) {
  (void)state;
  enum { EXITS = 100, AT_ONCE = 4 };
  pid_t children[AT_ONCE];
  for (int i = 0; i < EXITS; i += AT_ONCE) {
    for (int j = 0; j < AT_ONCE; j++) children[j] = start(1 + i + j);
    for (int j = 0; j < AT_ONCE; j++) assert_child_ok(children[j]);
  }
  assert_soon(local_server_open(server) == 0);
}

static void test_exit_before_first_use(void **state) {
  (void)state;
  assert_child_ok(start(0));
}

static void fire(const char *path) {
  ptn_status status;
  ptn_request_options options = {.method = PTN_POST, .path = path, .path_len = strlen(path)};
  ptn_notifier *notifier = ptn_notifier_take(&status);
  ptn_exchange *x = ptn_exchange_new(ptn_request_new(endpoint, &options), notifier, false);
  child_check(ptn_engine_fire(x, 10) == PTN_OK);
  ptn_exchange_release(x);
  ptn_notifier_release(notifier);
}

/* What was fired just before the end reaches the server, on a connection of its own or on one that is there; what can't
 * does not keep the process. */
static void test_fired_at_the_end(void **state) {
  (void)state;
  enum { EXITS = 20 };
  int before = local_server_count(server, "POST /cancel");
  for (int i = 0; i < EXITS; i++) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
      alarm(60);
      endpoint = trusting_endpoint();
      if (i % 2) child_check(local_get_status(endpoint, "/json") == PTN_OK);
      fire("/cancel");
      if (i % 4 == 0) fire("/stall");
      double start = ptn_now();
      ptn_engine_stop(4);
      child_check(ptn_now() - start < SOON);
      _exit(0);
    }
    assert_child_ok(pid);
  }
  assert_int_equal(local_server_count(server, "POST /cancel"), before + EXITS);
}

/* The engine is stuck: the process ends all the same, when the time that it gave is over. */
static void test_stop_is_bounded(void **state) {
  (void)state;
  pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    endpoint = trusting_endpoint();
    child_check(local_get_status(endpoint, "/json") == PTN_OK);
    __atomic_store_n(&stuck, true, __ATOMIC_RELEASE);
    for (int i = 0; i < 3; i++) local_stream(&calls[i], endpoint, "/stall");
    while (!__atomic_load_n(&in_socket, __ATOMIC_ACQUIRE)) local_nap(1);
    double start = ptn_now();
    ptn_engine_stop(0.2);
    child_check(ptn_now() - start > 0.15 && ptn_now() - start < SOON);
    local_stream(&calls[3], endpoint, "/stall");
    child_check(calls[3].submitted == PTN_E_STOPPED);
    _exit(0);
  }
  assert_child_ok(pid);
}

/* A process that was forked off a stopped one begins anew. */
static void test_fork_after_stop(void **state) {
  (void)state;
  endpoint = trusting_endpoint();
  assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  ptn_engine_stop(SOON);
  assert_status(local_get_status(endpoint, "/json"), PTN_E_STOPPED);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    child_check(local_get_status(endpoint, "/json") == PTN_OK);
    ptn_engine_stop(SOON);
    child_check(local_get_status(endpoint, "/json") == PTN_E_STOPPED);
    _exit(0);
  }
  assert_child_ok(pid);
  ptn_endpoint_release(endpoint);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exit_with_calls_in_flight),
      cmocka_unit_test(test_exit_before_first_use),
      cmocka_unit_test(test_fired_at_the_end),
      cmocka_unit_test(test_stop_is_bounded),
      cmocka_unit_test(test_fork_after_stop),
  };
  if (argc == 4) return end_with_calls_in_flight(argv);
  self = argv[0];
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
