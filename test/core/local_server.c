#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem, strcasestr, POLLRDHUP */
#endif

#include "local_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "support.h"

enum { ROUTES_MAX = 48, NO_ROUTE = ROUTES_MAX, HEAD_MAX = 4096, INPUT = 65536 };

/* What server and test share. Written by the server, but for `released`; all by atomic operations or, a route's
 * last request, before its count. */
typedef struct {
  int released, connections, open, held;
  struct {
    int begun, count, connection;
    unsigned body_sum;
    size_t body_len;
    char head[HEAD_MAX];
  } routes[ROUTES_MAX];
} board;

struct local_server {
  local_server_options options;
  board *board;
  pid_t pid;
  int listener, port;
  char url[64];
};

typedef struct {
  const local_server *server;
  int fd, number;
  SSL *ssl;
  size_t have; /* bytes of input */
  char input[INPUT];
} connection;

static int load(const int *value) { return __atomic_load_n(value, __ATOMIC_ACQUIRE); }
static int add(int *value, int n) { return __atomic_add_fetch(value, n, __ATOMIC_ACQ_REL); }

/* ---- the server's process ---- */

static ssize_t receive(connection *c, char *into, size_t room) {
  return c->ssl ? SSL_read(c->ssl, into, (int)room) : recv(c->fd, into, room, 0);
}

