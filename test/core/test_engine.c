#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "clock.h"
#include "local_call.h"
#include "local_server.h"

#define JSON JSON_HEAD(2) "{}"

static const local_route routes[] = {
    {"GET /json", {SEND(JSON)}},
    {"POST /json", {SEND(JSON)}},
    {"GET /hold", {DO(HOLD), SEND(JSON)}},
    {"POST /hold", {DO(HOLD), SEND(JSON)}},
    {"GET /stall", {DO(STALL), DO(CLOSE)}},
    {"GET /stall-in-headers", {SEND("HTTP/1.1 200 OK\r\n"), DO(STALL), DO(CLOSE)}},
    {"GET /stall-in-body", {SEND(JSON_HEAD(9) "{"), DO(STALL), DO(CLOSE)}},
    {"POST /stream", {SEND(STREAM_HEAD "data: one\n\n"), DO(STALL), DO(CLOSE)}},
    {"POST /lingers", {SEND(STREAM_HEAD "data: [DONE]\n\n"), DO(STALL), DO(CLOSE)}},
    {"POST /unread", {DO(EARLY), DO(HOLD), DO(CLOSE)}},
    {0},
};

static local_server *server, *silent;
static ptn_endpoint *endpoint;

static int set_up(void **state) {
  (void)state;
  server = local_server_start(&(local_server_options){.routes = routes});
  silent = local_server_start(&(local_server_options){.welcome = LOCAL_IGNORE});
  endpoint = local_endpoint(local_server_url(server), NULL);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ptn_engine_stop(5);
  ptn_endpoint_release(endpoint);
  local_server_stop(server);
  local_server_stop(silent);
  return 0;
}

/* The engine has nothing left, the server no connection that is still kept waiting, and calls go on. */
static void assert_usable(void) {
  assert_soon(ptn_engine_active() == 0);
  assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  assert_soon(local_server_held(server) == 0);
}

static void test_one_connection_for_calls_in_sequence(void **state) {
  (void)state;
  assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  int connections = local_server_connections(server), before = local_server_count(server, "POST /json");
  for (int i = 0; i < 50; i++) {
    local_call c;
    local_post(&c, endpoint, "/json", "{}");
    assert_ends(&c, PTN_OK);
    local_free(&c);
  }
  assert_int_equal(local_server_connections(server), connections);
  assert_int_equal(local_server_count(server, "POST /json"), before + 50);
}

enum { THREADS = 100, CALLS = 20 };

static void *make_calls(void *arg) {
  int *good = arg;
  for (int i = 0; i < CALLS; i++) {
    local_call c;
    local_post(&c, endpoint, "/json", "{\"a\":1}");
    if (local_wait(&c, SOON) && c.x->status == PTN_OK && c.body.len == 2) __atomic_add_fetch(good, 1, __ATOMIC_RELAXED);
    local_free(&c);
  }
  return NULL;
}

static void test_many_threads_at_once(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  int good = 0, before = local_server_count(server, "POST /json");
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, make_calls, &good), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(good, THREADS * CALLS);
  assert_int_equal(local_server_count(server, "POST /json"), before + THREADS * CALLS);
  assert_int_equal(ptn_engine_active(), 0);
}

#ifdef __linux__
/* The mask of blocked signals of the thread with this name; bit 0 is signal 1. */
static bool mask_of(const char *thread, unsigned long long *mask) {
  char path[300], line[128], name[32];
  bool found = false;
  DIR *dir = opendir("/proc/self/task");
  if (!dir) return false;
  for (struct dirent *entry; !found && (entry = readdir(dir));) {
    snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
    FILE *file = fopen(path, "r");
    if (!file) continue;
    while (fgets(line, sizeof line, file)) {
      if (sscanf(line, "Name: %31s", name) == 1) found = strcmp(name, thread) == 0;
      if (found && sscanf(line, "SigBlk: %llx", mask) == 1) break;
    }
    fclose(file);
  }
  closedir(dir);
  return found;
}

/* The engine's thread takes no signal that is meant for the program's. */
static void test_signals(void **state) {
  (void)state;
  static const int others[] = {SIGINT,  SIGTERM,   SIGHUP,  SIGQUIT, SIGCHLD, SIGALRM,
                               SIGPIPE, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2};
  static const int its_own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  unsigned long long mask = 0;
  assert_status(local_get_status(endpoint, "/json"), PTN_OK);
  if (!mask_of("prompt_tracker", &mask)) skip();
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) assert_true(mask >> (others[i] - 1) & 1);
  for (size_t i = 0; i < sizeof its_own / sizeof *its_own; i++) assert_false(mask >> (its_own[i] - 1) & 1);
}
#endif

