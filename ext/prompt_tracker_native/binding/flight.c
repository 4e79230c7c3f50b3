#include "flight.h"

#include <math.h>
#include <string.h>

#include "batch.h"
#include "clock.h"
#include "engine.h"
#include "errors.h"
#include "intercept.h"
#include "wait.h"

/* A cancelled exchange is over within a turn of the engine; what it had got by then is worth that long. */
static const double settle_s = 0.2;

/* A call by itself waits for a place at a server that limits the rate for no more than this, and than half of the time
 * that it has; one of a batch as long as it may. */
static const double patience_s = 60;

static void let_go(ptb_flight *f) {
  if (f->exchange) ptn_notifier_forget(f->notifier, &f->exchange->ready);
  if (f->exchange && !f->done) ptn_engine_cancel(f->exchange, PTN_E_CANCELLED);
  ptn_exchange_release(f->exchange);
  ptn_notifier_release(f->notifier);
  f->exchange = NULL;
  f->notifier = NULL;
}

void ptb_flight_empty(ptb_flight *f) {
  ptn_buffer_free(&f->inbox);
  ptn_buffer_free(&f->headers);
}

static void flight_free(void *ptr) {
  ptb_flight *f = ptr;
  let_go(f);
  ptb_flight_empty(f);
  ruby_xfree(f);
}

static size_t flight_size(const void *ptr) {
  const ptb_flight *f = ptr;
  return sizeof(*f) + f->inbox.cap + f->headers.cap;
}

