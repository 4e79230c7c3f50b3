#include "transport.h"

#include <string.h>
#include <time.h>

#include "batch.h"
#include "clock.h"
#include "engine.h"
#include "errors.h"
#include "failure.h"
#include "intercept.h"
#include "observe.h"
#include "result.h"
#include "retry.h"
#include "url.h"

/* One request: made from a call, sent, judged, and sent again where that is safe. */

enum { MAX_CALL_HEADERS = 16 };

typedef struct {
  ptn_header list[MAX_CALL_HEADERS];
  size_t count;
} call_headers;

static int collect_header(VALUE name, VALUE value, VALUE arg) {
  call_headers *h = (call_headers *)arg;
  ptb_check_header(name, value);
  if (h->count == MAX_CALL_HEADERS) rb_raise(rb_eArgError, "more than %d headers for one request", MAX_CALL_HEADERS);
  h->list[h->count++] = (ptn_header){RSTRING_PTR(name), RSTRING_PTR(value), (size_t)RSTRING_LEN(name),
                                     (size_t)RSTRING_LEN(value)};
  return ST_CONTINUE;
}

static ptn_request *build_request(const ptb_transport *t, const ptb_call *call) {
  call_headers headers = {.count = 0};
  if (!NIL_P(call->headers)) rb_hash_foreach(call->headers, collect_header, (VALUE)&headers);
  ptn_request_options o = {
      .method = call->method, .stream = call->stream,
      .path = RSTRING_PTR(call->path), .path_len = (size_t)RSTRING_LEN(call->path),
      .headers = headers.list, .header_count = headers.count,
      .body = NIL_P(call->body) ? NULL : RSTRING_PTR(call->body),
      .body_len = NIL_P(call->body) ? 0 : (size_t)RSTRING_LEN(call->body),
  };
  if (!ptn_url_path_ok(o.path, o.path_len)) {
    rb_raise(rb_eArgError, "the path must begin with a slash and hold only escaped, printable characters");
  }
  ptn_request *request = ptn_request_new(t->endpoint, &o);
  if (!request) rb_memerror();
  return request;
}

/* Fills in what the flight means for a retry and returns the verdict. */
static ptn_retry_verdict judge(const ptb_transport *t, const ptb_call *call, ptb_flight *f) {
  ptb_error_fields fields = {Qnil, Qnil, Qnil, Qnil, false};
  if (f->status == PTN_OK) fields = ptb_flight_fields(f);
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  ptn_retry_question q = {
      .creating = call->method == PTN_POST,
      .allow_ambiguous = t->retry_ambiguous,
      /* A stream that has begun names its run, delivered or not. */
      .final_error = ptb_is(fields.code, "insufficient_quota") || f->delivered ||
                     (f->body_kind == PTN_BODY_EVENTS && f->inbox.len > 0),
      .patient = t->endpoint->paced && t->max_retries > 0 && ptb_item_current() != NULL,
      .api_error = fields.api,
      .attempt = f->attempts,
      .max_retries = t->max_retries,
      .status = f->status,
      .http_status = ptb_flight_http_status(f),
      .retry_after = f->done ? ptn_retry_after(f->headers.data, f->headers.len, ts.tv_sec) : -1,
      .jitter = (double)(ts.tv_nsec / 1000 % 1000) / 1000,
  };
  f->ambiguous = ptn_retry_ambiguous(&q);
  if (f->status == PTN_E_TIMEOUT) f->ambiguous = q.creating && (!f->done || f->sent);
  ptn_retry_verdict verdict = ptn_retry_decide(&q);
  q.max_retries = q.attempt + 1;
  q.retry_after = -1;
  f->retryable = ptn_retry_decide(&q).retry || f->status == PTN_E_TIMEOUT;
  return verdict;
}

/* A request that would be late is not begun: given up at once, it might still reach the server. */
static void refuse_late(const ptb_call *call) {
  if (ptn_now() < call->deadline) return;
  VALUE error = rb_exc_new_cstr(ptb_eTimeout, "the time given was over before the request was sent");
  ptb_error_set_retryable(error, true);
  rb_exc_raise(error);
}

static VALUE pause_for(VALUE seconds) {
  ptb_pause(rb_mKernel, NUM2DBL(seconds));
  return Qnil;
}

static VALUE no_longer_limited(VALUE batch) {
  ((ptb_batch *)batch)->limited--;
  return Qnil;
}

/* While a call waits for the rate's sake its batch starts no others. */
static void wait_for_next_attempt(const ptb_flight *f, double seconds) {
  ptb_item *item = f->http_status == 429 ? ptb_item_current() : NULL;
  if (!item) {
    ptb_pause(rb_mKernel, seconds);
    return;
  }
  item->batch->limited++;
  rb_ensure(pause_for, DBL2NUM(seconds), no_longer_limited, (VALUE)item->batch);
}

static VALUE fly(const ptb_transport *t, const ptb_call *call) {
  return ptb_flight_new(build_request(t, call), call->assistant_id ? call->assistant_id : Qnil, call->deadline, call->sink,
                        call->arg);
}

static VALUE first_flight(const ptb_transport *t, const ptb_call *call) {
  if (RTEST(call->begun)) {
    ptb_flight_finish(call->begun, call->deadline);
    return call->begun;
  }
  refuse_late(call);
  return fly(t, call);
}

static VALUE perform(VALUE self, const ptb_call *call) {
  const ptb_transport *t = ptb_transport_get(self);
  for (int attempt = 1;; attempt++) {
    VALUE flight = attempt == 1 ? first_flight(t, call) : fly(t, call);
    ptb_flight *f = ptb_flight_get(flight);
    f->attempts = attempt;
    if (!ptb_flight_failed(f)) return flight;
    ptn_retry_verdict verdict = judge(t, call, f);
    if (!verdict.retry || ptn_now() + verdict.wait >= call->deadline) return flight;
    if (!ptb_intercept_again(ptb_flight_ticket(flight), &verdict.wait)) return flight;
    ptb_observe_retry(self, call, flight, &verdict);
    if (verdict.wait > 0) wait_for_next_attempt(f, verdict.wait);
    RB_GC_GUARD(flight);
  }
}

VALUE ptb_transport_perform(VALUE self, const ptb_call *call) {
  return ptb_observed() ? ptb_observe_request(self, call, perform) : perform(self, call);
}

bool ptb_transport_can_begin(void) { return !ptb_observed() && !ptb_intercepted(); }

VALUE ptb_transport_begin(VALUE self, const ptb_call *call, ptb_item *item) {
  refuse_late(call);
  return ptb_flight_begin(build_request(ptb_transport_get(self), call), item, call->deadline);
}

static VALUE fire(VALUE exchange) {
  ptb_intercept_fire((ptn_exchange *)exchange);
  return Qnil;
}

void ptb_transport_fire(VALUE self, const ptb_call *call) {
  ptn_status status;
  ptn_request *request = build_request(ptb_transport_get(self), call);
  ptb_item *item = ptb_item_current();
  ptn_notifier *notifier = item ? ptn_notifier_retain(item->batch->notifier) : ptn_notifier_take(&status);
  if (!notifier) {
    ptn_request_free(request);
    return;
  }
  ptn_exchange *exchange = ptn_exchange_new(request, notifier, false);
  int raised = 0;
  if (exchange) rb_protect(fire, (VALUE)exchange, &raised);
  ptn_exchange_release(exchange);
  ptn_notifier_release(notifier);
  if (raised) rb_jump_tag(raised);
}
