#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "local_call.h"

/* A connection as libcurl would open it, both ends of which are in this process. */
typedef struct {
  int fd, peer, port;
} pair;

static int listener;
static struct curl_sockaddr address;
static ptn_origin origin;

static int set_up(void **state) {
  struct sockaddr_in *in = (struct sockaddr_in *)&address.addr;
  socklen_t len = sizeof *in;
  (void)state;
  memset(&address, 0, sizeof address);
  address.family = AF_INET;
  address.socktype = SOCK_STREAM;
  address.addrlen = len;
  in->sin_family = AF_INET;
  in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, &address.addr, len) != 0 || listen(listener, 64) != 0) return -1;
  return getsockname(listener, &address.addr, &len);
}

static int tear_down(void **state) {
  (void)state;
  return close(listener);
}

static pair connected(void) {
  struct sockaddr_in name;
  socklen_t len = sizeof name;
  pair p = {.fd = ptn_sockets_open(&address, &origin)};
  assert_true(p.fd >= 0);
  assert_int_equal(connect(p.fd, &address.addr, address.addrlen), 0);
  p.peer = accept(listener, NULL, NULL);
  assert_true(p.peer >= 0);
  assert_int_equal(getsockname(p.fd, (struct sockaddr *)&name, &len), 0);
  p.port = ntohs(name.sin_port);
  ptn_sockets_established(p.fd);
  return p;
}

static void disconnect(pair *p) {
  assert_int_equal(ptn_sockets_close(p->fd), 0);
  close(p->peer);
}

static int option(int fd, int level, int name) {
  int value = -1;
  socklen_t len = sizeof value;
  assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
  return value;
}

/* The peer has been told that nothing more comes. */
static bool ended(int peer) {
  char byte;
  return recv(peer, &byte, 1, MSG_DONTWAIT) == 0;
}

static bool quiet(int peer) {
  char byte;
  return recv(peer, &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN;
}

static void test_options(void **state) {
  (void)state;
  pair p = connected();
  assert_true(fcntl(p.fd, F_GETFD) & FD_CLOEXEC);
  assert_int_not_equal(option(p.fd, SOL_SOCKET, SO_KEEPALIVE), 0);
#ifdef TCP_KEEPIDLE
  assert_int_equal(option(p.fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
#endif
#ifdef TCP_USER_TIMEOUT
  assert_int_equal(option(p.fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 45000);
#endif
  disconnect(&p);
}

static void test_counts_established_connections(void **state) {
  (void)state;
  int before = origin.established;
  pair a = connected(), b = connected();
  assert_int_equal(origin.established, before + 2);
  ptn_sockets_established(a.fd);
  assert_int_equal(origin.established, before + 2);
  disconnect(&a);
  assert_int_equal(origin.established, before + 1);
  ptn_sockets_established(a.fd); /* lost a race, and is closed */
  ptn_sockets_established(-1);
  ptn_sockets_established(1 << 20);
  assert_int_equal(origin.established, before + 1);
  disconnect(&b);

  int never_up = ptn_sockets_open(&address, &origin);
  assert_int_equal(ptn_sockets_close(never_up), 0);
  assert_int_equal(origin.established, before);
}

static void test_high_descriptors(void **state) {
  (void)state;
  int held[300], before = origin.established;
  pair p[3];
  for (int i = 0; i < 300; i++) held[i] = dup(0);
  for (int i = 0; i < 3; i++) p[i] = connected();
  assert_true(p[0].fd > 256);
  for (int i = 0; i < 3; i++) disconnect(&p[i]);
  for (int i = 0; i < 300; i++) close(held[i]);
  assert_int_equal(origin.established, before);
}

static void test_open_fails(void **state) {
  (void)state;
  struct curl_sockaddr odd = address;
  odd.family = 9999;
  assert_int_equal(ptn_sockets_open(&odd, &origin), CURL_SOCKET_BAD);
}

#ifdef __linux__
static void test_shuts_silent_connections_only(void **state) {
  (void)state;
  pair silent = connected(), other = connected();
  local_nap(60);
  assert_false(ptn_sockets_shut_silent(0, 0.01));
  assert_false(ptn_sockets_shut_silent(-1, 0.01));
  assert_false(ptn_sockets_shut_silent(ntohs(((struct sockaddr_in *)&address.addr)->sin_port), 0.01));
  assert_false(ptn_sockets_shut_silent(silent.port, 3600)); /* not for so long */
  assert_true(quiet(silent.peer));

  assert_true(ptn_sockets_shut_silent(silent.port, 0.05));
  assert_true(ended(silent.peer));
  assert_true(quiet(other.peer));
  disconnect(&silent);
  disconnect(&other);
}

static void test_something_received_saves_a_connection(void **state) {
  (void)state;
  pair p = connected();
  local_nap(150);
  assert_int_equal(send(p.peer, "x", 1, 0), 1);
  assert_false(ptn_sockets_shut_silent(p.port, 0.15));
  assert_true(quiet(p.peer));
  disconnect(&p);
}

/* Silent since a request went out, right after an answer came: the kernel's clock of that is a coarse one. */
static void test_silent_since_just_now(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) {
    char byte;
    pair p = connected();
    assert_int_equal(send(p.peer, "x", 1, 0), 1);
    assert_int_equal(recv(p.fd, &byte, 1, 0), 1);
    double since = ptn_now();
    local_nap(40 + i % 7);
    assert_true(ptn_sockets_shut_silent(p.port, ptn_now() - since));
    disconnect(&p);
  }
}
#endif

/* The connections belong to the parent: the child closes its copies and says nothing over them. */
static void test_fork(void **state) {
  (void)state;
  int before = origin.established;
  pair p = connected();
  pid_t pid = fork();
  if (pid == 0) {
    ptn_sockets_after_fork_child();
    child_check(fcntl(p.fd, F_GETFD) == -1 && errno == EBADF);
    ptn_sockets_after_fork_child(); /* nothing is left to close */
    child_check(fcntl(p.peer, F_GETFD) != -1);
    _exit(0);
  }
  assert_child_ok(pid);
  assert_true(quiet(p.peer));
  assert_int_equal(send(p.fd, "x", 1, 0), 1);
  char byte;
  assert_int_equal(recv(p.peer, &byte, 1, 0), 1);
  assert_int_equal(origin.established, before + 1);
  disconnect(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_options),
      cmocka_unit_test(test_counts_established_connections),
      cmocka_unit_test(test_high_descriptors),
      cmocka_unit_test(test_open_fails),
#ifdef __linux__
      cmocka_unit_test(test_shuts_silent_connections_only),
      cmocka_unit_test(test_something_received_saves_a_connection),
      cmocka_unit_test(test_silent_since_just_now),
#endif
      cmocka_unit_test(test_fork),
  };
  alarm(HANG_SECONDS);
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
