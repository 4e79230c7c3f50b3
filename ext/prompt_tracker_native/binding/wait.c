#include "wait.h"

#include <errno.h>
#include <math.h>
#include <ruby.h>
#include <ruby/io.h>

#include "errors.h"
#include "status.h"

/* Always a limit, as on Ruby 3.1 a Fiber scheduler may fail on a wait without one; and no busy loop before a deadline. */
static const double longest_s = 600, shortest_s = 0.001;

void ptb_wait_for(const ptn_notifier *notifier, double seconds) {
  seconds = fmin(fmax(seconds, shortest_s), longest_s);
  struct timeval tv = {(time_t)seconds, (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)};
  int fd = ptn_notifier_fd(notifier);
  if (fd < 0) rb_raise(ptb_eConnection, "%s", ptn_status_text(PTN_E_STALE));
  if (rb_wait_for_single_fd(fd, RB_WAITFD_IN, &tv) < 0 && errno != EINTR) rb_sys_fail("waiting for an answer");
}
