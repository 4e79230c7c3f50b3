#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "local_call.h"
#include "local_server.h"

#define JSON JSON_HEAD(2) "{}"

static const local_route routes[] = {
    {"GET /json", {SEND(JSON)}},
    {"POST /parent", {SEND(JSON)}},
    {"POST /child", {SEND(JSON)}},
    {"POST /hold", {DO(HOLD), SEND(JSON)}},
    {"POST /stream", {SEND(STREAM_HEAD "data: one\n\n"), DO(HOLD), SEND("data: [DONE]\n\n"), DO(CLOSE)}},
    {"GET /once", {SEND("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"), DO(CLOSE)}},
    {0},
};

static local_tls tls;
static local_server *plain, *secure;
static ptn_endpoint *over_plain, *over_tls;
static bool in_child;

/* A child that leaves by exit() holds what its parent had in flight: by design, and no leak to report. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) { return in_child; }

static int set_up(void **state) {
  (void)state;
  local_tls_make(&tls);
  plain = local_server_start(&(local_server_options){.routes = routes});
  secure = local_server_start(&(local_server_options){.routes = routes, .tls = &tls});
  over_plain = local_endpoint(local_server_url(plain), NULL);
  const ptn_endpoint_options trusting = {.verify_tls = true, .ca_file = tls.cert_file};
  over_tls = local_endpoint(local_server_url(secure), &trusting);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ptn_engine_stop(5);
  ptn_endpoint_release(over_plain);
  ptn_endpoint_release(over_tls);
  local_server_stop(plain);
  local_server_stop(secure);
  local_tls_free(&tls);
  return 0;
}

/* What sanitizers can't do: gcc's for threads ends a forked child that starts a thread where its parent had one
 * (clang's does not), and those for addresses leave locks of their allocator behind in the child, where other threads
 * of the parent were allocating. */
#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define needs_threads_in_children() skip()
#else
#define needs_threads_in_children() (void)0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define needs_busy_threads_at_fork() skip()
#else
#define needs_busy_threads_at_fork() (void)0
#endif

static pid_t fork_child(void) {
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    in_child = true;
    alarm(60);
  }
  return pid;
}

static bool posts(ptn_endpoint *e, const char *path) {
  local_call c;
  local_post(&c, e, path, "{}");
  bool done = local_wait(&c, SOON), ok = done && c.x->status == PTN_OK;
  if (!ok) dprintf(2, "%s: %s\n", path, done ? ptn_status_name(c.x->status) : "hangs");
  local_free(&c);
  return ok;
}

/* The first test: the engine has not started yet. */
static void test_before_first_use(void **state) {
  (void)state;
  pid_t pid = fork_child();
  if (pid == 0) {
    child_check(posts(over_plain, "/child"));
    _exit(0);
  }
  assert_child_ok(pid);
  assert_true(posts(over_plain, "/parent"));
}

/* The child calls at once, over connections of its own, and leaves in every way there is; what its parent has open
 * hears nothing of it. */
static void parent_goes_on(const local_server *server, ptn_endpoint *e) {
  assert_true(posts(e, "/parent"));
  int connection = local_server_connection(server, "POST /parent");
  assert_soon(local_server_open(server) == 1); /* the parent's; those of earlier children are gone */
  for (int way = 0; way < 3; way++) {
    int connections = local_server_connections(server);
    pid_t pid = fork_child();
    if (pid == 0) {
      if (way != 1) child_check(posts(e, "/child") && posts(e, "/child"));
      if (way == 2) ptn_engine_stop(5);
      if (way == 2) exit(0);
      _exit(0);
    }
    assert_child_ok(pid);
    assert_int_equal(local_server_connections(server), connections + (way != 1));
    assert_soon(local_server_open(server) == 1); /* the child's has ended, and only that */
    assert_true(posts(e, "/parent"));
    assert_int_equal(local_server_connection(server, "POST /parent"), connection);
  }
}

static void test_parents_connection_over_http(void **state) {
  (void)state;
  needs_threads_in_children();
  parent_goes_on(plain, over_plain);
}

static void test_parents_connection_over_tls(void **state) {
  (void)state;
  needs_threads_in_children();
  parent_goes_on(secure, over_tls);
}

/* What is in flight in the parent ends there, once. */
static void test_exchanges_in_flight(void **state) {
  (void)state;
  needs_threads_in_children();
  local_call held, stream, fresh[20];
  int before = local_server_count(secure, "POST /parent"), connections;
  local_post(&held, over_tls, "/hold", "{}");
  local_stream(&stream, over_tls, "/stream");
  assert_soon(local_server_held(secure) == 2);
  connections = local_server_connections(secure);
  for (int i = 0; i < 20; i++) local_post(&fresh[i], over_tls, "/parent", "{}");
  pid_t pid = fork_child();
  if (pid == 0) {
    child_check(ptn_engine_active() == 0);
    child_check(posts(over_tls, "/child"));
    child_check(ptn_engine_active() == 0);
    _exit(0);
  }
  assert_child_ok(pid);
  for (int i = 0; i < 20; i++) {
    assert_ends(&fresh[i], PTN_OK);
    local_free(&fresh[i]);
  }
  assert_int_equal(local_server_count(secure, "POST /parent"), before + 20);
  assert_true(local_server_connections(secure) <= connections + 21);
  local_server_release(secure, true);
  assert_ends(&held, PTN_OK);
  assert_ends(&stream, PTN_OK);
  assert_true(stream.x->ended);
  local_free(&held);
  local_free(&stream);
  local_server_release(secure, false);
}

