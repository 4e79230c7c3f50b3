#include "notifier.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "local_call.h"

static ptn_notifier *take(void) {
  ptn_status status = PTN_E_OTHER;
  ptn_notifier *n = ptn_notifier_take(&status);
  assert_status(status, PTN_OK);
  assert_non_null(n);
  return n;
}

static bool readable(const ptn_notifier *n) {
  struct pollfd poll_fd = {.fd = ptn_notifier_fd(n), .events = POLLIN};
  return poll(&poll_fd, 1, 0) == 1;
}

static void test_raise_and_drain(void **state) {
  (void)state;
  ptn_notifier *n = take();
  assert_false(readable(n));
  ptn_notifier_raise(n);
  ptn_notifier_raise(n);
  assert_true(readable(n));
  ptn_notifier_drain(n);
  assert_false(readable(n)); /* many raises, one wake */
  ptn_notifier_drain(n);
  ptn_notifier_raise(n);
  assert_true(readable(n));
  ptn_notifier_release(n);
}

static void test_lists_those_that_have_something_new(void **state) {
  (void)state;
  int one, two;
  ptn_notifier *n = take();
  ptn_ready first = {.owner = &one}, second = {.owner = &two}, alone = {.owner = NULL};
  assert_null(ptn_notifier_next(n));
  ptn_notifier_announce(n, &second);
  ptn_notifier_announce(n, &first);
  ptn_notifier_announce(n, &second); /* listed already */
  ptn_notifier_announce(n, &alone);
  assert_true(readable(n));
  assert_ptr_equal(ptn_notifier_next(n), &two);
  assert_ptr_equal(ptn_notifier_next(n), &one);
  assert_null(ptn_notifier_next(n));
  ptn_notifier_announce(n, &first);
  assert_ptr_equal(ptn_notifier_next(n), &one); /* and again, once it was taken */
  ptn_notifier_release(n);
}

static void test_forgets_an_entry_for_good(void **state) {
  (void)state;
  int owners[3];
  ptn_notifier *n = take();
  ptn_ready entries[] = {{.owner = &owners[0]}, {.owner = &owners[1]}, {.owner = &owners[2]}};
  for (size_t i = 0; i < 3; i++) ptn_notifier_announce(n, &entries[i]);
  ptn_notifier_forget(n, &entries[1]);
  ptn_notifier_announce(n, &entries[1]);
  assert_ptr_equal(ptn_notifier_next(n), &owners[0]);
  ptn_notifier_forget(n, &entries[0]); /* not listed */
  assert_ptr_equal(ptn_notifier_next(n), &owners[2]);
  assert_null(ptn_notifier_next(n));
  ptn_notifier_release(n);
}

static void test_descriptor_is_not_inherited_by_programs(void **state) {
  (void)state;
  ptn_notifier *n = take();
  assert_true(fcntl(ptn_notifier_fd(n), F_GETFD) & FD_CLOEXEC);
  assert_true(fcntl(ptn_notifier_fd(n), F_GETFL) & O_NONBLOCK);
  ptn_notifier_release(n);
}

static void test_is_pooled_and_quiet_again(void **state) {
  (void)state;
  ptn_notifier *n = take();
  int fd = ptn_notifier_fd(n);
  ptn_notifier_raise(n);
  ptn_notifier_release(n);
  ptn_notifier *again = take();
  assert_int_equal(ptn_notifier_fd(again), fd);
  assert_false(readable(again));
  ptn_notifier_release(again);
  ptn_notifier_release(NULL);
}

/* One that is still referred to is not given to another caller, so no raise goes astray. */
static void test_reference_keeps_it_out_of_the_pool(void **state) {
  (void)state;
  ptn_notifier *n = take();
  assert_ptr_equal(ptn_notifier_retain(n), n);
  ptn_notifier_release(n);
  ptn_notifier *other = take();
  assert_int_not_equal(ptn_notifier_fd(other), ptn_notifier_fd(n));
  ptn_notifier_raise(n);
  assert_false(readable(other));
  ptn_notifier_release(n);
  ptn_notifier_release(other);
}

static int open_descriptors(void) {
  int count = 0;
  DIR *dir = opendir("/proc/self/fd");
  if (!dir) return -1;
  while (readdir(dir)) count++;
  closedir(dir);
  return count;
}

