#ifndef PTB_INTERCEPT_H
#define PTB_INTERCEPT_H

#include <ruby.h>
#include <stdbool.h>

#include "exchange.h"

/* Where a request is about to go out, and a Ruby object asks to see it first: WebMock, VCR, an app's own specs. All
 * of this runs on the Ruby thread that makes the request. lib/prompt_tracker/native/interception.rb is the other side. */

/* Whether anybody asks to. */
bool ptb_intercepted(void);

/* In the place of ptn_engine_submit: an exchange that is answered in memory is done when this returns. Raises what
 * the interceptor raises; the exchange has then been handed to nobody. `assistant_id` is the one that is asked, where
 * the request itself does not say, or nil. `*ticket` becomes nil where nobody intercepts; keep it for the rest. */
ptn_status ptb_intercept_launch(ptn_exchange *exchange, VALUE assistant_id, VALUE *ticket);

/* The same for a request whose answer nobody waits for: raises nothing that comes from the interceptor. */
void ptb_intercept_fire(ptn_exchange *exchange);

/* Once an exchange is done: tells the interceptor what a real server said. May raise. */
void ptb_intercept_landed(ptn_exchange *exchange, VALUE ticket);

/* Whether a request that failed, and could be sent again after `*wait` seconds, is to be. An answer in memory is not
 * waited for, and one that could only be the same again is final. */
bool ptb_intercept_again(VALUE ticket, double *wait);

/* Gives an error what its ticket says of it, for ptb_intercept_overdue. */
void ptb_intercept_mark(VALUE error, VALUE ticket);

/* Whether this error stands for the end of the time of a whole call, which nobody waited for. */
bool ptb_intercept_overdue(VALUE error);

/* Whether calls that nothing else is configured for make the classic requests. */
bool ptb_intercept_classic(void);

/* What an error is, besides its class, that an interceptor raises in the place of the network. */
extern VALUE ptb_mIntercepted;

void ptb_init_intercept(void);

#endif
