#ifndef PTN_SOCKETS_H
#define PTN_SOCKETS_H

#include <stdbool.h>

#include <curl/curl.h>

#include "origin.h"

/* Every socket that libcurl has open, by descriptor, and how many exchanges are on it. Engine thread only, but for
 * the child of a fork, which must close them without a word to the server: they are its parent's connections. */

/* Opens a socket for `address`, with keep-alive, and records it for `origin`. CURL_SOCKET_BAD: errno says why. */
curl_socket_t ptn_sockets_open(const struct curl_sockaddr *address, ptn_origin *origin);
int ptn_sockets_close(curl_socket_t fd);

/* A connection that exchanges are on. The serial tells it from a later one with the same descriptor. */
typedef struct {
  curl_socket_t fd; /* CURL_SOCKET_BAD: none */
  unsigned serial;
} ptn_connection;
#define PTN_NO_CONNECTION ((ptn_connection){CURL_SOCKET_BAD, 0})

/* Its two ends, as libcurl names them. */
typedef struct {
  const char *local_ip, *remote_ip;
  int local_port, remote_port;
} ptn_ends;

/* An exchange goes out over the connection with these ends: one of `fresh`, the sockets opened for it, or one that is
 * known already. PTN_NO_CONNECTION where it is neither. */
ptn_connection ptn_sockets_enter(const ptn_ends *ends, const curl_socket_t fresh[2]);

/* That exchange is over. The last one to leave a retired connection shuts it down. */
void ptn_sockets_leave(ptn_connection connection);

/* How many exchanges are on it now. */
int ptn_sockets_users(ptn_connection connection);

/* The most exchanges that one connection of `origin` has now. */
int ptn_sockets_busiest(const ptn_origin *origin);

/* True where nothing has come over it for `seconds`. Linux only: elsewhere never, and keep-alive probes find a
 * connection that leads nowhere. */
bool ptn_sockets_silent(ptn_connection connection, double seconds);

/* Shuts it down, so that no later request is given to it. */
void ptn_sockets_shut(ptn_connection connection);

/* Nothing more will be sent over the connections that `origin` has now: shuts those that nobody is on, and the others
 * when their last exchange leaves. */
void ptn_sockets_retire(ptn_origin *origin);

void ptn_sockets_after_fork_child(void);

#endif
