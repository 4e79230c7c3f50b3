#include "limiter.h"

#include <math.h>
#include <string.h>

/* A success lets the window grow by this much: by a quarter for each round of as many as fit in it. */
static const double GROWTH = 0.25;

/* A window of this size is none, and one is forgotten after so many seconds without a request. */
static const double WIDE = 10000, FORGET_S = 60;

void ptn_limiter_init(ptn_limiter *l) {
  memset(l, 0, sizeof(*l));
  l->window = INFINITY;
}

static double left(const ptn_allowance *a, double now) {
  return fmin(a->most, a->left + a->per_second * (now - a->at)) - a->out;
}

/* More than there ever is at a time is let through when all is there. */
static double allows_at(const ptn_allowance *a, double cost, double now) {
  if (!a->known || a->per_second <= 0) return now;
  double missing = fmin(cost, a->most) - left(a, now);
  return missing <= 0 ? now : now + missing / a->per_second;
}

double ptn_limiter_opens_at(const ptn_limiter *l, double tokens, double now) {
  if (l->active >= l->window && l->active > 0) return INFINITY;
  double at = fmax(allows_at(&l->requests, 1, now), allows_at(&l->tokens, tokens, now));
  return fmax(at, l->paused_until);
}

void ptn_limiter_sent(ptn_limiter *l, double tokens, double now) {
  if (l->active == 0 && now - l->quiet_since > FORGET_S) l->window = INFINITY;
  l->active++;
  l->requests.out += 1;
  l->tokens.out += tokens;
}

static void begun(ptn_limiter *l, double tokens) {
  l->requests.out = fmax(l->requests.out - 1, 0);
  l->tokens.out = fmax(l->tokens.out - tokens, 0);
}

/* The server's bucket fills at an even pace: what is missing now is there again when it says. */
static void update(ptn_allowance *a, const ptn_limit *limit, double now) {
  if (!limit->known) return;
  double missing = limit->limit - limit->remaining;
  a->known = true;
  a->most = limit->limit;
  a->left = limit->remaining;
  a->per_second = missing > 0 && limit->reset > 0 ? missing / limit->reset : 0;
  a->at = now;
}

void ptn_limiter_answered(ptn_limiter *l, double tokens, const ptn_limits *limits, double now) {
  begun(l, tokens);
  update(&l->requests, &limits->requests, now);
  update(&l->tokens, &limits->tokens, now);
}

/* One that was refused alone was not one too many at a time; and those that were on their way when the window was cut
 * say nothing new. */
static void refused(ptn_limiter *l, double sent_at, double wait, double now) {
  if (wait >= 0) l->paused_until = fmax(l->paused_until, now + wait);
  if (l->active < 2 || sent_at < l->cut_at) return;
  l->window = fmax(floor(fmin(l->window, l->active) / 2), 1);
  l->cut_at = now;
}

void ptn_limiter_ended(ptn_limiter *l, double tokens, double sent_at, ptn_outcome outcome, double wait, bool unanswered,
                       double now) {
  if (unanswered) begun(l, tokens);
  if (outcome == PTN_REFUSED) refused(l, sent_at, wait, now);
  if (outcome == PTN_WENT_WELL) l->window += GROWTH;
  if (l->window > WIDE) l->window = INFINITY;
  l->active--;
  l->quiet_since = now;
}

static bool is_full(const ptn_allowance *a, double now) {
  return !a->known || a->per_second <= 0 || left(a, now) >= a->most;
}

bool ptn_limiter_idle(const ptn_limiter *l, double now) {
  if (l->active > 0 || l->paused_until > now) return false;
  bool window = isinf(l->window) || now - l->quiet_since > FORGET_S;
  return window && is_full(&l->requests, now) && is_full(&l->tokens, now);
}
