#include "notifier.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/eventfd.h>
#endif

enum { POOL_MAX = 256 };

struct ptn_notifier {
  int refs;           /* atomic */
  int raised;         /* atomic */
  int held;           /* atomic */
  int read_fd, write_fd;
  ptn_notifier *next_free;
  ptn_notifier *prev, *next; /* the list of all, for the child of a fork */
  ptn_ready *first, *last;   /* entries with something new, oldest first */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ptn_notifier *all;
static ptn_notifier *free_list;
static int free_count;

static int open_fds(ptn_notifier *n) {
#ifdef __linux__
  n->read_fd = n->write_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return n->read_fd;
#else
  int fds[2];
  if (pipe(fds) != 0) return -1;
  for (int i = 0; i < 2; i++) {
    fcntl(fds[i], F_SETFD, FD_CLOEXEC);
    fcntl(fds[i], F_SETFL, O_NONBLOCK);
  }
  n->read_fd = fds[0];
  n->write_fd = fds[1];
  return 0;
#endif
}

static void close_fds(ptn_notifier *n) {
  if (n->read_fd >= 0) close(n->read_fd);
  if (n->write_fd >= 0 && n->write_fd != n->read_fd) close(n->write_fd);
  n->read_fd = n->write_fd = -1;
}

static ptn_notifier *from_pool(void) {
  pthread_mutex_lock(&lock);
  ptn_notifier *n = free_list;
  if (n) {
    free_list = n->next_free;
    free_count--;
  }
  pthread_mutex_unlock(&lock);
  return n;
}

static void link_to_all(ptn_notifier *n) {
  pthread_mutex_lock(&lock);
  n->prev = NULL;
  n->next = all;
  if (all) all->prev = n;
  all = n;
  pthread_mutex_unlock(&lock);
}

ptn_notifier *ptn_notifier_take(ptn_status *status) {
  ptn_notifier *n = from_pool();
  *status = PTN_OK;
  if (n) {
    n->refs = 1;
    if (__atomic_load_n(&n->raised, __ATOMIC_ACQUIRE)) ptn_notifier_drain(n);
    return n;
  }
  n = calloc(1, sizeof(*n));
  if (!n || open_fds(n) < 0) {
    *status = n && (errno == EMFILE || errno == ENFILE) ? PTN_E_FDS : PTN_E_NOMEM;
    free(n);
    return NULL;
  }
  n->refs = 1;
  link_to_all(n);
  return n;
}

ptn_notifier *ptn_notifier_retain(ptn_notifier *n) {
  __atomic_add_fetch(&n->refs, 1, __ATOMIC_RELAXED);
  return n;
}

static void unlink_from_all(ptn_notifier *n) {
  if (n->prev) n->prev->next = n->next;
  else all = n->next;
  if (n->next) n->next->prev = n->prev;
}

void ptn_notifier_release(ptn_notifier *n) {
  if (!n || __atomic_sub_fetch(&n->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
  pthread_mutex_lock(&lock);
  bool keep = n->read_fd >= 0 && free_count < POOL_MAX;
  if (keep) {
    n->next_free = free_list;
    free_list = n;
    free_count++;
  } else {
    unlink_from_all(n);
  }
  pthread_mutex_unlock(&lock);
  if (keep) return;
  close_fds(n);
  free(n);
}

int ptn_notifier_fd(const ptn_notifier *n) { return n->read_fd; }

void ptn_notifier_raise(ptn_notifier *n) {
  if (__atomic_exchange_n(&n->raised, 1, __ATOMIC_ACQ_REL) || n->write_fd < 0) return;
  uint64_t one = 1;
  size_t size = n->read_fd == n->write_fd ? sizeof(one) : 1;
  while (write(n->write_fd, &one, size) < 0 && errno == EINTR) {
  }
}

void ptn_notifier_drain(ptn_notifier *n) {
  char bytes[64];
  if (n->read_fd >= 0) {
    while (read(n->read_fd, bytes, sizeof(bytes)) < 0 && errno == EINTR) {
    }
  }
  __atomic_store_n(&n->raised, 0, __ATOMIC_SEQ_CST);
}

void ptn_notifier_hold(ptn_notifier *n) { __atomic_add_fetch(&n->held, 1, __ATOMIC_ACQ_REL); }

void ptn_notifier_let_go(ptn_notifier *n) {
  if (__atomic_sub_fetch(&n->held, 1, __ATOMIC_ACQ_REL) == 0) ptn_notifier_raise(n);
}

int ptn_notifier_held(const ptn_notifier *n) { return __atomic_load_n(&n->held, __ATOMIC_ACQUIRE); }

/* Under `lock`. */
static void unlist(ptn_notifier *n, ptn_ready *entry) {
  if (!entry->listed) return;
  if (entry->prev) entry->prev->next = entry->next;
  else n->first = entry->next;
  if (entry->next) entry->next->prev = entry->prev;
  else n->last = entry->prev;
  entry->prev = entry->next = NULL;
  entry->listed = false;
}

/* Under `lock`. */
static void list(ptn_notifier *n, ptn_ready *entry) {
  if (!entry->owner || entry->listed) return;
  entry->listed = true;
  entry->prev = n->last;
  entry->next = NULL;
  if (n->last) n->last->next = entry;
  else n->first = entry;
  n->last = entry;
}

static bool shares(const ptn_ready *entry) { return __atomic_load_n(&entry->owner, __ATOMIC_ACQUIRE) != NULL; }

void ptn_notifier_announce(ptn_notifier *n, ptn_ready *entry) {
  if (shares(entry)) {
    pthread_mutex_lock(&lock);
    list(n, entry);
    pthread_mutex_unlock(&lock);
  }
  ptn_notifier_raise(n);
}

void *ptn_notifier_next(ptn_notifier *n) {
  pthread_mutex_lock(&lock);
  ptn_ready *entry = n->first;
  void *owner = entry ? entry->owner : NULL;
  if (entry) unlist(n, entry);
  pthread_mutex_unlock(&lock);
  return owner;
}

void ptn_notifier_forget(ptn_notifier *n, ptn_ready *entry) {
  if (!shares(entry)) return;
  pthread_mutex_lock(&lock);
  unlist(n, entry);
  __atomic_store_n(&entry->owner, NULL, __ATOMIC_RELEASE);
  pthread_mutex_unlock(&lock);
}

void ptn_notifier_before_fork(void) { pthread_mutex_lock(&lock); }
void ptn_notifier_after_fork_parent(void) { pthread_mutex_unlock(&lock); }

void ptn_notifier_after_fork_child(void) {
  for (ptn_notifier *n = all; n; n = n->next) close_fds(n);
  for (ptn_notifier *n = free_list, *next; n; n = next) {
    next = n->next_free;
    unlink_from_all(n);
    free(n);
  }
  free_list = NULL;
  free_count = 0;
  pthread_mutex_unlock(&lock);
}
