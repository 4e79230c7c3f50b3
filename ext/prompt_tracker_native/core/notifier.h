#ifndef PTN_NOTIFIER_H
#define PTN_NOTIFIER_H

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

/* Around fork(2). The child closes its copies: an eventfd is shared with the parent for ever. */
void ptn_notifier_before_fork(void);
void ptn_notifier_after_fork_parent(void);
void ptn_notifier_after_fork_child(void);

#endif
