#ifndef PTN_SOCKETS_H
#define PTN_SOCKETS_H

#include <stdbool.h>

#include <curl/curl.h>

#include "origin.h"

/* Every socket that libcurl has open, by descriptor. Engine thread only, but for the child of a fork,
 * which must close them without a word to the server: they are its parent's connections. */

/* Opens a socket for `address`, with keep-alive, and records it for `origin`. CURL_SOCKET_BAD: errno says why. */
curl_socket_t ptn_sockets_open(const struct curl_sockaddr *address, ptn_origin *origin);
int ptn_sockets_close(curl_socket_t fd);

/* Notes that requests can go over `fd`; a descriptor that is not open any more is fine. */
void ptn_sockets_established(curl_socket_t fd);

/* Shuts down the connection with this local port if nothing has come over it for `seconds`, so that no
 * later request is given to a connection that leads nowhere. Returns whether it did. Linux only: elsewhere
 * keep-alive probes find such a connection. */
bool ptn_sockets_shut_silent(int local_port, double seconds);

void ptn_sockets_after_fork_child(void);

#endif
