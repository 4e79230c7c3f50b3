#ifndef PTN_EXCHANGE_H
#define PTN_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "buffer.h"
#include "kind.h"
#include "notifier.h"
#include "origin.h"
#include "request.h"
#include "sockets.h"
#include "sse.h"
#include "status.h"

/* One request and its response, shared by the caller that waits for it and the engine that performs it.
 * Each holds a counted reference. Who may touch a field when:
 *  - caller's to read once ptn_exchange_take has said "done": the response fields;
 *  - engine's alone until then: all the rest;
 *  - `inbox` and `done`: under the exchange lock, through the functions below. */
typedef struct ptn_exchange ptn_exchange;
typedef struct ptn_lane ptn_lane;

typedef enum { PTN_BODY_UNKNOWN, PTN_BODY_PLAIN, PTN_BODY_EVENTS } ptn_body_kind;

typedef enum {
  PTN_PHASE_NEW,     /* on its way to the engine */
  PTN_PHASE_HELD,    /* back, by the pacer */
  PTN_PHASE_WAITING, /* for a place at its origin */
  PTN_PHASE_ACTIVE,  /* libcurl has it */
  PTN_PHASE_DONE
} ptn_phase;

struct ptn_exchange {
  int refs;            /* atomic */
  int cancelled;       /* atomic: the ptn_status to end with, PTN_OK while nobody asked */
  uint64_t generation; /* the engine's, counting forks */
  ptn_request *request;
  ptn_notifier *notifier;
  ptn_ready ready; /* whose it is among those that share the notifier */
  double patience; /* monotonic seconds: held back longer than until then, it is rather refused */
  bool progress;   /* the caller wants events as they come, passing ones too */
  bool keeps;      /* the caller wants the body as it came, too; set before it is submitted */

  /* the response */
  ptn_status status;
  int http_status; /* 0: none came */
  bool sent;       /* some of the request may have reached the server */
  bool ended;      /* an event that ends the stream came */
  bool fds_exhausted;
  ptn_body_kind body_kind;
  ptn_buffer headers; /* the raw block of the final response */
  ptn_buffer kept;    /* the decoded body, where `keeps` */
  char error[CURL_ERROR_SIZE];

  ptn_buffer inbox; /* plain: the body; events: records, see ptn_record */
  bool done;

  /* the engine's */
  ptn_phase phase;
  CURL *easy;
  ptn_origin *origin;
  ptn_sse sse;
  ptn_buffer staged; /* not yet in the inbox */
  size_t received;   /* decoded bytes */
  size_t body_sent;
  bool opens, opened, head_whole, too_large, no_memory;
  bool rewinds;     /* libcurl asked to send it again */
  bool repeated;    /* libcurl has sent it again, over another connection */
  bool crowded_out; /* its connection had no room for it, and it may not open another */
  curl_socket_t fresh[2]; /* opened for it; two where IPv6 and IPv4 race */
  ptn_connection connection; /* that it went out over */
  double sent_at;
  double waits_since; /* at its origin */
  double fired_for;   /* > 0: nobody waits for it, and it has so many seconds */
  bool counted;       /* among those */
  double stirred_at;  /* when something of it was sent or came last */
  double ends_at;     /* > 0: the engine ends it then, as … */
  ptn_status ends_as;
  ptn_lane *lane;  /* that it is paced in, or NULL */
  double paced_at; /* when the pacer let it go; 0: not yet */
  bool lane_answered;
  ptn_exchange *queue_prev, *queue_next; /* at the origin, or in the lane */
  ptn_exchange *timed_prev, *timed_next; /* among those that end at a certain time */
  ptn_exchange *inbox_next;  /* in the engine's inbox, under its lock */
  ptn_exchange *cancel_next; /* likewise */
};

/* Takes over `request` (also where it fails) and a reference of its own to `notifier`. NULL: out of memory. */
ptn_exchange *ptn_exchange_new(ptn_request *request, ptn_notifier *notifier, bool progress);
ptn_exchange *ptn_exchange_retain(ptn_exchange *exchange);
void ptn_exchange_release(ptn_exchange *exchange);

/* The caller's side. Moves what has come to the end of `into`: with `progress` the records so
 * far, else nothing before the end. Returns whether the exchange is done. */
bool ptn_exchange_take(ptn_exchange *exchange, ptn_buffer *into);

/* The caller's side, in the place of ptn_engine_submit: an answer that came from no server. It ends the exchange as
 * the same bytes from a socket would. Nothing is kept of what the pointers are to. */
typedef struct {
  ptn_status status; /* how it ends; PTN_OK: whole */
  int http_status;   /* 0: no answer at all */
  const char *headers, *body;
  size_t headers_len, body_len;
  const char *error; /* more on `status`, or NULL */
} ptn_answer;
void ptn_exchange_answer(ptn_exchange *exchange, const ptn_answer *answer);

/* The engine's side. */
bool ptn_exchange_receive(ptn_exchange *exchange, const char *bytes, size_t len);
void ptn_exchange_publish(ptn_exchange *exchange);
void ptn_exchange_finish(ptn_exchange *exchange, ptn_status status);

/* Events stand in an inbox one after the other. */
typedef struct {
  ptn_kind kind;
  const char *event, *data;
  size_t event_len, data_len;
} ptn_record;

/* Reads the record at `*pos` and moves `*pos` behind it. False at the end. */
bool ptn_record_next(const ptn_buffer *records, size_t *pos, ptn_record *record);

/* Around fork(2), the second in parent and child. */
void ptn_exchange_before_fork(void);
void ptn_exchange_after_fork(void);

#endif
