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

/* Takes it back so that the exchange, of which nothing was sent, can be prepared once more. */
void ptn_transfer_again(ptn_exchange *exchange);

/* Notes whether it is connected by now, where this libcurl does not tell. */
void ptn_transfer_look(ptn_exchange *exchange);

/* Notes what can be known of a transfer that libcurl has ended with `code`. */
void ptn_transfer_ended(ptn_exchange *exchange, CURLcode code);

/* A transfer got no answer in time. Where its whole connection has been silent since it was sent, that may lead
 * nowhere: it is shut down or, where other exchanges are on it, gets no further ones. */
void ptn_transfer_timed_out(ptn_exchange *exchange);

/* False where this libcurl would wait for a name look-up to end before it let go of the handle: the
 * exchange must then be left in libcurl's hands, whose callbacks end it as soon as they are called. */
bool ptn_transfer_can_stop(ptn_exchange *exchange);

/* The child of a fork forgets the handles, which are its parent's, without touching them. */
void ptn_transfer_after_fork_child(void);

#endif
