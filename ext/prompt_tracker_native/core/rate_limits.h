#ifndef PTN_RATE_LIMITS_H
#define PTN_RATE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

/* What a response says of the server's rate limits, in x-ratelimit-{limit,remaining,reset}-{requests,tokens}. */
typedef struct {
  bool known; /* limit and remaining were both there, and numbers */
  double limit, remaining;
  double reset; /* seconds until `remaining` is `limit` again; < 0: not said */
} ptn_limit;

typedef struct {
  ptn_limit requests, tokens;
} ptn_limits;

/* From a raw block of response headers. */
ptn_limits ptn_limits_read(const char *headers, size_t len);

/* Seconds of a duration such as "6m0s", "20ms", "1h2m3.5s" or "1.5", which is in seconds. < 0 for anything else. */
double ptn_limits_duration(const char *text, size_t len);

#endif
