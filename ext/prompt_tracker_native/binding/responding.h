#ifndef PTB_RESPONDING_H
#define PTB_RESPONDING_H

#include <ruby.h>
#include <stdbool.h>

#include "deltas.h"
#include "result.h"
#include "run.h"
#include "transport.h"

/* A call that responses answer, while it is on its way. run_responses.c has the whole of it. */

enum { PTB_REMEMBERED = 64 };

typedef struct {
  ptb_run *run;
  VALUE transport;
  VALUE parameters;   /* from the definition and the call; Hash, never changed */
  VALUE assistant;    /* what the run shows of its assistant: Hash, or nil */
  VALUE input;        /* String or Array */
  VALUE conversation; /* "conv_…" or nil */
  VALUE previous;     /* the response to go on from, or nil */
  VALUE body;         /* of the next request, once that is made, or nil */
  VALUE begun;        /* the flight of the first request where it is on its way already, or nil */
  bool store, background, streamed, live;
  VALUE spent;        /* usage of the responses before this one, as a run has it, or nil */
  VALUE response;     /* the newest state of the response, or nil */
  VALUE response_id;  /* of the response that is under way, or nil */
  VALUE refusal, refusal_code;
  ptb_deltas deltas;
  long long last_sequence;
  long long seen[PTB_REMEMBERED]; /* the last sequence numbers, in a ring */
  int seen_at;
} ptb_responding;

static inline bool ptb_response_has_status(const ptb_responding *s, const char *status) {
  return ptb_is(ptb_dig(s->response, "status"), status);
}

static inline bool ptb_response_is_over(const ptb_responding *s) {
  return ptb_response_has_status(s, "completed") || ptb_response_has_status(s, "failed") ||
         ptb_response_has_status(s, "incomplete") || ptb_response_has_status(s, "cancelled");
}

/* A request of this call, with the call's deadline. */
ptb_call ptb_response_call(const ptb_responding *s, ptn_method method, VALUE path, VALUE body);

/* Sends a request whose answer is a response, streamed or not, and reads it. Returns what went wrong, or nil. */
VALUE ptb_response_exchange(ptb_responding *s, ptb_call call);

/* Only sends it, for the next ptb_response_exchange. */
void ptb_response_begin(ptb_responding *s, ptb_call call);

/* Calls the handlers that the response asks for and makes their outputs the next request's input. */
void ptb_response_aim_at_outputs(ptb_responding *s);

/* Makes the request for the first response; then either ptb_responding_finish alone, which sends it and waits, or
 * ptb_responding_begin first, which only sends it. ptb_responding_finish returns the result hash. */
void ptb_responding_aim(ptb_responding *s, ptb_run *run, VALUE transport, bool streamed);
void ptb_responding_begin(ptb_responding *s);
VALUE ptb_responding_finish(ptb_responding *s);

#endif
