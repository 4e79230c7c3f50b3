#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* tcp_info */
#endif

#include "sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEEPALIVE_IDLE_S = 30, KEEPALIVE_INTERVAL_S = 15, USER_TIMEOUT_MS = 45000 };

typedef struct {
  bool open, established, retired;
  int users; /* exchanges that are on it */
  unsigned serial;
  ptn_origin *origin;
  int local_port, remote_port;
  char local_ip[INET6_ADDRSTRLEN], remote_ip[INET6_ADDRSTRLEN];
} slot;

static slot *slots;
static int slot_count;
static unsigned last_serial;

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
  slots[fd] = (slot){.open = true, .origin = origin, .serial = ++last_serial};
  origin->sockets++;
  return fd;
}

static void forget(slot *s) {
  if (s->established && !s->retired) ptn_origin_connection_closed(s->origin);
  s->origin->sockets--;
  *s = (slot){.open = false};
}

int ptn_sockets_close(curl_socket_t fd) {
  if (fd >= 0 && fd < slot_count && slots[fd].open) forget(&slots[fd]);
  return close(fd);
}

/* ---- who is on which ---- */

static slot *slot_of(ptn_connection c) {
  if (c.fd < 0 || c.fd >= slot_count || !slots[c.fd].open || slots[c.fd].serial != c.serial) return NULL;
  return &slots[c.fd];
}

static void copy_ip(char *into, const char *ip) { snprintf(into, INET6_ADDRSTRLEN, "%s", ip); }

/* The socket's own word, while its ends are not recorded: of two that race only one is the connection. */
static bool begins_at(int fd, const ptn_ends *ends) {
  struct sockaddr_storage name;
  socklen_t len = sizeof(name);
  if (getsockname(fd, (struct sockaddr *)&name, &len) != 0) return false;
  bool six = strchr(ends->local_ip, ':') != NULL;
  if (name.ss_family == AF_INET) return !six && ntohs(((struct sockaddr_in *)&name)->sin_port) == ends->local_port;
  if (name.ss_family == AF_INET6) return six && ntohs(((struct sockaddr_in6 *)&name)->sin6_port) == ends->local_port;
  return false;
}

static bool is_between(const slot *s, const ptn_ends *ends) {
  return s->established && s->local_port == ends->local_port && s->remote_port == ends->remote_port &&
         strcmp(s->local_ip, ends->local_ip) == 0 && strcmp(s->remote_ip, ends->remote_ip) == 0;
}

#ifdef __linux__
static bool tcp_info_of(int fd, struct tcp_info *info) {
  socklen_t len = sizeof(*info);
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len) == 0;
}

static double round_trip(int fd) {
  struct tcp_info info;
  return tcp_info_of(fd, &info) ? info.tcpi_rtt / 1e6 : 0;
}
#else
static double round_trip(int fd) {
  (void)fd;
  return 0.05;
}
#endif

static void establish(int fd, const ptn_ends *ends) {
  slot *s = &slots[fd];
  s->established = true;
  s->local_port = ends->local_port;
  s->remote_port = ends->remote_port;
  copy_ip(s->local_ip, ends->local_ip);
  copy_ip(s->remote_ip, ends->remote_ip);
  ptn_origin_connection_opened(s->origin, round_trip(fd));
}

static int find(const ptn_ends *ends, const curl_socket_t fresh[2]) {
  for (int i = 0; i < 2; i++) {
    curl_socket_t fd = fresh[i];
    if (fd < 0 || fd >= slot_count || !slots[fd].open || slots[fd].established || !begins_at(fd, ends)) continue;
    establish(fd, ends);
    return fd;
  }
  for (int fd = 0; fd < slot_count; fd++) {
    if (slots[fd].open && is_between(&slots[fd], ends)) return fd;
  }
  return CURL_SOCKET_BAD;
}

ptn_connection ptn_sockets_enter(const ptn_ends *ends, const curl_socket_t fresh[2]) {
  int fd = ends->local_port > 0 ? find(ends, fresh) : CURL_SOCKET_BAD;
  if (fd == CURL_SOCKET_BAD) return PTN_NO_CONNECTION;
  slots[fd].users++;
  return (ptn_connection){fd, slots[fd].serial};
}

void ptn_sockets_leave(ptn_connection c) {
  slot *s = slot_of(c);
  if (s && --s->users == 0 && s->retired) shutdown(c.fd, SHUT_RDWR);
}

int ptn_sockets_users(ptn_connection c) {
  const slot *s = slot_of(c);
  return s ? s->users : 0;
}

int ptn_sockets_busiest(const ptn_origin *origin) {
  int most = 0;
  for (int fd = 0; fd < slot_count; fd++) {
    const slot *s = &slots[fd];
    if (s->open && s->origin == origin && !s->retired && s->users > most) most = s->users;
  }
  return most;
}

/* ---- those that lead nowhere ---- */

#ifdef __linux__
/* The kernel's count is of ticks, so that it may be up to one too small. */
bool ptn_sockets_silent(ptn_connection c, double seconds) {
  enum { TICK_MS = 10 };
  struct tcp_info info;
  if (!slot_of(c) || !tcp_info_of(c.fd, &info)) return false;
  return seconds * 1000 > 2 * TICK_MS && info.tcpi_last_data_recv + TICK_MS >= seconds * 1000;
}
#else
bool ptn_sockets_silent(ptn_connection c, double seconds) {
  (void)c;
  (void)seconds;
  return false;
}
#endif

void ptn_sockets_shut(ptn_connection c) {
  if (slot_of(c)) shutdown(c.fd, SHUT_RDWR);
}

void ptn_sockets_retire(ptn_origin *origin) {
  for (int fd = 0; fd < slot_count; fd++) {
    slot *s = &slots[fd];
    if (!s->open || s->origin != origin || !s->established || s->retired) continue;
    s->retired = true;
    ptn_origin_connection_closed(origin);
    if (s->users == 0) shutdown(fd, SHUT_RDWR);
  }
}

void ptn_sockets_after_fork_child(void) {
  for (int fd = 0; fd < slot_count; fd++) {
    if (slots[fd].open) close(fd);
  }
  if (slots) memset(slots, 0, (size_t)slot_count * sizeof(slot));
}
