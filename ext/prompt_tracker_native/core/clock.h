#ifndef PTN_CLOCK_H
#define PTN_CLOCK_H

#include <time.h>

/* Seconds on the monotonic clock; only differences mean anything. */
static inline double ptn_now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

#endif
