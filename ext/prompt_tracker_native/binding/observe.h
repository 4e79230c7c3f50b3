#ifndef PTB_OBSERVE_H
#define PTB_OBSERVE_H

#include <ruby.h>
#include <stdbool.h>

#include "retry.h"
#include "transport.h"

/* Tells PromptTracker::Native::Observation of calls, requests and retries, always on the Ruby thread that makes them.
 * Where nobody can be listening this costs a look at two constants and allocates nothing. */

void ptb_init_observe(void);

/* True where somebody listens now: a logger, a subscriber or a tracer. */
bool ptb_observed(void);

/* Returns body(arg): the whole call of `service`, told of where somebody listens. A block given to the method that
 * calls this can be yielded to from within. */
VALUE ptb_observe_call(VALUE service, VALUE (*body)(VALUE), VALUE arg);

/* Returns perform(transport, call), a flight; told of in any case. */
typedef VALUE (*ptb_perform)(VALUE transport, const ptb_call *call);
VALUE ptb_observe_request(VALUE transport, const ptb_call *call, ptb_perform perform);

/* The flight has failed and is repeated after the verdict's wait. */
void ptb_observe_retry(VALUE transport, const ptb_call *call, VALUE flight, const ptn_retry_verdict *verdict);

/* The definition that the call of this thread is answered from. */
void ptb_observe_definition(VALUE definition);

#endif
