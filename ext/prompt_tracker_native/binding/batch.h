#ifndef PTB_BATCH_H
#define PTB_BATCH_H

#include "item.h"

/* Many calls at once from one Ruby thread, which waits for all of them on one file descriptor. */
struct ptb_batch {
  VALUE self;
  VALUE thread;      /* that made it; the only one that may give it calls */
  VALUE service;     /* whose `call` is called */
  VALUE defaults;    /* Hash: keywords of every call that does not give its own */
  VALUE block;       /* gets each result, or nil */
  VALUE results;     /* Array where there is no block, or nil */
  VALUE definitions; /* Hash: definitions of assistants by id, looked up once a batch */
  ptn_notifier *notifier;
  ptb_item *first; /* in flight */
  long active, concurrency, started;
  long limited; /* of the active: refused for the rate's sake, and waiting for their next attempt */
  double next_wake; /* no item wants to be woken before */
  bool plain;       /* `call` is what the gem defines: it can be made in two steps */
  bool raises;      /* the first failure ends all */
  bool reading;     /* the next call is for `each` to give */
  bool stopping;
};

void ptb_init_batch(void);

#endif
