#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* tcp_info */
#endif

#include "sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEEPALIVE_IDLE_S = 30, KEEPALIVE_INTERVAL_S = 15, USER_TIMEOUT_MS = 45000 };

typedef struct {
  bool open, established;
  ptn_origin *origin;
} slot;

static slot *slots;
static int slot_count;

static bool make_room(int fd) {
  if (fd < slot_count) return true;
  int count = slot_count ? slot_count : 64;
  while (count <= fd) count *= 2;
  slot *grown = realloc(slots, (size_t)count * sizeof(slot));
  if (!grown) return false;
  memset(grown + slot_count, 0, (size_t)(count - slot_count) * sizeof(slot));
  slots = grown;
  slot_count = count;
  return true;
}

static void set_option(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof(value));
}

/* A connection whose other end has gone without a word must not be reused for ever. */
static void watch_over(int fd) {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
#elif defined(TCP_KEEPALIVE)
  set_option(fd, IPPROTO_TCP, TCP_KEEPALIVE, KEEPALIVE_IDLE_S);
#endif
#ifdef TCP_KEEPINTVL
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
#endif
#ifdef TCP_USER_TIMEOUT
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
#endif
}

static int open_socket(const struct curl_sockaddr *address) {
#ifdef SOCK_CLOEXEC
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
  int fd = socket(address->family, address->socktype, address->protocol);
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
#endif
}

curl_socket_t ptn_sockets_open(const struct curl_sockaddr *address, ptn_origin *origin) {
  int fd = open_socket(address);
  if (fd < 0) return CURL_SOCKET_BAD;
  if (!make_room(fd)) {
    close(fd);
    return CURL_SOCKET_BAD;
  }
  if (address->family == AF_INET || address->family == AF_INET6) watch_over(fd);
  slots[fd] = (slot){.open = true, .origin = origin};
  return fd;
}

int ptn_sockets_close(curl_socket_t fd) {
  if (fd >= 0 && fd < slot_count && slots[fd].open) {
    if (slots[fd].established) ptn_origin_connection_closed(slots[fd].origin);
    slots[fd] = (slot){.open = false};
  }
  return close(fd);
}

void ptn_sockets_established(curl_socket_t fd) {
  if (fd < 0 || fd >= slot_count || !slots[fd].open || slots[fd].established) return;
  slots[fd].established = true;
  ptn_origin_connection_opened(slots[fd].origin);
}

#ifdef __linux__
static int local_port_of(int fd) {
  struct sockaddr_storage name;
  socklen_t len = sizeof(name);
  if (getsockname(fd, (struct sockaddr *)&name, &len) != 0) return -1;
  if (name.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&name)->sin_port);
  if (name.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&name)->sin6_port);
  return -1;
}

/* The kernel's count is of ticks, so that it may be up to one too small. */
static bool silent_for(int fd, double seconds) {
  enum { TICK_MS = 10 };
  struct tcp_info info;
  socklen_t len = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) return false;
  return seconds * 1000 > 2 * TICK_MS && info.tcpi_last_data_recv + TICK_MS >= seconds * 1000;
}

bool ptn_sockets_shut_silent(int local_port, double seconds) {
  if (local_port <= 0) return false;
  for (int fd = 0; fd < slot_count; fd++) {
    if (!slots[fd].open || local_port_of(fd) != local_port) continue;
    return silent_for(fd, seconds) && shutdown(fd, SHUT_RDWR) == 0;
  }
  return false;
}
#else
bool ptn_sockets_shut_silent(int local_port, double seconds) {
  (void)local_port;
  (void)seconds;
  return false;
}
#endif

void ptn_sockets_after_fork_child(void) {
  for (int fd = 0; fd < slot_count; fd++) {
    if (slots[fd].open) close(fd);
  }
  if (slots) memset(slots, 0, (size_t)slot_count * sizeof(slot));
}