static bool send_all(connection *c, const char *bytes, size_t len) {
  while (len > 0) {
    ssize_t n = c->ssl ? SSL_write(c->ssl, bytes, (int)len) : send(c->fd, bytes, len, MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes += n;
    len -= (size_t)n;
  }
  return true;
}

static bool fill(connection *c, size_t count) {
  char block[16384];
  memset(block, 'x', sizeof block);
  for (; count > sizeof block; count -= sizeof block) {
    if (!send_all(c, block, sizeof block)) return false;
  }
  return send_all(c, block, count);
}

/* Waits for at most `ms`; true where the client has ended the connection meanwhile. */
static bool gone(connection *c, int ms) {
  struct pollfd poll_fd = {.fd = c->fd, .events = POLLRDHUP};
  return poll(&poll_fd, 1, ms) > 0;
}

static void hold(connection *c, bool for_ever) {
  board *b = c->server->board;
  add(&b->held, 1);
  while ((for_ever || !load(&b->released)) && !gone(c, 5)) {
  }
  add(&b->held, -1);
}

static void reset_on_close(connection *c) {
  struct linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* Whether the connection goes on. */
static bool take_step(connection *c, const local_step *step, bool first) {
  switch (step->action) {
    case LOCAL_KEEP:
    case LOCAL_EARLY:
      return true;
    case LOCAL_SEND:
      return send_all(c, step->bytes, step->count);
    case LOCAL_FILL:
      return fill(c, step->count);
    case LOCAL_PAUSE:
      usleep((useconds_t)step->count * 1000);
      return true;
    case LOCAL_HOLD:
    case LOCAL_STALL:
      hold(c, step->action == LOCAL_STALL);
      return true;
    case LOCAL_CLOSE_FIRST:
      return !first;
    case LOCAL_RESET_FIRST:
      if (first) reset_on_close(c);
      return !first;
    case LOCAL_RESET:
      reset_on_close(c);
      return false;
    case LOCAL_CLOSE:
      return false;
    case LOCAL_EXIT:
      _exit(0);
  }
  return false;
}

static int route_index(const local_server *server, const char *target, size_t len) {
  for (int i = 0; server->options.routes && server->options.routes[i].target; i++) {
    const char *known = server->options.routes[i].target;
    if (strlen(known) == len && memcmp(known, target, len) == 0) return i;
  }
  return -1;
}

/* The length of the request's head with its blank line, 0 while it is not whole, -1 where the connection ended. */
static ssize_t read_head(connection *c) {
  for (;;) {
    char *end = memmem(c->input, c->have, "\r\n\r\n", 4);
    if (end) return end + 4 - c->input;
    if (c->have == sizeof c->input) return -1;
    ssize_t n = receive(c, c->input + c->have, sizeof c->input - c->have);
    if (n <= 0) return -1;
    c->have += (size_t)n;
    if (c->input[0] >= 'A' && c->input[0] <= 'Z') continue;
    send_all(c, BYTES("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")); /* TLS, for one */
    return -1;
  }
}

static size_t content_length(const char *head) {
  const char *at = strcasestr(head, "\r\ncontent-length:");
  return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* Reads the body, of which the input may hold a part, and leaves behind it what came after. */
static bool read_body(connection *c, size_t len, unsigned *sum) {
  for (size_t got = 0;;) {
    size_t n = c->have < len - got ? c->have : len - got;
    for (size_t i = 0; i < n; i++) *sum += (unsigned char)c->input[i];
    got += n;
    c->have -= n;
    memmove(c->input, c->input + n, c->have);
    if (got == len) return true;
    ssize_t more = receive(c, c->input, sizeof c->input);
    if (more <= 0) return false;
    c->have = (size_t)more;
  }
}

/* Notes what the last request of a route was like. `rest` is its head without the first line. */
static void note(connection *c, int route, const char *rest, size_t body_len, unsigned sum) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  board *b = c->server->board;
  pthread_mutex_lock(&lock);
  b->routes[route].body_len = body_len;
  b->routes[route].body_sum = sum;
  b->routes[route].connection = c->number;
  memcpy(b->routes[route].head, rest, strlen(rest) + 1);
  pthread_mutex_unlock(&lock);
}

/* The route of the next request, -1 where the connection ended before it was whole. */
static int read_request(connection *c, int *number) {
  const local_server *server = c->server;
  ssize_t head_len = read_head(c);
  if (head_len < 0) return -1;
  char head[HEAD_MAX];
  size_t kept = (size_t)head_len < sizeof head ? (size_t)head_len : sizeof head - 1;
  memcpy(head, c->input, kept);
  head[kept] = '\0';
  c->have -= (size_t)head_len;
  memmove(c->input, c->input + head_len, c->have);

  size_t target_len = strcspn(head, " ");
  target_len += 1 + strcspn(head + target_len + 1, " \r");
  int route = route_index(server, head, target_len);
  size_t body_len = content_length(head);
  unsigned sum = 0;
  if (route < 0) return read_body(c, body_len, &sum) ? NO_ROUTE : -1;

  *number = add(&server->board->routes[route].begun, 1);
  if (server->options.routes[route].steps[0].action == LOCAL_EARLY) return route;
  if (!read_body(c, body_len, &sum)) return -1;
  note(c, route, strchr(head, '\n') + 1, body_len, sum);
  *number = add(&server->board->routes[route].count, 1);
  return route;
}

static bool answer(connection *c, int route, int number) {
  static const local_step not_found[] = {
      SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), DO(KEEP)};
  const local_step *step = route == NO_ROUTE ? not_found : c->server->options.routes[route].steps;
  for (int i = 0; i < LOCAL_STEPS && step[i].action != LOCAL_KEEP; i++) {
    if (!take_step(c, &step[i], number == 1)) return false;
  }
  return true;
}

static void *serve(void *arg) {
  connection *c = arg;
  int route, number = 0;
  bool go_on = true;
  if (c->ssl) go_on = SSL_accept(c->ssl) == 1;
  while (go_on && (route = read_request(c, &number)) >= 0) go_on = answer(c, route, number);
  add(&c->server->board->open, -1);
  if (c->ssl) SSL_free(c->ssl);
  close(c->fd);
  free(c);
  return NULL;
}

static void welcome(const local_server *server, int fd, pthread_attr_t *detached) {
  static const int on = 1;
  pthread_t thread;
  connection *c = calloc(1, sizeof *c);
  if (!c) _exit(9);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  c->server = server;
  c->fd = fd;
  c->number = add(&server->board->connections, 1);
  add(&server->board->open, 1);
  if (server->options.tls) {
    c->ssl = SSL_new(server->options.tls->context);
    SSL_set_fd(c->ssl, fd);
  }
  if (pthread_create(&thread, detached, serve, c) != 0) _exit(9);
}

static void accept_all(const local_server *server) {
  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&detached, 256 * 1024);
  signal(SIGPIPE, SIG_IGN);
  local_make_room();
  for (;;) {
    if (server->options.welcome == LOCAL_IGNORE) pause();
    int fd = accept(server->listener, NULL, NULL);
    if (fd < 0) continue;
    if (server->options.welcome == LOCAL_SERVE) {
      welcome(server, fd, &detached);
    } else {
      add(&server->board->connections, 1);
      close(fd);
    }
  }
}

