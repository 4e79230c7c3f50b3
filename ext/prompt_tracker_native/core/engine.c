#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_setname_np */
#endif

#include "engine.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "deadline.h"
#include "dispatch.h"
#include "pacer.h"
#include "sockets.h"
#include "transfer.h"

/* Locks, in the order in which a thread may take them:
 *   gate  turnstile before `run`, so that a fork gets its turn
 *   run   held by the engine whenever it is not asleep in curl_multi_poll; a fork takes it
 *   state the fields of `engine`
 * and after these the locks of the exchanges and the notifiers. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t run = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t exited_cond = PTHREAD_COND_INITIALIZER;

enum { IDLE_POLL_MS = 60000, STOPPING_POLL_MS = 20, WARM_CONNECTIONS = 1024 };

static struct {
  CURLM *multi; /* made and used by the engine thread; others only wake it */
  pthread_t thread;
  bool running, stopping, exited, wake_sent;
  uint64_t generation;
  ptn_exchange *inbox_first, *inbox_last; /* each with a reference */
  ptn_exchange *cancels;                  /* likewise */
  double stop_at; /* set before `stopping` is */
} engine = {.generation = 1};

/* Under `state`. What is to be woken once that is unlocked, or NULL: a woken engine wants the lock at once. */
static CURLM *wakes(void) {
  if (!engine.multi || engine.wake_sent) return NULL;
  engine.wake_sent = true;
  return engine.multi;
}

static void unlock_and_wake(CURLM *multi) {
  pthread_mutex_unlock(&state);
  if (multi) curl_multi_wakeup(multi);
}

/* ---- the engine thread ---- */

static void take_orders(bool stopping) {
  pthread_mutex_lock(&state);
  ptn_exchange *fresh = engine.inbox_first, *cancels = engine.cancels;
  engine.inbox_first = engine.inbox_last = engine.cancels = NULL;
  engine.wake_sent = false;
  pthread_mutex_unlock(&state);
  for (ptn_exchange *x = fresh, *next; x; x = next) {
    next = x->inbox_next;
    if (!stopping || x->fired_for > 0) ptn_dispatch_admit(x);
  }
  for (ptn_exchange *x = cancels, *next; x; x = next) {
    next = x->cancel_next;
    if (x->phase != PTN_PHASE_DONE) ptn_dispatch_cancel(x);
    ptn_exchange_release(x);
  }
}

static ptn_status make_multi(void) {
  CURLM *multi = curl_multi_init();
  if (!multi) return PTN_E_NOMEM;
  if (curl_multi_wakeup(multi) != CURLM_OK) { /* made without the descriptors that it can be woken by */
    curl_multi_cleanup(multi);
    return PTN_E_FDS;
  }
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)WARM_CONNECTIONS);
  pthread_mutex_lock(&state);
  engine.multi = multi;
  pthread_mutex_unlock(&state);
  ptn_dispatch_begin(multi);
  return PTN_OK;
}

/* Without a multi handle nothing can be done but to say so; the next submission tries again. */
static void refuse_all(ptn_status status) {
  pthread_mutex_lock(&state);
  ptn_exchange *fresh = engine.inbox_first;
  engine.inbox_first = engine.inbox_last = NULL;
  engine.running = false;
  pthread_detach(engine.thread);
  pthread_mutex_unlock(&state);
  for (ptn_exchange *x = fresh, *next; x; x = next) {
    next = x->inbox_next;
    ptn_dispatch_refuse(x, status);
  }
}

typedef enum { GO_ON, STOP, REFUSED } verdict;

/* Once it is stopping, only what was fired is carried on, and that not for long. */
static verdict turn(void) {
  verdict v = GO_ON;
  ptn_status status;
  pthread_mutex_lock(&gate);
  pthread_mutex_lock(&run);
  pthread_mutex_unlock(&gate);
  bool stopping = __atomic_load_n(&engine.stopping, __ATOMIC_ACQUIRE);
  if (!engine.multi && (status = make_multi()) != PTN_OK) {
    refuse_all(status);
    v = REFUSED;
  } else {
    take_orders(stopping);
    ptn_dispatch_perform();
    if (stopping && (ptn_dispatch_fired() == 0 || ptn_now() >= engine.stop_at)) v = STOP;
  }
  pthread_mutex_unlock(&run);
  return v;
}

static void *thread_main(void *arg) {
  (void)arg;
  verdict v;
  while ((v = turn()) == GO_ON) {
    bool stopping = __atomic_load_n(&engine.stopping, __ATOMIC_ACQUIRE);
    curl_multi_poll(engine.multi, NULL, 0, ptn_dispatch_pause(stopping ? STOPPING_POLL_MS : IDLE_POLL_MS), NULL);
  }
  if (v == REFUSED) return NULL;
  pthread_mutex_lock(&state);
  engine.exited = true;
  pthread_cond_broadcast(&exited_cond);
  pthread_mutex_unlock(&state);
  return NULL;
}

/* ---- any thread ---- */

