#ifndef PTN_ORIGIN_H
#define PTN_ORIGIN_H

#include <stdbool.h>

#include "endpoint.h"

struct ptn_exchange;

/* What the engine knows of one server, and the exchanges that wait for a place there. Engine thread only.
 *
 * Over HTTP/2 up to 100 exchanges share a connection, or fewer where the server says so, and libcurl left to itself
 * opens a connection for each one past these. So exchanges start only while the established connections have room; one
 * more, the opener, may start at a time to establish the next connection. How many the server takes is not for us to
 * see: it is learnt when libcurl asks for a connection that nobody meant to open, which is refused, and the exchange
 * waits again. An origin is taken for HTTP/2 until it shows that it is not. Over HTTP/1.1 nothing waits. */
typedef enum { PTN_HTTP_UNKNOWN, PTN_HTTP_1, PTN_HTTP_2 } ptn_http;

typedef struct ptn_origin ptn_origin;
struct ptn_origin {
  ptn_origin *next;
  char *name;
  ptn_http http;
  int active;      /* exchanges that libcurl has */
  int sockets;     /* that are open, whatever their state */
  int established; /* connections that requests can go over */
  int streams;     /* exchanges that one of these takes at a time */
  bool full;       /* there was no room for one just now */
  int failures;    /* of openers, one after the other */
  double opens_again_at;  /* no opener before that, while there are connections */
  double settles_at;      /* until then only one exchange is on the first connection; 0: it has */
  unsigned char spelling; /* changes with each set of connections, see transfer.c */
  struct ptn_exchange *opener;
  struct ptn_exchange *first, *last; /* waiting, in order */
};

/* The origin of `endpoint`, made where it is new. NULL: out of memory. */
ptn_origin *ptn_origin_of(const ptn_endpoint *endpoint);
ptn_origin *ptn_origin_first(void);

/* May one more exchange start now? If so, says in `opens` whether it is to open a connection. */
bool ptn_origin_admits(const ptn_origin *origin, bool *opens);

/* Milliseconds until one that waits may be admitted just because time has passed, at most `limit`. */
int ptn_origin_pause(int limit);

void ptn_origin_wait(ptn_origin *origin, struct ptn_exchange *exchange);
void ptn_origin_wait_again(ptn_origin *origin, struct ptn_exchange *exchange); /* before all others */
void ptn_origin_stop_waiting(ptn_origin *origin, struct ptn_exchange *exchange);

/* libcurl wants a new connection for an exchange that was not meant to open one: it found none that it could share. */
bool ptn_origin_lets_open(ptn_origin *origin);

/* An exchange is over that libcurl had: its place is free. */
void ptn_origin_left(ptn_origin *origin);

/* An opener came to nothing. Returns whether those that wait should share its fate: the third in a row failed, and no
 * connection is there that they could use instead. */
bool ptn_origin_opener_failed(ptn_origin *origin);

void ptn_origin_speaks(ptn_origin *origin, ptn_http http);
void ptn_origin_connection_opened(ptn_origin *origin, double round_trip);
void ptn_origin_connection_closed(ptn_origin *origin);

/* Forgets everything without touching what the parent owns. */
void ptn_origin_after_fork_child(void);

#endif
