#ifndef PTN_RETRY_H
#define PTN_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "status.h"

/*
 * May a request that failed be sent again, and after how long? A creating request (one that starts a run) is only
 * repeated where it is sure that the first one started nothing.
 */
typedef struct {
  bool creating;
  bool allow_ambiguous; /* the caller accepts that a creating request may be carried out twice */
  bool final_error;     /* the error itself says that a repetition is no use (insufficient_quota) */
  bool patient;         /* waits for the rate's sake count neither as retries nor as too long */
  bool api_error;       /* the body is the API's own JSON error */
  int attempt;          /* 1: the first try has just ended */
  int max_retries;
  ptn_status status;  /* how the exchange ended; PTN_OK: with a whole answer */
  int http_status;    /* 0 when no answer began */
  double retry_after; /* seconds, < 0 when the server named none */
  double jitter;      /* random, 0..1: how much of the possible quarter the wait is shortened by */
} ptn_retry_question;

typedef struct {
  bool retry;
  double wait;        /* seconds, 0 when not retrying */
  const char *reason; /* a static sentence fragment */
} ptn_retry_verdict;

ptn_retry_verdict ptn_retry_decide(const ptn_retry_question *q);

/* Whether nobody here can know if a creating request was carried out: a run may have been started. */
bool ptn_retry_ambiguous(const ptn_retry_question *q);

/*
 * Seconds that a response's `retry-after-ms` or `Retry-After` asks to wait: a number, or an HTTP date, where the past
 * is 0. < 0 when there is none or it is malformed; never NaN or infinite.
 */
double ptn_retry_after(const char *headers, size_t len, time_t now);

#endif
