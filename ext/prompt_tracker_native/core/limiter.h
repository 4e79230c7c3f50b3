#ifndef PTN_LIMITER_H
#define PTN_LIMITER_H

#include <stdbool.h>

#include "rate_limits.h"

/* How many requests one server takes from one account for one model, as far as its answers have shown. It has no
 * clock: `now` and all times are monotonic seconds. Nothing is held back before an answer has spoken of a limit.
 *
 *  - A 429 that names a wait stops all until then, and each 429 halves how many may be out at a time; answers that go
 *    well let that grow again, by a quarter for each round.
 *  - x-ratelimit headers tell how much is left and how fast it comes back. While what is out could use that up,
 *    requests go at that speed. */
typedef struct {
  double most, left, per_second, at;
  double out; /* of requests whose answers have not begun: the server may not have counted them */
  bool known;
} ptn_allowance;

typedef struct {
  int active;            /* requests that are out */
  double window;         /* how many may be; INFINITY: as many as like */
  double cut_at;         /* when it was last made smaller */
  double quiet_since;    /* when the last one ended */
  double paused_until;
  ptn_allowance requests, tokens;
} ptn_limiter;

void ptn_limiter_init(ptn_limiter *limiter);

/* When a request of about so many tokens may go: `now` or before, later, or INFINITY where that is for the end of
 * another to say. */
double ptn_limiter_opens_at(const ptn_limiter *limiter, double tokens, double now);

/* Each request that goes: sent; answered, where the head of an answer comes; ended, with whether one came. */
void ptn_limiter_sent(ptn_limiter *limiter, double tokens, double now);
void ptn_limiter_answered(ptn_limiter *limiter, double tokens, const ptn_limits *limits, double now);

typedef enum {
  PTN_WENT_WELL,
  PTN_REFUSED, /* 429, for the rate's sake */
  PTN_WENT_OTHERWISE
} ptn_outcome;

/* `wait`: seconds that the refusal names, < 0 for none. `unanswered`: no head of an answer came. */
void ptn_limiter_ended(ptn_limiter *limiter, double tokens, double sent_at, ptn_outcome outcome, double wait,
                       bool unanswered, double now);

/* Whether it knows nothing that could hold a request back, and none is out. */
bool ptn_limiter_idle(const ptn_limiter *limiter, double now);

#endif