/* ---- the test's process ---- */

static int listen_on_loopback(int backlog, int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  if (backlog >= 0) assert_int_equal(listen(fd, backlog), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
  *port = ntohs(address.sin_port);
  return fd;
}

local_server *local_server_start(const local_server_options *options) {
  local_server *s = calloc(1, sizeof *s);
  assert_non_null(s);
  s->options = *options;
  for (int i = 0; options->routes && options->routes[i].target; i++) assert_true(i < ROUTES_MAX);
  s->board = mmap(NULL, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(s->board, MAP_FAILED);
  s->listener = listen_on_loopback(1024, &s->port);
  snprintf(s->url, sizeof s->url, "%s://127.0.0.1:%d", options->tls ? "https" : "http", s->port);
  s->pid = fork();
  assert_true(s->pid >= 0);
  if (s->pid == 0) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    accept_all(s);
  }
  close(s->listener);
  return s;
}

void local_server_stop(local_server *s) {
  if (!s) return;
  kill(s->pid, SIGKILL);
  waitpid(s->pid, NULL, 0);
  munmap(s->board, sizeof(board));
  free(s);
}

int local_server_port(const local_server *s) { return s->port; }
const char *local_server_url(const local_server *s) { return s->url; }

void local_server_release(local_server *s, bool release) {
  __atomic_store_n(&s->board->released, release, __ATOMIC_RELEASE);
}

int local_server_connections(const local_server *s) { return load(&s->board->connections); }
int local_server_open(const local_server *s) { return load(&s->board->open); }
int local_server_held(const local_server *s) { return load(&s->board->held); }

static int known(const local_server *s, const char *target) {
  int route = route_index(s, target, strlen(target));
  assert_true(route >= 0);
  return route;
}

int local_server_begun(const local_server *s, const char *target) {
  return load(&s->board->routes[known(s, target)].begun);
}

int local_server_count(const local_server *s, const char *target) {
  return load(&s->board->routes[known(s, target)].count);
}

const char *local_server_head(const local_server *s, const char *target) {
  return s->board->routes[known(s, target)].head;
}

size_t local_server_body_len(const local_server *s, const char *target) {
  return s->board->routes[known(s, target)].body_len;
}

unsigned local_server_body_sum(const local_server *s, const char *target) {
  return s->board->routes[known(s, target)].body_sum;
}

int local_server_connection(const local_server *s, const char *target) {
  return s->board->routes[known(s, target)].connection;
}

void local_make_room(void) {
  int fd = dup2(0, 1000);
  if (fd >= 0) close(fd);
}

int local_unused_port(void) {
  int port, fd = listen_on_loopback(-1, &port);
  close(fd);
  return port;
}

/* A full backlog makes the kernel drop each further SYN. */
void local_black_hole_open(local_black_hole *hole) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  hole->listener = listen_on_loopback(0, &hole->port);
  address.sin_port = htons((uint16_t)hole->port);
  for (size_t i = 0; i < sizeof hole->fillers / sizeof *hole->fillers; i++) {
    hole->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(hole->fillers[i] >= 0);
    (void)!connect(hole->fillers[i], (struct sockaddr *)&address, sizeof address);
  }
}

void local_black_hole_close(local_black_hole *hole) {
  for (size_t i = 0; i < sizeof hole->fillers / sizeof *hole->fillers; i++) close(hole->fillers[i]);
  close(hole->listener);
}