static void test_pool_is_bounded(void **state) {
  (void)state;
  enum { MANY = 400 };
  ptn_notifier *many[MANY];
  int before = open_descriptors();
  if (before < 0) skip();
  for (int i = 0; i < MANY; i++) many[i] = take();
  for (int i = 0; i < MANY; i++) ptn_notifier_release(many[i]);
  assert_true(open_descriptors() <= before + 256);
}

enum { ROUNDS = 20000 };

typedef struct {
  ptn_notifier *notifier;
  int value; /* atomic: what the notifier speaks of */
} news;

static void *tell(void *arg) {
  news *n = arg;
  for (int i = 0; i < ROUNDS; i++) {
    __atomic_add_fetch(&n->value, 1, __ATOMIC_SEQ_CST);
    ptn_notifier_raise(n->notifier);
  }
  return NULL;
}

/* No wake is lost: who looks after draining sees the last value, however raises and drains meet. */
static void test_no_wake_is_lost(void **state) {
  (void)state;
  pthread_t threads[2];
  news n = {.notifier = take()};
  for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, tell, &n), 0);
  while (__atomic_load_n(&n.value, __ATOMIC_SEQ_CST) < 2 * ROUNDS) {
    struct pollfd poll_fd = {.fd = ptn_notifier_fd(n.notifier), .events = POLLIN};
    if (poll(&poll_fd, 1, 10000) != 1 && __atomic_load_n(&n.value, __ATOMIC_SEQ_CST) < 2 * ROUNDS) fail();
    ptn_notifier_drain(n.notifier);
  }
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  ptn_notifier_release(n.notifier);
}

static void test_no_descriptors_left(void **state) {
  (void)state;
  ptn_notifier_before_fork();
  pid_t pid = fork();
  if (pid == 0) {
    ptn_status status = PTN_OK;
    struct rlimit none = {.rlim_cur = 3, .rlim_max = 3};
    ptn_notifier_after_fork_child(); /* the pool is empty */
    child_check(setrlimit(RLIMIT_NOFILE, &none) == 0);
    child_check(ptn_notifier_take(&status) == NULL);
    child_check(status == PTN_E_FDS);
    _exit(0);
  }
  ptn_notifier_after_fork_parent();
  assert_child_ok(pid);
}

/* The child closes its copies, so that it can neither wake its parent's threads nor take a wake from them. */
static void test_fork(void **state) {
  (void)state;
  ptn_notifier *held = take(), *pooled = take();
  int held_fd = ptn_notifier_fd(held), pooled_fd = ptn_notifier_fd(pooled);
  ptn_notifier_release(pooled);
  ptn_notifier_before_fork();
  pid_t pid = fork();
  if (pid == 0) {
    ptn_status status;
    ptn_notifier_after_fork_child();
    child_check(ptn_notifier_fd(held) == -1);
    child_check(fcntl(held_fd, F_GETFD) == -1 && errno == EBADF);
    child_check(fcntl(pooled_fd, F_GETFD) == -1 && errno == EBADF);
    ptn_notifier_raise(held);
    ptn_notifier_drain(held);
    ptn_notifier_release(held);
    ptn_notifier *own = ptn_notifier_take(&status);
    child_check(own && ptn_notifier_fd(own) >= 0 && !readable(own));
    ptn_notifier_raise(own);
    child_check(readable(own));
    _exit(0);
  }
  ptn_notifier_after_fork_parent();
  assert_child_ok(pid);
  assert_false(readable(held));
  ptn_notifier_raise(held);
  assert_true(readable(held));
  ptn_notifier_release(held);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_raise_and_drain),
      cmocka_unit_test(test_lists_those_that_have_something_new),
      cmocka_unit_test(test_forgets_an_entry_for_good),
      cmocka_unit_test(test_descriptor_is_not_inherited_by_programs),
      cmocka_unit_test(test_is_pooled_and_quiet_again),
      cmocka_unit_test(test_reference_keeps_it_out_of_the_pool),
      cmocka_unit_test(test_pool_is_bounded),
      cmocka_unit_test(test_no_wake_is_lost),
      cmocka_unit_test(test_no_descriptors_left),
      cmocka_unit_test(test_fork),
  };
  alarm(HANG_SECONDS);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