/* Plain HTTP: all are under way before the first is answered. */
static void test_nothing_waits_over_plain_http(void **state) {
  (void)state;
  enum { MANY = 150 };
  local_call calls[MANY];
  int before = local_server_count(server, "GET /hold");
  for (int i = 0; i < MANY; i++) local_get(&calls[i], endpoint, "/hold");
  assert_soon(local_server_count(server, "GET /hold") == before + MANY);
  assert_int_equal(ptn_engine_active(), MANY);
  local_server_release(server, true);
  for (int i = 0; i < MANY; i++) {
    assert_ends(&calls[i], PTN_OK);
    local_free(&calls[i]);
  }
  local_server_release(server, false);
}

static void test_many_share_a_notifier(void **state) {
  (void)state;
  enum { MANY = 8 };
  ptn_status status;
  ptn_exchange *x[MANY];
  ptn_notifier *shared = ptn_notifier_take(&status);
  for (int i = 0; i < MANY; i++) {
    ptn_request_options o = {.method = PTN_GET, .path = "/json", .path_len = 5};
    x[i] = ptn_exchange_new(ptn_request_new(endpoint, &o), shared, false);
    assert_status(ptn_engine_submit(x[i]), PTN_OK);
  }
  local_call c = {.notifier = shared};
  for (int i = 0; i < MANY; i++) {
    c.x = x[i];
    c.done = false;
    assert_ends(&c, PTN_OK);
    ptn_exchange_release(x[i]);
  }
  ptn_buffer_free(&c.body);
  ptn_notifier_release(shared);
}

/* The caller may let go at any time: the engine's own reference keeps the exchange until it has ended. */
static void test_caller_lets_go(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) {
    local_call c;
    local_get(&c, endpoint, i % 2 ? "/json" : "/stall");
    if (i % 4) ptn_engine_cancel(c.x, PTN_E_CANCELLED);
    if (i % 4 == 0) {
      ptn_engine_cancel(c.x, PTN_E_CANCELLED);
      ptn_engine_cancel(c.x, PTN_E_TIMEOUT);
    }
    local_free(&c);
  }
  assert_usable();
}

static void test_cancel_before_and_after(void **state) {
  (void)state;
  local_call c;
  local_get(&c, endpoint, "/json");
  assert_ends(&c, PTN_OK);
  ptn_engine_cancel(c.x, PTN_E_CANCELLED);
  ptn_engine_cancel(c.x, PTN_E_TIMEOUT);
  assert_usable();
  assert_status(c.x->status, PTN_OK);
  local_free(&c);

  ptn_status status;
  ptn_notifier *n = ptn_notifier_take(&status);
  ptn_request_options o = {.method = PTN_GET, .path = "/json", .path_len = 5};
  ptn_exchange *x = ptn_exchange_new(ptn_request_new(endpoint, &o), n, false);
  assert_false(ptn_engine_owns(x));
  ptn_engine_cancel(x, PTN_E_CANCELLED); /* nobody has it yet: nothing happens */
  ptn_exchange_release(x);
  ptn_notifier_release(n);
}

static void test_cancel_while_connecting(void **state) {
  (void)state;
  char url[64];
  local_call c[3];
  local_black_hole hole;
  local_black_hole_open(&hole);
  snprintf(url, sizeof url, "http://127.0.0.1:%d", hole.port);
  ptn_endpoint *e = local_endpoint(url, NULL);
  for (int i = 0; i < 3; i++) local_post(&c[i], e, "/x", "{}");
  local_nap(20);
  for (int i = 0; i < 3; i++) ptn_engine_cancel(c[i].x, i ? PTN_E_CANCELLED : PTN_E_TIMEOUT);
  for (int i = 0; i < 3; i++) {
    assert_ends(&c[i], i ? PTN_E_CANCELLED : PTN_E_TIMEOUT);
    assert_false(c[i].x->sent);
    local_free(&c[i]);
  }
  ptn_endpoint_release(e);
  local_black_hole_close(&hole);
  assert_usable();
}

/* Behind one that finds out what a TLS server speaks, the others queue in the engine. */
static void test_cancel_while_queued(void **state) {
  (void)state;
  char url[64];
  local_call c[4];
  snprintf(url, sizeof url, "https://127.0.0.1:%d", local_server_port(silent));
  ptn_endpoint *e = local_endpoint(url, NULL);
  for (int i = 0; i < 4; i++) local_post(&c[i], e, "/x", "{}");
  local_nap(20);
  static const int order[] = {2, 3, 0, 1}; /* the middle, the end, the one in front, the one that took its place */
  for (int i = 0; i < 4; i++) {
    ptn_engine_cancel(c[order[i]].x, PTN_E_CANCELLED);
    assert_ends(&c[order[i]], PTN_E_CANCELLED);
    assert_false(c[order[i]].x->sent);
  }
  for (int i = 0; i < 4; i++) local_free(&c[i]);
  ptn_endpoint_release(e);
  assert_usable();
}

