#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif

#include "pacer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "hash.h"
#include "limiter.h"
#include "retry.h"

enum { LANES_KEPT = 64 };

/* Good enough to know a large prompt from a small one. */
static const double BYTES_A_TOKEN = 4;

struct ptn_lane {
  ptn_lane *next;
  uint64_t name;
  ptn_limiter limiter;
  ptn_exchange *first, *last; /* held, in order */
};

static ptn_lane *lanes;
static int lane_count;
static uint64_t epoch; /* atomic: lanes of an earlier one are met by no request any more */

/* Of many, those that know nothing go. */
static void sweep(double now) {
  for (ptn_lane **at = &lanes; *at && lane_count >= LANES_KEPT;) {
    ptn_lane *lane = *at;
    if (lane->first || !ptn_limiter_idle(&lane->limiter, now)) {
      at = &lane->next;
      continue;
    }
    *at = lane->next;
    free(lane);
    lane_count--;
  }
}

static ptn_lane *lane_of(uint64_t name, double now) {
  for (ptn_lane *lane = lanes; lane; lane = lane->next) {
    if (lane->name == name) return lane;
  }
  if (lane_count >= LANES_KEPT) sweep(now);
  ptn_lane *lane = calloc(1, sizeof(*lane));
  if (!lane) return NULL;
  lane->name = name;
  ptn_limiter_init(&lane->limiter);
  lane->next = lanes;
  lanes = lane;
  lane_count++;
  return lane;
}

static double tokens_of(const ptn_exchange *x) { return (double)x->request->body_len / BYTES_A_TOKEN; }

static void hold(ptn_lane *lane, ptn_exchange *x) {
  x->phase = PTN_PHASE_HELD;
  x->queue_prev = lane->last;
  x->queue_next = NULL;
  if (lane->last) lane->last->queue_next = x;
  else lane->first = x;
  lane->last = x;
  ptn_notifier_hold(x->notifier);
}

static void let_go(ptn_lane *lane, ptn_exchange *x) {
  if (x->queue_prev) x->queue_prev->queue_next = x->queue_next;
  else lane->first = x->queue_next;
  if (x->queue_next) x->queue_next->queue_prev = x->queue_prev;
  else lane->last = x->queue_prev;
  x->queue_prev = x->queue_next = NULL;
  x->phase = PTN_PHASE_NEW;
  ptn_notifier_let_go(x->notifier);
}

/* A wait that is longer than its caller's patience is no use: the server's own refusal says more. */
static bool may_go(const ptn_lane *lane, const ptn_exchange *x, double now) {
  double at = ptn_limiter_opens_at(&lane->limiter, tokens_of(x), now);
  return at <= now || (isfinite(at) && at > x->patience);
}

static void note_sent(ptn_lane *lane, ptn_exchange *x, double now) {
  x->paced_at = now;
  ptn_limiter_sent(&lane->limiter, tokens_of(x), now);
}

bool ptn_pacer_admits(ptn_exchange *x) {
  if (!x->request->lane) return true;
  double now = ptn_now();
  uint64_t now_epoch = __atomic_load_n(&epoch, __ATOMIC_RELAXED);
  x->lane = lane_of(ptn_hash(x->request->lane, (const char *)&now_epoch, sizeof(now_epoch)), now);
  if (!x->lane) return true;
  if (x->lane->first || !may_go(x->lane, x, now)) {
    hold(x->lane, x);
    return false;
  }
  note_sent(x->lane, x, now);
  return true;
}

ptn_exchange *ptn_pacer_next(void) {
  if (!lanes) return NULL;
  double now = ptn_now();
  for (ptn_lane *lane = lanes; lane; lane = lane->next) {
    ptn_exchange *x = lane->first;
    if (!x || !may_go(lane, x, now)) continue;
    let_go(lane, x);
    note_sent(lane, x, now);
    return x;
  }
  return NULL;
}

double ptn_pacer_wait(void) {
  double now = ptn_now(), soonest = INFINITY;
  for (const ptn_lane *lane = lanes; lane; lane = lane->next) {
    if (lane->first) soonest = fmin(soonest, ptn_limiter_opens_at(&lane->limiter, tokens_of(lane->first), now));
  }
  return fmax(soonest - now, 0);
}

static bool is_out(const ptn_exchange *x) { return x->lane && x->paced_at > 0; }

void ptn_pacer_answered(ptn_exchange *x) {
  if (!is_out(x) || x->lane_answered) return;
  ptn_limits limits = ptn_limits_read(x->headers.data, x->headers.len);
  x->lane_answered = true;
  ptn_limiter_answered(&x->lane->limiter, tokens_of(x), &limits, ptn_now());
}

/* An account without credit is told so with 429, too, and no waiting helps. */
static bool refused(const ptn_exchange *x) {
  static const char quota[] = "insufficient_quota";
  if (x->http_status != 429) return false;
  return !x->staged.len || !memmem(x->staged.data, x->staged.len, quota, sizeof(quota) - 1);
}

void ptn_pacer_ended(ptn_exchange *x, ptn_status status) {
  if (!x->lane) return;
  if (x->phase == PTN_PHASE_HELD) let_go(x->lane, x);
  if (!is_out(x)) return;
  ptn_outcome outcome = refused(x) ? PTN_REFUSED
                        : status == PTN_OK && x->http_status < 300 ? PTN_WENT_WELL : PTN_WENT_OTHERWISE;
  double wait = outcome == PTN_REFUSED ? ptn_retry_after(x->headers.data, x->headers.len, time(NULL)) : -1;
  ptn_limiter_ended(&x->lane->limiter, tokens_of(x), x->paced_at, outcome, wait, !x->lane_answered, ptn_now());
  x->lane = NULL;
}

void ptn_pacer_forget(void) { __atomic_add_fetch(&epoch, 1, __ATOMIC_RELAXED); }

void ptn_pacer_after_fork_child(void) {
  lanes = NULL;
  lane_count = 0;
}
