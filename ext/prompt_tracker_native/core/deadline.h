#ifndef PTN_DEADLINE_H
#define PTN_DEADLINE_H

#include "exchange.h"

/* Exchanges that the engine ends by itself at a certain time. Engine thread only. */

/* At `at`, on the monotonic clock, the exchange is to end with `status`. The earliest of several counts. */
void ptn_deadline_set(ptn_exchange *exchange, double at, ptn_status status);
void ptn_deadline_clear(ptn_exchange *exchange); /* one without a deadline is fine */

/* Something was sent or came: the silence that ends it with PTN_E_IDLE, where its endpoint has such a limit, begins anew. One
 * that nobody waits for has a limit of its own. */
void ptn_deadline_stir(ptn_exchange *exchange);

/* One whose time is over, or NULL. */
ptn_exchange *ptn_deadline_passed(void);

/* Milliseconds until the next one's is, rounded up, at most `limit`. */
int ptn_deadline_wait(int limit);

void ptn_deadline_after_fork_child(void);

#endif
