#ifndef PTN_TEST_LOCAL_CALL_H
#define PTN_TEST_LOCAL_CALL_H

#include <unistd.h>

#include "engine.h"
#include "support.h"

/* No test waits longer than this for what must happen; one that hangs is killed a while after. */
#define SOON 30.0
enum { HANG_SECONDS = 240 };

/* Loads the engine and sets the alarm against hangs. The first thing that a test program does. */
void local_load(void);

/* An endpoint for `base_url`, with a limit of 1 MB; `more` may be NULL and else gives what differs. */
ptn_endpoint *local_endpoint(const char *base_url, const ptn_endpoint_options *more);

/* One call as the binding makes it: a notifier of its own, an exchange, and what has come of it. Nothing in here uses
 * cmocka, so that threads and forked children may. */
typedef struct {
  ptn_status submitted;
  ptn_notifier *notifier;
  ptn_exchange *x;
  ptn_buffer body;
  bool done;
} local_call;

typedef struct {
  ptn_method method;
  const char *path, *body;
  size_t body_len; /* 0: the body's own */
  bool stream, progress;
  const ptn_header *headers;
  size_t header_count;
  double patience; /* monotonic seconds */
} local_ask;

void local_start(local_call *call, ptn_endpoint *endpoint, const local_ask *ask);
void local_get(local_call *call, ptn_endpoint *endpoint, const char *path);
void local_post(local_call *call, ptn_endpoint *endpoint, const char *path, const char *body);
void local_stream(local_call *call, ptn_endpoint *endpoint, const char *path);

/* Sleeps on the notifier until the call is done, or `seconds` are over. Returns whether it is. */
bool local_wait(local_call *call, double seconds);
void local_free(local_call *call);

/* A whole GET: its status, PTN_E_OTHER where it did not end in time. */
ptn_status local_get_status(ptn_endpoint *endpoint, const char *path);

void local_nap(int ms);

#define assert_status(got, expected) \
  assert_string_equal(ptn_status_name(got), ptn_status_name(expected))

/* The call ends, and so. */
#define assert_ends(call, expected)                             \
  do {                                                          \
    assert_status((call)->submitted, PTN_OK);                   \
    assert_true(local_wait(call, SOON));                        \
    assert_status((call)->x->status, expected);                 \
  } while (0)

/* The condition comes true before long. */
#define assert_soon(condition)                                     \
  do {                                                             \
    int tries = (int)(SOON * 500);                                 \
    while (!(condition) && --tries > 0) local_nap(2);              \
    if (!(condition)) fail_msg("not so in time: %s", #condition);  \
  } while (0)

/* In a forked child, where a failed assertion must not run on into the parent's tests. */
#define child_check(condition)                                                        \
  do {                                                                                \
    if (!(condition)) {                                                               \
      dprintf(2, "%s:%d: not so in the child: %s\n", __FILE__, __LINE__, #condition); \
      _exit(1);                                                                       \
    }                                                                                 \
  } while (0)

/* Waits for a child and fails unless it called _exit(0). */
#define assert_child_ok(pid) assert_int_equal(local_child_status(pid), 0)
int local_child_status(pid_t pid);

#endif