/* The host's signals are for the host's threads; only what this thread itself could cause stays on. */
static int start_thread(void) {
  sigset_t mine, before;
  sigfillset(&mine);
  const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) sigdelset(&mine, own[i]);
  pthread_sigmask(SIG_SETMASK, &mine, &before);
  int failed = pthread_create(&engine.thread, NULL, thread_main, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
#ifdef __linux__
  if (!failed) pthread_setname_np(engine.thread, "prompt_tracker");
#endif
  return failed;
}

/* Under `state`. */
static ptn_status ensure_running(void) {
  if (engine.stopping) return PTN_E_STOPPED;
  if (engine.running) return PTN_OK;
  if (start_thread() != 0) return PTN_E_THREAD;
  engine.running = true;
  return PTN_OK;
}

ptn_status ptn_engine_submit(ptn_exchange *x) {
  CURLM *asleep = NULL;
  pthread_mutex_lock(&state);
  ptn_status status = ensure_running();
  if (status == PTN_OK) {
    x->generation = engine.generation;
    x->inbox_next = NULL;
    if (engine.inbox_last) engine.inbox_last->inbox_next = x;
    else engine.inbox_first = x;
    engine.inbox_last = ptn_exchange_retain(x);
    ptn_dispatch_expect();
    asleep = wakes();
  }
  unlock_and_wake(asleep);
  return status;
}

void ptn_engine_cancel(ptn_exchange *x, ptn_status reason) {
  int none = PTN_OK;
  if (!ptn_engine_owns(x)) return;
  /* The first reason counts, and only the first call queues: take_orders() walks the list without the lock. */
  if (!__atomic_compare_exchange_n(&x->cancelled, &none, reason, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return;
  pthread_mutex_lock(&state);
  x->cancel_next = engine.cancels;
  engine.cancels = ptn_exchange_retain(x);
  unlock_and_wake(wakes());
}

bool ptn_engine_owns(const ptn_exchange *x) { return x->generation == engine.generation; }

ptn_status ptn_engine_fire(ptn_exchange *x, double seconds) {
  x->fired_for = seconds;
  return ptn_engine_submit(x);
}

int ptn_engine_active(void) { return ptn_dispatch_count(); }

void ptn_engine_stop(double seconds) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += (time_t)seconds;
  until.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
  if (until.tv_nsec >= 1000000000L) {
    until.tv_nsec -= 1000000000L;
    until.tv_sec++;
  }
  pthread_mutex_lock(&state);
  engine.stop_at = ptn_now() + seconds * 0.8;
  __atomic_store_n(&engine.stopping, true, __ATOMIC_RELEASE);
  if (engine.running) {
    CURLM *asleep = wakes();
    if (asleep) curl_multi_wakeup(asleep);
    while (!engine.exited && pthread_cond_timedwait(&exited_cond, &state, &until) != ETIMEDOUT) {
    }
    if (engine.exited) pthread_join(engine.thread, NULL);
    engine.running = !engine.exited;
  }
  pthread_mutex_unlock(&state);
}

/* ---- fork ---- */

/* Stops the world of this library in a state that the child can use: the engine asleep in its poll, where it
 * holds none of libcurl's or OpenSSL's locks, and every lock of ours in the hands of the forking thread. */
static void before_fork(void) {
  pthread_mutex_lock(&gate);
  pthread_mutex_lock(&state);
  bool awake = engine.running;
  engine.wake_sent = false;
  unlock_and_wake(awake ? wakes() : NULL);
  pthread_mutex_lock(&run);
  pthread_mutex_lock(&state);
  ptn_exchange_before_fork();
  ptn_notifier_before_fork();
}

static void after_fork_parent(void) {
  ptn_notifier_after_fork_parent();
  ptn_exchange_after_fork();
  pthread_mutex_unlock(&state);
  pthread_mutex_unlock(&run);
  pthread_mutex_unlock(&gate);
}

/* The parent's multi handle, easy handles and exchanges stay where they are, unused: a few kilobytes and, for
 * the multi handle, one or two descriptors of libcurl's own a fork. */
static void after_fork_child(void) {
  ptn_notifier_after_fork_child();
  ptn_exchange_after_fork();
  ptn_transfer_after_fork_child();
  ptn_deadline_after_fork_child();
  ptn_dispatch_after_fork_child();
  ptn_origin_after_fork_child();
  ptn_pacer_after_fork_child();
  ptn_sockets_after_fork_child();
  uint64_t generation = engine.generation + 1;
  memset(&engine, 0, sizeof(engine));
  engine.generation = generation;
  pthread_cond_init(&exited_cond, NULL);
  pthread_mutex_unlock(&state);
  pthread_mutex_unlock(&run);
  pthread_mutex_unlock(&gate);
}

ptn_status ptn_engine_load(void) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return PTN_E_NOMEM;
  ptn_transfer_load();
  return pthread_atfork(before_fork, after_fork_parent, after_fork_child) == 0 ? PTN_OK : PTN_E_NOMEM;
}
