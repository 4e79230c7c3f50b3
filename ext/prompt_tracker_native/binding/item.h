#ifndef PTB_ITEM_H
#define PTB_ITEM_H

#include <ruby.h>
#include <stdbool.h>

#include "notifier.h"

/* One call of a batch. It is the same code as a call by itself, run in a Fiber: where that code would wait, the
 * Fiber yields to the batch, which waits for all of them at once. A Fiber takes 20 KB, so where possible the call gets
 * one only once its first request is answered. Everything here is for the Ruby thread that made the batch; outside of
 * a batch there is no current item, and callers wait in their own way. */
typedef struct ptb_item ptb_item;
typedef struct ptb_batch ptb_batch;

typedef VALUE (*ptb_function)(VALUE arg);

typedef enum { PTB_ITEM_NEW, PTB_ITEM_RUNNING, PTB_ITEM_WAITING, PTB_ITEM_AT_HOME, PTB_ITEM_DONE } ptb_item_state;

struct ptb_item {
  ptb_item *prev, *next; /* in the batch */
  ptb_batch *batch;
  VALUE self, owner; /* the Ruby objects of the item and its batch */
  VALUE fiber;   /* nil before it is needed */
  VALUE call;    /* keywords */
  VALUE service; /* that has been made for it, or nil */
  VALUE begun;   /* what is to be finished, or nil */
  VALUE result;  /* what the call returned or, where it failed, raised */
  bool failed;
  long index;
  ptb_item_state state;
  double wake_at;    /* monotonic seconds: where waiting, until then at most */
  ptb_function home; /* what is to be done outside of the Fiber, and what came of it */
  VALUE home_arg;    /* no object: what it points to is on the stack of the Fiber */
  VALUE home_result, home_error;
};

void ptb_init_item(void);

/* The item that the running Fiber belongs to, or NULL. */
ptb_item *ptb_item_current(void);

ptb_item *ptb_item_new(ptb_batch *batch, VALUE owner, long index, VALUE call);

/* Lets the batch go on until `until` (monotonic seconds) is past or an exchange of this item has something new;
 * may return early. Raises where the batch is being stopped. */
void ptb_item_wait(ptb_item *item, double until);

/* Calls `function` with `arg`: in a batch outside of the item's Fiber, where the caller's code is at home (its
 * fiber-locals, its scheduler, throw and break). One at a time, and the batch stands still meanwhile. */
VALUE ptb_at_home(ptb_function function, VALUE arg);

/* Sleeps, or lets the batch go on for so long. `sleeper` gets `sleep`, so that specs can stub it. */
void ptb_pause(VALUE sleeper, double seconds);

/* ---- for the batch ---- */

/* How a call can be made in two steps. `begin` sends its first request, waits for nothing, and returns what the others take,
 * or nil where the call has to be made as a whole; item->service is then what it has made already. */
typedef struct {
  VALUE (*begin)(ptb_item *item);
  VALUE (*finish)(VALUE begun); /* in the item's Fiber; returns the result */
  void (*abandon)(VALUE begun);
  double (*deadline)(VALUE begun); /* monotonic seconds: to be finished then at the latest */
} ptb_steps;

/* Once, when the extension is loaded. */
void ptb_item_make_in(const ptb_steps *steps);

/* Sends the item's first request, where that can be done without a Fiber: it then waits, or has failed. */
void ptb_item_begin(ptb_item *item);

/* Runs the item until it waits or is done, and does what it wants to have done at home. */
void ptb_item_resume(ptb_item *item);

/* Ends an item that waits: it sees an exception, so that it lets go of all it has. */
void ptb_item_stop(ptb_item *item);

#endif