/* In the child an exchange of the parent's is recognised, and harmless to touch. */
static void test_stale_exchange(void **state) {
  (void)state;
  needs_threads_in_children();
  local_call c;
  local_post(&c, over_plain, "/hold", "{}");
  assert_soon(local_server_held(plain) == 1);
  assert_true(ptn_engine_owns(c.x));
  pid_t pid = fork_child();
  if (pid == 0) {
    child_check(!ptn_engine_owns(c.x));
    child_check(ptn_notifier_fd(c.notifier) == -1);
    ptn_engine_cancel(c.x, PTN_E_CANCELLED);
    child_check(!local_wait(&c, 0));
    local_free(&c);
    child_check(posts(over_plain, "/child"));
    local_post(&c, over_plain, "/child", "{}");
    child_check(ptn_engine_owns(c.x) && local_wait(&c, SOON));
    ptn_engine_stop(5);
    _exit(0);
  }
  assert_child_ok(pid);
  assert_true(ptn_engine_owns(c.x));
  assert_int_equal(local_server_held(plain), 1);
  local_server_release(plain, true);
  assert_ends(&c, PTN_OK);
  local_free(&c);
  local_server_release(plain, false);
}

static void test_nested(void **state) {
  (void)state;
  needs_threads_in_children();
  assert_true(posts(over_tls, "/parent"));
  pid_t pid = fork_child();
  if (pid == 0) {
    child_check(posts(over_tls, "/child"));
    pid_t inner = fork_child();
    if (inner == 0) {
      child_check(posts(over_tls, "/child"));
      pid_t innermost = fork_child();
      if (innermost == 0) _exit(posts(over_tls, "/child") ? 0 : 1);
      child_check(local_child_status(innermost) == 0);
      child_check(posts(over_tls, "/child"));
      _exit(0);
    }
    child_check(local_child_status(inner) == 0);
    child_check(posts(over_tls, "/child"));
    _exit(0);
  }
  assert_child_ok(pid);
  assert_true(posts(over_tls, "/parent"));
}

/* Sockets of this process that are connected to the server. */
static int sockets_to(const local_server *server) {
  int count = 0;
  for (int fd = 0; fd < 1024; fd++) {
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0 || peer.sin_family != AF_INET) continue;
    count += ntohs(peer.sin_port) == local_server_port(server);
  }
  return count;
}

static void test_child_keeps_no_connection(void **state) {
  (void)state;
  local_call c[30];
  for (int i = 0; i < 30; i++) local_post(&c[i], over_plain, "/hold", "{}");
  assert_soon(local_server_held(plain) == 30);
  assert_true(sockets_to(plain) >= 30);
  pid_t pid = fork_child();
  if (pid == 0) {
    child_check(sockets_to(plain) == 0);
    _exit(0);
  }
  assert_child_ok(pid);
  assert_int_equal(local_server_held(plain), 30);
  local_server_release(plain, true);
  for (int i = 0; i < 30; i++) {
    assert_ends(&c[i], PTN_OK);
    local_free(&c[i]);
  }
}

/* ---- forks while other threads keep the engine in TLS handshakes ---- */

enum { FORKS = 240, AT_ONCE = 4, BUSY = 3 };

typedef struct {
  int stop, calls, failures; /* atomic */
} storm;

static void *shake_hands(void *arg) {
  storm *s = arg;
  while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
    bool ok = local_get_status(over_tls, "/once") == PTN_OK;
    __atomic_add_fetch(ok ? &s->calls : &s->failures, 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

static void test_forks_during_handshakes(void **state) {
  (void)state;
  needs_threads_in_children();
  needs_busy_threads_at_fork();
  pthread_t threads[BUSY];
  pid_t children[AT_ONCE];
  storm s = {0};
  int before = local_server_count(secure, "GET /once"), from_children = local_server_count(secure, "POST /child");
  for (int i = 0; i < BUSY; i++) assert_int_equal(pthread_create(&threads[i], NULL, shake_hands, &s), 0);
  for (int i = 0; i < FORKS / AT_ONCE; i++) {
    for (int j = 0; j < AT_ONCE; j++) {
      children[j] = fork_child();
      if (children[j] == 0) _exit(posts(over_tls, "/child") ? 0 : 1);
    }
    for (int j = 0; j < AT_ONCE; j++) assert_child_ok(children[j]);
  }
  __atomic_store_n(&s.stop, 1, __ATOMIC_RELEASE);
  for (int i = 0; i < BUSY; i++) pthread_join(threads[i], NULL);
  assert_int_equal(s.failures, 0);
  assert_true(s.calls > 0);
  assert_int_equal(local_server_count(secure, "GET /once") - before, s.calls);
  assert_int_equal(local_server_count(secure, "POST /child") - from_children, FORKS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_before_first_use),
      cmocka_unit_test(test_parents_connection_over_http),
      cmocka_unit_test(test_parents_connection_over_tls),
      cmocka_unit_test(test_exchanges_in_flight),
      cmocka_unit_test(test_stale_exchange),
      cmocka_unit_test(test_nested),
      cmocka_unit_test(test_child_keeps_no_connection),
      cmocka_unit_test(test_forks_during_handshakes),
  };
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
