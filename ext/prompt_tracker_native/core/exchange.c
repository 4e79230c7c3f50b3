#include "exchange.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

typedef struct {
  uint32_t kind, event_len;
  size_t data_len;
} record_head;

static bool store_event(void *arg, const char *event, size_t event_len, const char *data, size_t data_len) {
  ptn_exchange *x = arg;
  ptn_kind kind = ptn_kind_of(event, event_len, data, data_len);
  if (!x->progress && ptn_kind_is_passing(kind)) return true;
  record_head head = {kind, (uint32_t)event_len, data_len};
  if (!ptn_buffer_reserve(&x->staged, sizeof(head) + event_len + data_len)) {
    x->no_memory = true;
    return false;
  }
  ptn_buffer_append(&x->staged, &head, sizeof(head));
  ptn_buffer_append(&x->staged, event, event_len);
  ptn_buffer_append(&x->staged, data, data_len);
  if (ptn_kind_ends_stream(kind)) x->ended = true;
  return true;
}

bool ptn_record_next(const ptn_buffer *records, size_t *pos, ptn_record *record) {
  record_head head;
  if (records->len - *pos < sizeof(head)) return false;
  memcpy(&head, records->data + *pos, sizeof(head));
  record->kind = (ptn_kind)head.kind;
  record->event = records->data + *pos + sizeof(head);
  record->event_len = head.event_len;
  record->data = record->event + head.event_len;
  record->data_len = head.data_len;
  *pos += sizeof(head) + head.event_len + head.data_len;
  return true;
}

ptn_exchange *ptn_exchange_new(ptn_request *request, ptn_notifier *notifier, bool progress) {
  ptn_exchange *x = calloc(1, sizeof(*x));
  if (!x) {
    ptn_request_free(request);
    return NULL;
  }
  x->refs = 1;
  x->request = request;
  x->notifier = ptn_notifier_retain(notifier);
  x->progress = progress;
  x->fresh[0] = x->fresh[1] = CURL_SOCKET_BAD;
  x->connection = PTN_NO_CONNECTION;
  ptn_buffer_init(&x->headers);
  ptn_buffer_init(&x->kept);
  ptn_buffer_init(&x->inbox);
  ptn_buffer_init(&x->staged);
  ptn_sse_init(&x->sse, request->endpoint->max_body, store_event, x);
  return x;
}

ptn_exchange *ptn_exchange_retain(ptn_exchange *x) {
  __atomic_add_fetch(&x->refs, 1, __ATOMIC_RELAXED);
  return x;
}

void ptn_exchange_release(ptn_exchange *x) {
  if (!x || __atomic_sub_fetch(&x->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
  ptn_notifier_forget(x->notifier, &x->ready);
  ptn_sse_free(&x->sse);
  ptn_buffer_free(&x->staged);
  ptn_buffer_free(&x->inbox);
  ptn_buffer_free(&x->headers);
  ptn_buffer_free(&x->kept);
  ptn_notifier_release(x->notifier);
  ptn_request_free(x->request);
  free(x);
}

bool ptn_exchange_take(ptn_exchange *x, ptn_buffer *into) {
  pthread_mutex_lock(&lock);
  bool done = x->done;
  if (done || x->progress) {
    if (into->len == 0) ptn_buffer_swap(&x->inbox, into);
    else if (ptn_buffer_append(into, x->inbox.data, x->inbox.len)) ptn_buffer_clear(&x->inbox);
    else if (done) x->status = PTN_E_NOMEM; /* before that, it waits for the next time */
  }
  pthread_mutex_unlock(&lock);
  return done;
}

/* A server may answer a request for a stream with JSON, or send a stream under another content type: the
 * first byte that is no white space tells them apart. */
static ptn_body_kind body_kind_of(const ptn_exchange *x, const char *bytes, size_t len) {
  if (!x->request->stream || x->http_status < 200 || x->http_status > 299) return PTN_BODY_PLAIN;
  for (size_t i = 0; i < len; i++) {
    switch (bytes[i]) {
    case ' ': case '\t': case '\r': case '\n': continue;
    case '{': case '[': case '<': return PTN_BODY_PLAIN;
    default: return PTN_BODY_EVENTS;
    }
  }
  return PTN_BODY_UNKNOWN;
}

static bool receive_events(ptn_exchange *x, const char *bytes, size_t len) {
  ptn_status status = ptn_sse_feed(&x->sse, bytes, len);
  if (status == PTN_E_TOO_LARGE) x->too_large = true;
  if (status == PTN_E_NOMEM) x->no_memory = true;
  return status == PTN_OK;
}

/* Returns false where the transfer is to be given up; `too_large` or `no_memory` then says why. */
bool ptn_exchange_receive(ptn_exchange *x, const char *bytes, size_t len) {
  if (len > x->request->endpoint->max_body - x->received) {
    x->too_large = true;
    return false;
  }
  x->received += len;
  if (x->keeps && !ptn_buffer_append(&x->kept, bytes, len)) {
    x->no_memory = true;
    return false;
  }
  if (x->body_kind == PTN_BODY_UNKNOWN) x->body_kind = body_kind_of(x, bytes, len);
  if (x->body_kind == PTN_BODY_UNKNOWN) return true; /* white space so far */
  if (x->body_kind == PTN_BODY_EVENTS) return receive_events(x, bytes, len);
  if (ptn_buffer_append(&x->staged, bytes, len)) return true;
  x->no_memory = true;
  return false;
}

static void move_staged(ptn_exchange *x) {
  if (x->inbox.len == 0) {
    ptn_buffer_swap(&x->inbox, &x->staged);
  } else {
    if (!ptn_buffer_append(&x->inbox, x->staged.data, x->staged.len)) x->no_memory = true;
    ptn_buffer_clear(&x->staged);
  }
}

void ptn_exchange_publish(ptn_exchange *x) {
  if (!x->progress || x->body_kind != PTN_BODY_EVENTS || x->staged.len == 0) return;
  pthread_mutex_lock(&lock);
  move_staged(x);
  pthread_mutex_unlock(&lock);
  ptn_notifier_announce(x->notifier, &x->ready);
}

void ptn_exchange_finish(ptn_exchange *x, ptn_status status) {
  if (status == PTN_OK && x->body_kind == PTN_BODY_EVENTS && ptn_sse_finish(&x->sse) != PTN_OK) {
    status = PTN_E_NOMEM;
  }
  pthread_mutex_lock(&lock);
  if (x->staged.len > 0) move_staged(x);
  x->status = x->no_memory ? PTN_E_NOMEM : status;
  x->done = true;
  pthread_mutex_unlock(&lock);
  x->phase = PTN_PHASE_DONE;
  ptn_notifier_announce(x->notifier, &x->ready);
}

void ptn_exchange_answer(ptn_exchange *x, const ptn_answer *a) {
  x->http_status = a->http_status;
  x->sent = a->http_status != 0 || a->status == PTN_E_LOST;
  if (a->error) snprintf(x->error, sizeof(x->error), "%s", a->error);
  if (!ptn_buffer_append(&x->headers, a->headers, a->headers_len)) x->no_memory = true;
  if (a->body_len > 0) ptn_exchange_receive(x, a->body, a->body_len);
  ptn_exchange_finish(x, x->too_large ? PTN_E_TOO_LARGE : x->ended ? PTN_OK : a->status);
}

void ptn_exchange_before_fork(void) { pthread_mutex_lock(&lock); }
void ptn_exchange_after_fork(void) { pthread_mutex_unlock(&lock); }
