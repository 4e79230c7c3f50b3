#ifndef PTN_ORIGIN_H
#define PTN_ORIGIN_H

#include <stdbool.h>

#include "endpoint.h"

struct ptn_exchange;

/* What the engine knows of one server, and the exchanges that wait for a place there. Engine thread only.
 *
 * Over HTTP/2 up to 100 exchanges share a connection, and libcurl left to itself opens a connection for
 * each one past the first 100. So exchanges start only while the established connections have room; one
 * more, the opener, may start at a time to establish the next connection. An origin is taken for HTTP/2
 * until it shows that it is not. Over HTTP/1.1 nothing waits. */
typedef enum { PTN_HTTP_UNKNOWN, PTN_HTTP_1, PTN_HTTP_2 } ptn_http;

typedef struct ptn_origin ptn_origin;
struct ptn_origin {
  ptn_origin *next;
  char *name;
  ptn_http http;
  int active;      /* exchanges that libcurl has */
  int established; /* connections that requests can go over */
  struct ptn_exchange *opener;
  struct ptn_exchange *first, *last; /* waiting, in order */
};

/* The origin of `endpoint`, made where it is new. NULL: out of memory. */
ptn_origin *ptn_origin_of(const ptn_endpoint *endpoint);
ptn_origin *ptn_origin_first(void);

/* May one more exchange start now? If so, says in `opens` whether it is to open a connection. */
bool ptn_origin_admits(const ptn_origin *origin, bool *opens);

void ptn_origin_wait(ptn_origin *origin, struct ptn_exchange *exchange);
void ptn_origin_stop_waiting(ptn_origin *origin, struct ptn_exchange *exchange);

/* An exchange that was not meant to opened a connection of its own: over HTTP/2 it would have shared. */
void ptn_origin_did_not_share(ptn_origin *origin);
void ptn_origin_speaks(ptn_origin *origin, ptn_http http);
void ptn_origin_connection_opened(ptn_origin *origin);
void ptn_origin_connection_closed(ptn_origin *origin);

/* Forgets everything without touching what the parent owns. */
void ptn_origin_after_fork_child(void);

#endif