static const rb_data_type_t flight_type = {
    .wrap_struct_name = "PromptTracker::Native flight",
    .function = {.dmark = NULL, .dfree = flight_free, .dsize = flight_size},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

static VALUE cFlight;
static ID id_ticket;

ptb_flight *ptb_flight_get(VALUE flight) {
  ptb_flight *f;
  TypedData_Get_Struct(flight, ptb_flight, &flight_type, f);
  return f;
}

NORETURN(static void raise_status(ptn_status status));
static void raise_status(ptn_status status) {
  if (status == PTN_E_NOMEM) rb_raise(rb_eNoMemError, "no memory for a request");
  rb_raise(ptb_eConnection, "%s", ptn_status_text(status));
}

typedef struct {
  ptb_flight *flight;
  ptb_item *item; /* the call of a batch that it is for, or NULL */
  double deadline;
  ptb_sink sink;
  void *arg;
  VALUE object, assistant_id;
  VALUE ticket; /* set when it is launched */
} waiting;

static void deliver(waiting *w) {
  ptb_flight *f = w->flight;
  /* Before the end nothing but events comes out, and the kind is the engine's to write. */
  if (!w->sink || (f->done && f->exchange->body_kind != PTN_BODY_EVENTS)) return;
  ptn_record record;
  for (size_t pos = 0; ptn_record_next(&f->inbox, &pos, &record);) {
    f->delivered = true;
    w->sink(w->arg, &record);
  }
  ptn_buffer_clear(&f->inbox);
}

static void sleep_until_notified(const waiting *w, double seconds) {
  const ptb_flight *f = w->flight;
  if (w->item) ptb_item_wait(w->item, ptn_now() + seconds);
  else ptb_wait_for(f->notifier, seconds);
  if (!ptn_engine_owns(f->exchange)) raise_status(PTN_E_STALE);
  if (!w->item) ptn_notifier_drain(f->notifier); /* the batch has done so itself */
}

/* Gives up, then waits the moment that the engine needs to hand over what had come. */
static void time_out(waiting *w) {
  ptb_flight *f = w->flight;
  ptn_engine_cancel(f->exchange, PTN_E_TIMEOUT);
  double until = ptn_now() + settle_s;
  while (!(f->done = ptn_exchange_take(f->exchange, &f->inbox)) && ptn_now() < until) {
    sleep_until_notified(w, until - ptn_now());
  }
  f->status = PTN_E_TIMEOUT;
}

static VALUE wait_for_it(VALUE arg) {
  waiting *w = (waiting *)arg;
  ptb_flight *f = w->flight;
  for (;;) {
    bool done = ptn_exchange_take(f->exchange, &f->inbox);
    if (done) {
      f->done = true;
      f->status = f->exchange->status;
    }
    deliver(w);
    if (done) {
      ptb_intercept_landed(f->exchange, w->ticket);
      return Qnil;
    }
    if (!ptn_engine_owns(f->exchange)) raise_status(PTN_E_STALE);
    double left = w->deadline - ptn_now();
    if (left <= 0) {
      time_out(w);
      return Qnil;
    }
    sleep_until_notified(w, left);
  }
}

static VALUE launch_and_wait(VALUE arg) {
  waiting *w = (waiting *)arg;
  ptn_status status = ptb_intercept_launch(w->flight->exchange, w->assistant_id, &w->ticket);
  if (status != PTN_OK) raise_status(status);
  if (!NIL_P(w->ticket)) rb_ivar_set(w->object, id_ticket, w->ticket);
  return wait_for_it(arg);
}

static void keep_response(ptb_flight *f) {
  ptn_exchange *x = f->exchange;
  f->http_status = x->http_status;
  f->body_kind = x->body_kind;
  f->sent = x->sent;
  memcpy(f->error, x->error, sizeof(f->error));
  ptn_buffer_swap(&f->headers, &x->headers);
}

/* Never waits: where the exchange is not done, the engine lets go of it by itself. */
static VALUE end_wait(VALUE arg) {
  ptb_flight *f = ((waiting *)arg)->flight;
  if (f->done) keep_response(f);
  let_go(f);
  return Qnil;
}

VALUE ptb_flight_ticket(VALUE flight) { return rb_attr_get(flight, id_ticket); }

/* Not launched yet. Takes over `request`, also where it raises. */
static VALUE new_flight(ptn_request *request, ptb_item *item, double deadline, bool live) {
  ptn_status status;
  ptb_flight *f;
  VALUE flight = TypedData_Make_Struct(cFlight, ptb_flight, &flight_type, f);
  f->notifier = item ? ptn_notifier_retain(item->batch->notifier) : ptn_notifier_take(&status);
  if (!f->notifier) {
    ptn_request_free(request);
    raise_status(status);
  }
  f->exchange = ptn_exchange_new(request, f->notifier, live);
  if (!f->exchange) raise_status(PTN_E_NOMEM);
  else f->exchange->ready.owner = item;
  f->exchange->patience = item ? deadline : ptn_now() + fmin((deadline - ptn_now()) / 2, patience_s);
  return flight;
}

VALUE ptb_flight_new(ptn_request *request, VALUE assistant_id, double deadline, ptb_sink sink, void *arg) {
  ptb_item *item = ptb_item_current();
  VALUE flight = new_flight(request, item, deadline, sink != NULL);
  waiting w = {ptb_flight_get(flight), item, deadline, sink, arg, flight, assistant_id, Qnil};
  rb_ensure(launch_and_wait, (VALUE)&w, end_wait, (VALUE)&w);
  RB_GC_GUARD(flight);
  return flight;
}

VALUE ptb_flight_begin(ptn_request *request, ptb_item *item, double deadline) {
  VALUE flight = new_flight(request, item, deadline, false);
  ptn_status status = ptn_engine_submit(ptb_flight_get(flight)->exchange);
  if (status != PTN_OK) raise_status(status);
  return flight;
}

void ptb_flight_finish(VALUE flight, double deadline) {
  waiting w = {ptb_flight_get(flight), ptb_item_current(), deadline, NULL, NULL, flight, Qnil, Qnil};
  rb_ensure(wait_for_it, (VALUE)&w, end_wait, (VALUE)&w);
  RB_GC_GUARD(flight);
}

void ptb_flight_abandon(VALUE flight) { let_go(ptb_flight_get(flight)); }

void ptb_init_flight(void) {
  cFlight = rb_class_new(rb_cObject);
  rb_gc_register_mark_object(cFlight);
  rb_undef_alloc_func(cFlight);
  id_ticket = rb_intern("ticket"); /* hidden from Ruby */
}
