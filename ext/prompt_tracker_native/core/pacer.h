#ifndef PTN_PACER_H
#define PTN_PACER_H

#include "exchange.h"

/* Holds requests back that the server would refuse, for all callers of the process together. Engine thread only.
 *
 * What a server's answers say of its limits goes for a lane: one server, one account, one model. Requests that ask for
 * something (those with a body, where their endpoint wants to be paced) go in lanes; the others go as they come. */

/* Whether the exchange may go now. If not, it is held, until ptn_pacer_next gives it back or ptn_pacer_ended drops it. */
bool ptn_pacer_admits(ptn_exchange *exchange);

/* A held exchange that may go now; NULL: there is none. */
ptn_exchange *ptn_pacer_next(void);

/* Seconds until there may be one; INFINITY where that is not for the clock to say. */
double ptn_pacer_wait(void);

/* The head of the answer has come; more than once is fine. */
void ptn_pacer_answered(ptn_exchange *exchange);

/* The exchange is over, whatever came of it; its response can be read. */
void ptn_pacer_ended(ptn_exchange *exchange, ptn_status status);

/* Any thread: what was learnt until now holds no request back that has yet to be submitted. */
void ptn_pacer_forget(void);

/* Forgets everything without touching what the parent owns. */
void ptn_pacer_after_fork_child(void);

#endif
