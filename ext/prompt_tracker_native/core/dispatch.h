#ifndef PTN_DISPATCH_H
#define PTN_DISPATCH_H

#include "exchange.h"

/* What becomes of the exchanges that the engine has: when each starts, and how it ends. Engine thread only, but for
 * the counters. Each exchange comes with a reference that is dropped when it has ended. */

/* Once, with the multi handle that all transfers go through. */
void ptn_dispatch_begin(CURLM *multi);

void ptn_dispatch_admit(ptn_exchange *exchange);
void ptn_dispatch_refuse(ptn_exchange *exchange, ptn_status status); /* instead of admitting it */
void ptn_dispatch_cancel(ptn_exchange *exchange); /* for the reason that it holds */

/* Lets libcurl work, and settles what has ended. */
void ptn_dispatch_perform(void);

/* Milliseconds until there is something to do again though nothing has happened, at most `limit`. */
int ptn_dispatch_pause(int limit);

/* Any thread: one more is on its way; how many there are. */
void ptn_dispatch_expect(void);
int ptn_dispatch_count(void);

/* How many of them nobody waits for (see ptn_engine_fire). */
int ptn_dispatch_fired(void);

void ptn_dispatch_after_fork_child(void);

#endif
