#ifndef PTN_TEST_LOCAL_SERVER_H
#define PTN_TEST_LOCAL_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "local_tls.h"

/*
 * An HTTP/1.1 server on the loopback that does what its script says, well or badly, and counts. It is a process of its
 * own, so that nothing that a test does to its descriptors, threads or memory touches it; the counts are in memory that
 * the two share. A test makes one before it starts threads.
 */
typedef struct local_server local_server;

typedef enum {
  LOCAL_KEEP,  /* the answer is over: read the next request of this connection */
  LOCAL_EARLY, /* as the first step: what follows is done when the head of the request is there, no body is read */
  LOCAL_SEND,
  LOCAL_FILL,  /* send `count` bytes of x */
  LOCAL_PAUSE, /* for `count` milliseconds */
  LOCAL_HOLD,  /* until local_server_release, or until the client has gone */
  LOCAL_STALL, /* until the client has gone */
  LOCAL_CLOSE, /* end the connection with a FIN */
  LOCAL_RESET, /* end it with an RST */
  LOCAL_CLOSE_FIRST, /* as LOCAL_CLOSE for the first request of this route, nothing for later ones */
  LOCAL_RESET_FIRST,
  LOCAL_EXIT, /* end the whole server: its connections, and its port */
} local_action;

/* The bytes must be there when the server starts. */
typedef struct {
  local_action action;
  size_t count;
  const char *bytes;
} local_step;

#define SEND(literal) {LOCAL_SEND, sizeof(literal) - 1, literal}
#define FILL(count) {LOCAL_FILL, count, 0}
#define PAUSE(ms) {LOCAL_PAUSE, ms, 0}
#define DO(action) {LOCAL_##action, 0, 0}

/* A whole answer with a JSON body, and the head of an event stream that ends with its connection. */
#define JSON_HEAD(length) "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " #length "\r\n\r\n"
#define STREAM_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

enum { LOCAL_STEPS = 20 };

typedef struct {
  const char *target; /* "POST /v1/threads" */
  local_step steps[LOCAL_STEPS];
} local_route;

/* What becomes of a new connection. */
typedef enum { LOCAL_SERVE, LOCAL_DROP, LOCAL_IGNORE } local_welcome;

typedef struct {
  const local_route *routes; /* the last has no target; a request that none fits gets a 404 */
  const local_tls *tls;      /* NULL: plain */
  local_welcome welcome;
} local_server_options;

local_server *local_server_start(const local_server_options *options);
void local_server_stop(local_server *server); /* NULL is fine */

int local_server_port(const local_server *server);
const char *local_server_url(const local_server *server); /* "http://127.0.0.1:4711" */

/* Ends every LOCAL_HOLD from now on, or lets them hold again. */
void local_server_release(local_server *server, bool release);

/* Counts since the start. */
int local_server_connections(const local_server *server);
int local_server_open(const local_server *server); /* connections that have not ended */
int local_server_held(const local_server *server); /* those of them that are in a LOCAL_HOLD or LOCAL_STALL */

/* Of one route: */
int local_server_begun(const local_server *server, const char *target); /* requests whose head came */
int local_server_count(const local_server *server, const char *target); /* requests that came whole */
/* and of its last request: */
const char *local_server_head(const local_server *server, const char *target); /* from the second line on */
size_t local_server_body_len(const local_server *server, const char *target);
unsigned local_server_body_sum(const local_server *server, const char *target); /* of its bytes */
int local_server_connection(const local_server *server, const char *target);    /* 1 for the first accepted */

/* Makes room for many descriptors while the process has one thread: a kernel that has to do it later makes a thread
 * wait until every processor has passed by, which on a busy machine may take seconds. */
void local_make_room(void);

/* A port of the loopback that nothing listens on. */
int local_unused_port(void);

/* Listens, but accepts nothing and lets no handshake of TCP end: connecting takes for ever. */
typedef struct {
  int listener, fillers[4], port;
} local_black_hole;
void local_black_hole_open(local_black_hole *hole);
void local_black_hole_close(local_black_hole *hole);

#endif
