#ifndef PTN_TRANSFER_H
#define PTN_TRANSFER_H

#include "exchange.h"

/* An exchange as libcurl sees it: the easy handle's options and callbacks. Engine thread only. The
 * callbacks touch the exchange and descriptors, nothing else. */

/* Once, when the library is loaded: what this libcurl can do. */
void ptn_transfer_load(void);

/* Gives the exchange an easy handle, set up; used ones are kept for the next. False: out of memory. */
bool ptn_transfer_prepare(ptn_exchange *exchange);

/* Takes the handle back; it must be out of the multi handle. */
void ptn_transfer_release(ptn_exchange *exchange);

/* What libcurl's result means for the exchange. */
ptn_status ptn_transfer_status(const ptn_exchange *exchange, CURLcode code);

/* Gives up a transfer that got no answer; where its whole connection has been silent since it was sent,
 * shuts that down too. */
void ptn_transfer_timed_out(const ptn_exchange *exchange);

/* False where this libcurl would wait for a name look-up to end before it let go of the handle: the
 * exchange must then be left in libcurl's hands, whose callbacks end it as soon as they are called. */
bool ptn_transfer_can_stop(const ptn_exchange *exchange);

/* A stream whose last event has come is over, whether or not the server closes its body: returns one that has
 * had its time to, or NULL; and whether there are any that still have some. */
ptn_exchange *ptn_transfer_overdue(void);
bool ptn_transfer_lingers(void);

/* The child of a fork forgets the handles, which are its parent's, without touching them. */
void ptn_transfer_after_fork_child(void);

#endif
