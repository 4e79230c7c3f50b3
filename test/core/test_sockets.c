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
  ptn_connection connection; /* with one exchange on it */
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

static ptn_ends ends_of(int port) {
  return (ptn_ends){"127.0.0.1", "127.0.0.1", port, ntohs(((struct sockaddr_in *)&address.addr)->sin_port)};
}

static int port_of(int fd) {
  struct sockaddr_in name;
  socklen_t len = sizeof name;
  assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
  return ntohs(name.sin_port);
}

static ptn_connection enter(int port, int fd0, int fd1) {
  const ptn_ends ends = ends_of(port);
  return ptn_sockets_enter(&ends, (curl_socket_t[]){fd0, fd1});
}

static pair connected(void) {
  pair p = {.fd = ptn_sockets_open(&address, &origin)};
  assert_true(p.fd >= 0);
  assert_int_equal(connect(p.fd, &address.addr, address.addrlen), 0);
  p.peer = accept(listener, NULL, NULL);
  assert_true(p.peer >= 0);
  p.port = port_of(p.fd);
  p.connection = enter(p.port, p.fd, -1);
  assert_int_equal(p.connection.fd, p.fd);
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

static void test_counts_connections(void **state) {
  (void)state;
  int before = origin.established, sockets = origin.sockets;
  pair a = connected(), b = connected();
  assert_int_equal(origin.established, before + 2);
  assert_int_equal(origin.sockets, sockets + 2);
  assert_int_equal(enter(a.port, a.fd, -1).fd, a.fd);
  assert_int_equal(origin.established, before + 2);
  disconnect(&a);
  assert_int_equal(origin.established, before + 1);
  assert_int_equal(enter(a.port, a.fd, -1).fd, CURL_SOCKET_BAD); /* lost a race, and is closed */
  assert_int_equal(enter(a.port, -1, 1 << 20).fd, CURL_SOCKET_BAD);
  assert_int_equal(enter(0, -1, -1).fd, CURL_SOCKET_BAD);
  assert_int_equal(origin.established, before + 1);
  disconnect(&b);

  int never_up = ptn_sockets_open(&address, &origin);
  assert_int_equal(origin.sockets, sockets + 1);
  assert_int_equal(ptn_sockets_close(never_up), 0);
  assert_int_equal(origin.established, before);
  assert_int_equal(origin.sockets, sockets);
}

/* Of two that were opened for one exchange the one that it goes out over is found; and later, by both of its ends. */
static void test_finds_connections(void **state) {
  (void)state;
  pair a = connected(), b = connected();
  int loser = ptn_sockets_open(&address, &origin), before = origin.established;
  assert_int_equal(enter(b.port, loser, -1).fd, b.fd);
  assert_int_equal(origin.established, before);
  ptn_ends other = ends_of(a.port);
  other.remote_ip = "127.0.0.2";
  assert_int_equal(ptn_sockets_enter(&other, (curl_socket_t[]){-1, -1}).fd, CURL_SOCKET_BAD);
  other = ends_of(a.port);
  other.remote_port++;
  assert_int_equal(ptn_sockets_enter(&other, (curl_socket_t[]){-1, -1}).fd, CURL_SOCKET_BAD);
  other = ends_of(a.port);
  other.local_ip = "::1";
  assert_int_equal(ptn_sockets_enter(&other, (curl_socket_t[]){-1, -1}).fd, CURL_SOCKET_BAD);

  assert_int_equal(ptn_sockets_users(b.connection), 2);
  assert_int_equal(ptn_sockets_busiest(&origin), 2);
  ptn_sockets_leave(b.connection);
  assert_int_equal(ptn_sockets_users(b.connection), 1);
  assert_int_equal(ptn_sockets_close(loser), 0);
  disconnect(&a);
  disconnect(&b);
}

/* Its descriptor is another connection's by now. */
static void test_late_words_about_a_closed_one(void **state) {
  (void)state;
  pair a = connected();
  disconnect(&a);
  pair b = connected();
  assert_int_equal(b.fd, a.fd);
  ptn_sockets_leave(a.connection);
  ptn_sockets_shut(a.connection);
  assert_false(ptn_sockets_silent(a.connection, 0.05));
  assert_int_equal(ptn_sockets_users(b.connection), 1);
  assert_true(quiet(b.peer));
  disconnect(&b);
}

/* Left to those that are on it, it ends with the last of them. */
static void test_retired(void **state) {
  (void)state;
  int before = origin.established;
  pair busy = connected(), idle = connected();
  ptn_sockets_leave(idle.connection);
  assert_true(quiet(idle.peer));
  enter(busy.port, -1, -1);
  ptn_sockets_retire(&origin);
  assert_int_equal(origin.established, before);
  assert_true(ended(idle.peer));
  assert_int_equal(ptn_sockets_busiest(&origin), 0);
  ptn_sockets_leave(busy.connection);
  assert_true(quiet(busy.peer));
  ptn_sockets_leave(busy.connection);
  assert_true(ended(busy.peer));
  disconnect(&busy);
  disconnect(&idle);
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
static void test_silence(void **state) {
  (void)state;
  pair silent = connected(), other = connected();
  local_nap(60);
  assert_false(ptn_sockets_silent(PTN_NO_CONNECTION, 0.01));
  assert_false(ptn_sockets_silent(silent.connection, 3600)); /* not for so long */
  assert_true(ptn_sockets_silent(silent.connection, 0.05));
  ptn_sockets_shut(PTN_NO_CONNECTION);
  ptn_sockets_shut(silent.connection);
  assert_true(ended(silent.peer));
  assert_true(quiet(other.peer));
  disconnect(&silent);
  disconnect(&other);
}

static void test_something_received_ends_silence(void **state) {
  (void)state;
  pair p = connected();
  local_nap(150);
  assert_int_equal(send(p.peer, "x", 1, 0), 1);
  assert_false(ptn_sockets_silent(p.connection, 0.15));
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
    assert_true(ptn_sockets_silent(p.connection, ptn_now() - since));
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
      cmocka_unit_test(test_counts_connections),
      cmocka_unit_test(test_finds_connections),
      cmocka_unit_test(test_late_words_about_a_closed_one),
      cmocka_unit_test(test_retired),
      cmocka_unit_test(test_high_descriptors),
      cmocka_unit_test(test_open_fails),
#ifdef __linux__
      cmocka_unit_test(test_silence),
      cmocka_unit_test(test_something_received_ends_silence),
      cmocka_unit_test(test_silent_since_just_now),
#endif
      cmocka_unit_test(test_fork),
  };
  alarm(HANG_SECONDS);
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
