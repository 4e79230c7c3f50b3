#ifndef PTB_TRANSPORT_H
#define PTB_TRANSPORT_H

#include <ruby.h>

#include "endpoint.h"
#include "flight.h"

/* PromptTracker::Native::Transport: a server, and how requests to it are made and repeated. */
typedef struct {
  ptn_endpoint *endpoint;
  char **secrets; /* what must never show: the values of its authorisation headers */
  size_t secret_count;
  size_t host_at, host_len; /* in endpoint->base_url */
  int max_retries;
  bool retry_ambiguous;
} ptb_transport;

typedef struct {
  ptn_method method;
  VALUE path;    /* String */
  VALUE body;    /* JSON String or nil */
  VALUE headers; /* Hash or nil */
  bool stream;
  double deadline; /* monotonic seconds, or INFINITY */
  ptb_sink sink;   /* NULL: events are read when all have come */
  void *arg;
  VALUE assistant_id; /* String, or 0: not said, or said by the request */
  VALUE begun;        /* the flight of the first attempt, where ptb_transport_begin made it; else 0 or nil */
} ptb_call;

void ptb_init_transport(void);

ptb_transport *ptb_transport_get(VALUE transport);

/* Raises ConfigurationError where a header's name or value can't be sent. */
void ptb_check_header(VALUE name, VALUE value);

/* Performs a request, with its retries, and returns the last flight. An answer of any kind raises nothing; a deadline that is
 * over already raises TimeoutError. */
VALUE ptb_transport_perform(VALUE transport, const ptb_call *call);

/* Whether a request could be begun: nobody sees it on its way. */
bool ptb_transport_can_begin(void);

/* Sends the request of a call of a batch and waits for nothing. What it returns is for the `begun` of the same call. */
VALUE ptb_transport_begin(VALUE transport, const ptb_call *call, ptb_item *item);

/* Sends a request and waits for nothing, not even to know whether it went well. The engine gives up after 20 s. */
void ptb_transport_fire(VALUE transport, const ptb_call *call);

/* The exception that a flight stands for, details filled in and secrets taken out, or nil: it has a 2xx answer
 * that came whole, or one whose stream had ended. */
VALUE ptb_transport_error(VALUE transport, VALUE flight);

/* Takes this transport's secrets out of `text`. */
VALUE ptb_transport_redact(VALUE transport, VALUE text);

/* Looks up a response header; nil where there is none. */
VALUE ptb_flight_header(const ptb_flight *flight, const char *name);

#endif
