#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#include "local_call.h"
#include "local_names.h"
#include "local_server.h"

/* Calls of a process that has `spare` descriptors left, for each number from none to enough: whichever of the many
 * that a call needs is the one that can't be had, the caller learns that it was for want of descriptors, and as soon
 * as there are some, calls succeed. Each number has a process of its own, whose engine has not started before. */

enum { ENOUGH = 14 };

static const local_route routes[] = {
    {"POST /json", {SEND(JSON_HEAD(2) "{}")}},
    {0},
};

static local_tls tls;
static local_server *plain, *secure;

static int set_up(void **state) {
  (void)state;
  local_tls_make(&tls);
  plain = local_server_start(&(local_server_options){.routes = routes});
  secure = local_server_start(&(local_server_options){.routes = routes, .tls = &tls});
  return local_names_waiting();
}

static int tear_down(void **state) {
  (void)state;
  local_server_stop(plain);
  local_server_stop(secure);
  local_tls_free(&tls);
  return 0;
}

static void leave(int spare) {
  struct rlimit limit;
  int lowest = dup(0);
  close(lowest);
  child_check(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = (rlim_t)(lowest + spare);
  child_check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void leave_enough(void) {
  struct rlimit limit;
  child_check(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max < 1024 ? limit.rlim_max : 1024;
  child_check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static ptn_status post(ptn_endpoint *e) {
  local_call c;
  local_post(&c, e, "/json", "{}");
  ptn_status status = c.submitted;
  if (status == PTN_OK) status = local_wait(&c, SOON) ? c.x->status : PTN_E_OTHER;
  if (status == PTN_E_FDS && c.x) child_check(!c.x->sent);
  local_free(&c);
  return status;
}

/* In the child: 0 where the call succeeded, 2 where it lacked descriptors. */
static int call_with(const char *url, int spare, bool warm) {
  ptn_endpoint *e = local_endpoint(url, &(ptn_endpoint_options){.verify_tls = true, .ca_file = tls.cert_file});
  alarm(60);
  if (warm) { /* the engine is there, its connection is not */
    char other[64];
    snprintf(other, sizeof other, "http://127.0.0.1:%d", local_unused_port());
    ptn_endpoint *nobody = local_endpoint(other, NULL);
    child_check(post(nobody) == PTN_E_CONNECT);
    ptn_endpoint_release(nobody);
  }
  leave(spare);
  ptn_status status = post(e);
  leave_enough();
  if (status != PTN_OK && status != PTN_E_FDS) {
    dprintf(2, "%s with %d descriptors left: %s\n", url, spare, ptn_status_name(status));
    return 1;
  }
  for (int i = 0; i < 3; i++) {
    local_nap(i * 5);
    child_check(post(e) == PTN_OK);
  }
  ptn_engine_stop(5);
  return status == PTN_OK ? 0 : 2;
}

static void sweep(const char *url, bool warm) {
  int outcome = 2;
  for (int spare = 0; spare <= ENOUGH; spare++) {
    pid_t pid = fork();
    if (pid == 0) _exit(call_with(url, spare, warm));
    outcome = local_child_status(pid);
    assert_true(outcome == 0 || outcome == 2);
    if (spare == 0) assert_int_equal(outcome, 2);
  }
  assert_int_equal(outcome, 0);
}

static void test_plain(void **state) {
  (void)state;
  sweep(local_server_url(plain), false);
  sweep(local_server_url(plain), true);
}

static void test_tls(void **state) {
  (void)state;
  sweep(local_server_url(secure), false);
  sweep(local_server_url(secure), true);
}

static void test_name(void **state) {
  (void)state;
  char url[64];
  snprintf(url, sizeof url, "http://local.test:%d", local_server_port(plain));
  sweep(url, false);
  sweep(url, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain),
      cmocka_unit_test(test_tls),
      cmocka_unit_test(test_name),
  };
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
