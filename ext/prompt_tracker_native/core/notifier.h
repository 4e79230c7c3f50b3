#ifndef PTN_NOTIFIER_H
#define PTN_NOTIFIER_H

#include <stdbool.h>

#include "status.h"

/* The file descriptor that a caller sleeps on until the engine has something for it: an eventfd, or a pipe
 * where there is none. Pooled, as a call needs one for its whole length; counted references, so that the
 * engine never writes to a descriptor that was given back. */
typedef struct ptn_notifier ptn_notifier;

/* Takes a quiet one. NULL and PTN_E_FDS or PTN_E_NOMEM in `status` where there is none to have. */
ptn_notifier *ptn_notifier_take(ptn_status *status);
ptn_notifier *ptn_notifier_retain(ptn_notifier *notifier);
void ptn_notifier_release(ptn_notifier *notifier); /* NULL is fine */

/* Becomes readable when raised. -1 in a child of the process that took it. */
int ptn_notifier_fd(const ptn_notifier *notifier);
void ptn_notifier_raise(ptn_notifier *notifier); /* any thread; many raises make one wake */
/* Makes it quiet again. Look at the state that it speaks of after this call, not before. */
void ptn_notifier_drain(ptn_notifier *notifier);

/* Where many exchanges share a notifier, each has an entry that says which of them have something new. `owner` is
 * the caller's word for it; NULL: it shares with nobody. Set before the engine has the exchange. */
typedef struct ptn_ready ptn_ready;
struct ptn_ready {
  void *owner;
  bool listed; /* these three under the notifiers' lock */
  ptn_ready *prev, *next;
};

/* Raises the notifier, and lists the entry where it has an owner and is not listed. Any thread. */
void ptn_notifier_announce(ptn_notifier *notifier, ptn_ready *entry);

/* Takes the oldest entry off the list and returns its owner; NULL: there is none. */
void *ptn_notifier_next(ptn_notifier *notifier);

/* Takes the entry off the list; it is not listed again. */
void ptn_notifier_forget(ptn_notifier *notifier, ptn_ready *entry);

/* How many of its exchanges are held back for the server's sake. When none is any more, the notifier is raised. */
void ptn_notifier_hold(ptn_notifier *notifier);
void ptn_notifier_let_go(ptn_notifier *notifier);
int ptn_notifier_held(const ptn_notifier *notifier);

/* Around fork(2). The child closes its copies: an eventfd is shared with the parent for ever. */
void ptn_notifier_before_fork(void);
void ptn_notifier_after_fork_parent(void);
void ptn_notifier_after_fork_child(void);

#endif
