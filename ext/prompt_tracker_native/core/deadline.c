#include "deadline.h"

#include "clock.h"

static ptn_exchange *timed;

void ptn_deadline_set(ptn_exchange *x, double at, ptn_status status) {
  bool listed = x->ends_at > 0;
  if (listed && x->ends_at <= at) return;
  x->ends_at = at;
  x->ends_as = status;
  if (listed) return;
  x->timed_next = timed;
  timed = x;
}

void ptn_deadline_clear(ptn_exchange *x) {
  if (x->ends_at <= 0) return;
  x->ends_at = 0;
  for (ptn_exchange **at = &timed; *at; at = &(*at)->timed_next) {
    if (*at != x) continue;
    *at = x->timed_next;
    return;
  }
}

ptn_exchange *ptn_deadline_passed(void) {
  if (!timed) return NULL;
  double now = ptn_now();
  for (ptn_exchange *x = timed; x; x = x->timed_next) {
    if (x->ends_at <= now) return x;
  }
  return NULL;
}

int ptn_deadline_wait(int limit) {
  if (!timed) return limit;
  double first = timed->ends_at, left;
  for (const ptn_exchange *x = timed; x; x = x->timed_next) {
    if (x->ends_at < first) first = x->ends_at;
  }
  left = (first - ptn_now()) * 1000;
  if (left >= limit) return limit;
  return left > 0 ? (int)left + 1 : 0;
}

void ptn_deadline_after_fork_child(void) { timed = NULL; }
