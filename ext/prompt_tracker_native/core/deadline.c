#include "deadline.h"

#include <math.h>

#include "clock.h"

static ptn_exchange *timed;

/* None of them ends before; mostly one that has been sent or has got something meanwhile would have. Without it each turn of
 * the engine would look at all that are in flight. */
static double soonest = INFINITY;

/* While something comes only the time is noted; the deadline itself moves when it is looked at. */
static double ends_at(const ptn_exchange *x) {
  return x->ends_as == PTN_E_IDLE ? x->stirred_at + (double)x->request->endpoint->idle_timeout_s : x->ends_at;
}

void ptn_deadline_set(ptn_exchange *x, double at, ptn_status status) {
  bool listed = x->ends_at > 0;
  if (listed && ends_at(x) <= at) return;
  x->ends_at = at;
  x->ends_as = status;
  soonest = fmin(soonest, at);
  if (listed) return;
  x->timed_prev = NULL;
  x->timed_next = timed;
  if (timed) timed->timed_prev = x;
  timed = x;
}

void ptn_deadline_stir(ptn_exchange *x) {
  long limit = x->request->endpoint->idle_timeout_s;
  if (limit <= 0 || x->fired_for > 0 || x->sent_at == 0) return;
  x->stirred_at = ptn_now();
  if (x->ends_at <= 0) ptn_deadline_set(x, x->stirred_at + (double)limit, PTN_E_IDLE);
}

void ptn_deadline_clear(ptn_exchange *x) {
  if (x->ends_at <= 0) return;
  x->ends_at = 0;
  if (x->timed_prev) x->timed_prev->timed_next = x->timed_next;
  else timed = x->timed_next;
  if (x->timed_next) x->timed_next->timed_prev = x->timed_prev;
}

ptn_exchange *ptn_deadline_passed(void) {
  double now = timed ? ptn_now() : 0, next = INFINITY;
  if (!timed || now < soonest) return NULL;
  for (ptn_exchange *x = timed; x; x = x->timed_next) {
    x->ends_at = ends_at(x);
    if (x->ends_at <= now) return x;
    next = fmin(next, x->ends_at);
  }
  soonest = next;
  return NULL;
}

int ptn_deadline_wait(int limit) {
  if (!timed) return limit;
  double left = (soonest - ptn_now()) * 1000;
  if (left >= limit) return limit;
  return left > 0 ? (int)left + 1 : 0;
}

void ptn_deadline_after_fork_child(void) {
  timed = NULL;
  soonest = INFINITY;
}
