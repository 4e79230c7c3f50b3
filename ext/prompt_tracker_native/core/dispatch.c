#include "dispatch.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "deadline.h"
#include "outcome.h"
#include "pacer.h"
#include "transfer.h"

static CURLM *multi;
static int count; /* atomic */
static int fired;

void ptn_dispatch_begin(CURLM *handle) { multi = handle; }
void ptn_dispatch_expect(void) { __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED); }
int ptn_dispatch_count(void) { return __atomic_load_n(&count, __ATOMIC_RELAXED); }
int ptn_dispatch_fired(void) { return fired; }

static void leave_libcurl(ptn_exchange *x) {
  curl_multi_remove_handle(multi, x->easy);
  if (x->origin->opener == x) x->origin->opener = NULL;
}

/* Ends an exchange wherever it is, and drops the engine's reference. */
static void end(ptn_exchange *x, ptn_status status) {
  if (x->phase == PTN_PHASE_WAITING) ptn_origin_stop_waiting(x->origin, x);
  if (x->phase == PTN_PHASE_ACTIVE) {
    leave_libcurl(x);
    ptn_origin_left(x->origin);
  }
  ptn_deadline_clear(x);
  ptn_pacer_ended(x, status);
  ptn_transfer_release(x);
  if (x->counted) fired--;
  __atomic_sub_fetch(&count, 1, __ATOMIC_RELAXED);
  ptn_exchange_finish(x, status);
  ptn_exchange_release(x);
}

void ptn_dispatch_refuse(ptn_exchange *x, ptn_status status) { end(x, status); }

/* ---- starting ---- */

static void start(ptn_exchange *x, bool opens) {
  x->opens = opens;
  if (!ptn_transfer_prepare(x)) {
    end(x, PTN_E_NOMEM);
    return;
  }
  x->phase = PTN_PHASE_ACTIVE;
  x->origin->active++;
  if (opens) x->origin->opener = x;
  if (curl_multi_add_handle(multi, x->easy) != CURLM_OK) end(x, PTN_E_OTHER);
}

static void wait(ptn_exchange *x) {
  x->phase = PTN_PHASE_WAITING;
  ptn_origin_wait(x->origin, x);
}

static void limit(ptn_exchange *x) {
  ptn_deadline_set(x, ptn_now() + x->fired_for, PTN_E_TIMEOUT);
  x->counted = true;
  fired++;
}

static void place(ptn_exchange *x) {
  bool opens;
  x->waits_since = ptn_now();
  if (x->origin->first == NULL && ptn_origin_admits(x->origin, &opens)) start(x, opens);
  else wait(x);
}

void ptn_dispatch_admit(ptn_exchange *x) {
  int asked = __atomic_load_n(&x->cancelled, __ATOMIC_ACQUIRE);
  x->origin = ptn_origin_of(x->request->endpoint);
  if (x->fired_for > 0) limit(x);
  if (!x->origin) end(x, PTN_E_NOMEM);
  else if (asked != PTN_OK) end(x, (ptn_status)asked);
  else if (ptn_pacer_admits(x)) place(x);
}

static void admit_waiting(void) {
  bool opens;
  ptn_exchange *held;
  while ((held = ptn_pacer_next())) place(held);
  for (ptn_origin *o = ptn_origin_first(); o; o = o->next) {
    if (o->opener) ptn_transfer_look(o->opener);
    while (o->first && ptn_origin_admits(o, &opens)) {
      ptn_exchange *x = o->first;
      ptn_origin_stop_waiting(o, x);
      x->phase = PTN_PHASE_NEW;
      start(x, opens);
    }
  }
}

/* Nothing of it was sent: it waits for a place once more, before those that came after it. */
static void wait_again(ptn_exchange *x) {
  leave_libcurl(x);
  x->origin->active--;
  ptn_transfer_again(x);
  x->phase = PTN_PHASE_WAITING;
  ptn_origin_wait_again(x->origin, x);
}

/* ---- ending ---- */

void ptn_dispatch_cancel(ptn_exchange *x) {
  ptn_status reason = (ptn_status)__atomic_load_n(&x->cancelled, __ATOMIC_ACQUIRE);
  if (x->phase == PTN_PHASE_ACTIVE) {
    if (reason == PTN_E_TIMEOUT || reason == PTN_E_IDLE) ptn_transfer_timed_out(x);
    if (ptn_transfer_can_stop(x)) end(x, reason);
  } else if (x->phase == PTN_PHASE_WAITING || x->phase == PTN_PHASE_HELD) {
    end(x, reason);
  } /* PTN_PHASE_NEW: ptn_dispatch_admit will see it */
}

static bool is_late(const ptn_exchange *x, double now) {
  long limit_ms = x->request->endpoint->connect_timeout_ms;
  return limit_ms > 0 && (now - x->waits_since) * 1000 >= (double)limit_ms;
}

/* Those that wait for a connection must not each wait for one another to fail: the third failure counts for all, and
 * none waits for longer than it would have for a connection of its own. */
static void share_failure(ptn_origin *o, ptn_status status, const char *error) {
  bool all = ptn_origin_opener_failed(o);
  double now = ptn_now();
  if (o->established > 0) return;
  for (ptn_exchange *x = o->first, *next; x; x = next) {
    next = x->queue_next;
    if (!all && !is_late(x, now)) continue;
    memcpy(x->error, error, sizeof(x->error));
    end(x, all ? status : PTN_E_CONNECT_TIMEOUT);
  }
}

static void finish(ptn_exchange *x, CURLcode code) {
  char error[CURL_ERROR_SIZE];
  ptn_origin *o = x->origin;
  bool asked = __atomic_load_n(&x->cancelled, __ATOMIC_ACQUIRE) != PTN_OK;
  if (x->crowded_out && !asked) {
    wait_again(x);
    return;
  }
  ptn_transfer_ended(x, code);
  ptn_status status = ptn_outcome(x, code);
  bool opener_failed = o->opener == x && x->sent_at == 0 && !asked;
  if (status == PTN_E_IDLE) ptn_transfer_timed_out(x);
  memcpy(error, x->error, sizeof(error));
  end(x, status);
  if (opener_failed) share_failure(o, status, error);
}

static void end_overdue(void) {
  for (ptn_exchange *x; (x = ptn_deadline_passed());) {
    ptn_status status = x->ends_as;
    if (status == PTN_E_IDLE) ptn_transfer_timed_out(x);
    if (x->phase != PTN_PHASE_ACTIVE || ptn_transfer_can_stop(x)) {
      end(x, status);
    } else { /* left to libcurl, whose callbacks will see it */
      __atomic_store_n(&x->cancelled, status, __ATOMIC_RELEASE);
      ptn_deadline_clear(x);
    }
  }
}

void ptn_dispatch_perform(void) {
  int running, left;
  CURLMsg *message;
  curl_multi_perform(multi, &running);
  while ((message = curl_multi_info_read(multi, &left))) {
    ptn_exchange *x = NULL;
    CURLcode code = message->data.result; /* gone with the handle */
    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&x);
    finish(x, code);
  }
  end_overdue();
  admit_waiting();
}

int ptn_dispatch_pause(int limit) {
  return (int)ceil(fmin(ptn_origin_pause(ptn_deadline_wait(limit)), ptn_pacer_wait() * 1000));
}

void ptn_dispatch_after_fork_child(void) {
  multi = NULL;
  count = fired = 0;
}