static void test_cancel_while_waiting_for_the_answer(void **state) {
  (void)state;
  static const char *const targets[] = {"GET /stall", "GET /stall-in-headers", "GET /stall-in-body"};
  for (size_t i = 0; i < 3; i++) {
    local_call c;
    int before = local_server_count(server, targets[i]);
    local_get(&c, endpoint, strchr(targets[i], '/'));
    assert_soon(local_server_count(server, targets[i]) == before + 1);
    if (i) local_nap(10);
    ptn_engine_cancel(c.x, PTN_E_CANCELLED);
    assert_ends(&c, PTN_E_CANCELLED);
    assert_true(c.x->sent);
    local_free(&c);
  }
  assert_usable();
}

static void test_cancel_while_sending(void **state) {
  (void)state;
  enum { SIZE = 16 << 20 };
  char *body = calloc(1, SIZE);
  local_call c;
  local_start(&c, endpoint, &(local_ask){.method = PTN_POST, .path = "/unread", .body = body, .body_len = SIZE});
  free(body);
  assert_soon(local_server_begun(server, "POST /unread") == 1);
  ptn_engine_cancel(c.x, PTN_E_CANCELLED);
  assert_ends(&c, PTN_E_CANCELLED);
  local_free(&c);
  local_server_release(server, true); /* what was sent stands before the end of the connection */
  assert_usable();
  local_server_release(server, false);
}

static void test_cancel_while_streaming(void **state) {
  (void)state;
  static const char *const paths[] = {"/stream", "/lingers"};
  for (size_t i = 0; i < 2; i++) {
    local_call c;
    local_stream(&c, endpoint, paths[i]);
    while (c.body.len == 0 && !local_wait(&c, 0.01)) {
    }
    ptn_engine_cancel(c.x, PTN_E_CANCELLED);
    assert_true(local_wait(&c, SOON));
    if (i == 0) assert_status(c.x->status, PTN_E_CANCELLED);
    assert_true(c.body.len > 0); /* what came is there */
    local_free(&c);
  }
  assert_usable();
}

/* ---- cancelling from many threads, more than once ---- */

enum { TARGETS = 40 };

typedef struct {
  ptn_exchange *targets[TARGETS];
  int go;
} shooting;

static void *shoot(void *arg) {
  shooting *s = arg;
  while (!__atomic_load_n(&s->go, __ATOMIC_ACQUIRE)) {
  }
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < TARGETS; i++) ptn_engine_cancel(s->targets[i], round ? PTN_E_CANCELLED : PTN_E_TIMEOUT);
  }
  return NULL;
}

static void shoot_all(void) {
  pthread_t threads[4];
  local_call calls[TARGETS];
  shooting s = {.go = 0};
  for (int i = 0; i < TARGETS; i++) {
    local_get(&calls[i], endpoint, i % 2 ? "/stall" : "/json");
    s.targets[i] = calls[i].x;
  }
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, shoot, &s), 0);
  __atomic_store_n(&s.go, 1, __ATOMIC_RELEASE);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < TARGETS; i++) {
    assert_true(local_wait(&calls[i], SOON));
    if (i % 2) assert_true(calls[i].x->status == PTN_E_CANCELLED || calls[i].x->status == PTN_E_TIMEOUT);
    local_free(&calls[i]);
  }
}

static void test_cancel_from_many_threads(void **state) {
  (void)state;
  for (int i = 0; i < 15; i++) shoot_all();
  assert_usable();
}

/* Last: nothing starts again after it. */
static void test_stop(void **state) {
  (void)state;
  local_call held[5], late;
  for (int i = 0; i < 5; i++) local_get(&held[i], endpoint, "/stall");
  assert_soon(ptn_engine_active() == 5);
  double start = ptn_now();
  ptn_engine_stop(SOON);
  assert_true(ptn_now() - start < SOON);
  local_get(&late, endpoint, "/json");
  assert_status(late.submitted, PTN_E_STOPPED);
  local_free(&late);
  ptn_engine_stop(SOON);
  for (int i = 0; i < 5; i++) {
    assert_false(local_wait(&held[i], 0)); /* they stay as they are */
    ptn_engine_cancel(held[i].x, PTN_E_CANCELLED);
    local_free(&held[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_connection_for_calls_in_sequence),
      cmocka_unit_test(test_many_threads_at_once),
#ifdef __linux__
      cmocka_unit_test(test_signals),
#endif
      cmocka_unit_test(test_nothing_waits_over_plain_http),
      cmocka_unit_test(test_many_share_a_notifier),
      cmocka_unit_test(test_caller_lets_go),
      cmocka_unit_test(test_cancel_before_and_after),
      cmocka_unit_test(test_cancel_while_connecting),
      cmocka_unit_test(test_cancel_while_queued),
      cmocka_unit_test(test_cancel_while_waiting_for_the_answer),
      cmocka_unit_test(test_cancel_while_sending),
      cmocka_unit_test(test_cancel_while_streaming),
      cmocka_unit_test(test_cancel_from_many_threads),
      cmocka_unit_test(test_stop),
  };
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
