#ifndef PTB_FLIGHT_H
#define PTB_FLIGHT_H

#include <ruby.h>
#include <stdbool.h>

#include "exchange.h"
#include "item.h"
#include "request.h"

/* One exchange as a Ruby thread sees it: launched, waited for, read. The object owns the thread's reference to
 * the exchange and what has come out of it, so that an exception anywhere leaks nothing. Exchange and notifier go
 * back when the wait is over, not when the collector comes: a descriptor and the request's bytes hang on them. */
typedef struct {
  ptn_exchange *exchange; /* NULL after the wait */
  ptn_notifier *notifier; /* likewise */
  ptn_buffer inbox; /* plain body, or the records that have not been looked at */
  ptn_buffer headers; /* the raw block of the response, where done; so with the next four */
  int http_status;
  ptn_body_kind body_kind;
  bool sent;
  char error[CURL_ERROR_SIZE];
  bool done;
  ptn_status status; /* the exchange's, or PTN_E_TIMEOUT where it was given up */
  int attempts;
  bool delivered; /* the sink has had an event */
  bool ambiguous; /* a run may have been started although there is no answer */
  bool named;     /* that run is known by its id: for the caller to set, before it asks for the error */
  bool retryable;
} ptb_flight;

/* Called on the Ruby thread for each event of a stream, as it comes; may raise. */
typedef void (*ptb_sink)(void *arg, const ptn_record *record);

void ptb_init_flight(void);

/* Hands `request`, which it takes over, to the engine and waits until it is done or `deadline` (monotonic
 * seconds, INFINITY for none) is past. An interrupt of the Ruby thread cancels it. Raises only where nothing
 * could be launched, for interrupts, and what `sink` or an interceptor raises; how it ended is in the flight.
 * `assistant_id` as in ptb_intercept_launch. */
VALUE ptb_flight_new(ptn_request *request, VALUE assistant_id, double deadline, ptb_sink sink, void *arg);

/* The same in two steps, for a call of a batch, without a sink and past interceptors: ptb_flight_begin waits for nothing,
 * and the item is told when the flight is over. ptb_flight_finish waits until then, or ptb_flight_abandon lets go of it. */
VALUE ptb_flight_begin(ptn_request *request, ptb_item *item, double deadline);
void ptb_flight_finish(VALUE flight, double deadline);
void ptb_flight_abandon(VALUE flight);

/* What an interceptor knows the request by, or nil. */
VALUE ptb_flight_ticket(VALUE flight);

ptb_flight *ptb_flight_get(VALUE flight);

/* Gives its memory back at once, for the next one: the collector may take thousands of calls to come. */
void ptb_flight_empty(ptb_flight *f);

static inline int ptb_flight_http_status(const ptb_flight *f) { return f->http_status; }
static inline bool ptb_flight_has_events(const ptb_flight *f) {
  return f->done && f->body_kind == PTN_BODY_EVENTS;
}

#endif
