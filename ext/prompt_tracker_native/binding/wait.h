#ifndef PTB_WAIT_H
#define PTB_WAIT_H

#include "notifier.h"

/* Waits until the notifier is raised, or for so many seconds; may return early. In Ruby's own way: without the GVL, open to
 * interrupts and Fiber schedulers. Raises ConnectionError in the child of a fork, for a notifier of its parent. */
void ptb_wait_for(const ptn_notifier *notifier, double seconds);

#endif
