#include "retry.h"

static const double FIRST_WAIT = 0.5, LONGEST_WAIT = 8, LONGEST_ASKED_WAIT = 60, JITTER_SHARE = 0.25;

/* The server's own word counts, also when the rest of its answer was lost. */
static bool answered(const ptn_retry_question *q) {
  switch (q->status) {
    case PTN_OK:
      return true;
    case PTN_E_LOST:
    case PTN_E_PARTIAL:
    case PTN_E_PROTOCOL:
    case PTN_E_IDLE:
    case PTN_E_ENCODING:
      return q->http_status >= 300;
    default:
      return false;
  }
}

static bool failed_before_sending(ptn_status status) {
  switch (status) {
    case PTN_E_RESOLVE:
    case PTN_E_CONNECT:
    case PTN_E_CONNECT_TIMEOUT:
    case PTN_E_PROXY:
    case PTN_E_SEND:
      return true;
    default:
      return false;
  }
}

static bool lost(ptn_status status) {
  return status == PTN_E_LOST || status == PTN_E_PARTIAL || status == PTN_E_IDLE || status == PTN_E_PROTOCOL;
}

/* Answers after which trying again helps, sometimes. */
static bool passing_answer(int http_status) {
  return http_status == 408 || http_status == 409 || http_status == 429 || (http_status >= 500 && http_status <= 599);
}

/* Answers that come from the service itself, before it has done anything. */
static bool safe_answer(const ptn_retry_question *q) {
  return q->http_status == 429 || q->http_status == 503 || (q->http_status == 500 && q->api_error);
}

bool ptn_retry_ambiguous(const ptn_retry_question *q) {
  if (!q->creating || failed_before_sending(q->status)) return false;
  if (q->status == PTN_OK || q->http_status >= 300) {
    return q->http_status == 408 || (q->http_status >= 500 && !safe_answer(q));
  }
  if (q->http_status >= 200) return true; /* it was accepted, and the answer that says what came of it is lost */

  switch (q->status) {
    case PTN_E_LOST:
    case PTN_E_PARTIAL:
    case PTN_E_PROTOCOL:
    case PTN_E_ENCODING:
    case PTN_E_TOO_LARGE:
    case PTN_E_TIMEOUT:
    case PTN_E_IDLE:
    case PTN_E_CANCELLED:
    case PTN_E_STALE:
    case PTN_E_STOPPED:
    case PTN_E_OTHER:
      return true;
    default:
      return false;
  }
}

static const char *reason_of(const ptn_retry_question *q) {
  if (!answered(q)) return ptn_status_text(q->status);
  switch (q->http_status) {
    case 408:
      return "the server says that the request took too long";
    case 409:
      return "the server reports a conflict";
    case 429:
      return "the server limits the rate of requests";
    case 503:
      return "the server is overloaded";
    default:
      return q->http_status >= 500 ? "the server failed" : "the server's answer is final";
  }
}

/* NULL: it may be repeated as far as its outcome goes; else why not. */
static const char *objection(const ptn_retry_question *q) {
  if (q->final_error) return "the error is final";

  bool passing = answered(q) ? passing_answer(q->http_status) : failed_before_sending(q->status) || lost(q->status);
  if (!passing) return reason_of(q);
  if (!q->creating) return NULL;
  if (answered(q) ? safe_answer(q) : failed_before_sending(q->status)) return NULL;
  if (!ptn_retry_ambiguous(q)) return reason_of(q);
  return q->allow_ambiguous ? NULL : "the request may have been carried out";
}

static double own_wait(const ptn_retry_question *q, int attempt) {
  double wait = FIRST_WAIT;
  for (int i = 1; i < attempt && wait < LONGEST_WAIT; i++) wait *= 2;
  if (wait > LONGEST_WAIT) wait = LONGEST_WAIT;

  /* Written so that a NaN gives no jitter. */
  double jitter = q->jitter > 0 ? q->jitter : 0;
  if (jitter > 1) jitter = 1;
  return wait * (1 - JITTER_SHARE * jitter);
}

ptn_retry_verdict ptn_retry_decide(const ptn_retry_question *q) {
  ptn_retry_verdict verdict = {false, 0, objection(q)};
  if (verdict.reason) return verdict;

  bool patient = q->patient && answered(q) && q->http_status == 429;
  if (q->attempt > q->max_retries && !patient) {
    verdict.reason = "no retries are left";
  } else if (q->retry_after > LONGEST_ASKED_WAIT && !patient) {
    verdict.reason = "the server asks for a longer wait than 60 seconds";
  } else {
    verdict.retry = true;
    verdict.wait = q->retry_after >= 0 ? q->retry_after : own_wait(q, q->attempt);
    /* A server that goes on refusing in spite of its own word is not asked in a tight loop. */
    double least = q->attempt > q->max_retries ? own_wait(q, q->attempt - q->max_retries) : 0;
    if (verdict.wait < least) verdict.wait = least;
    verdict.reason = reason_of(q);
  }
  return verdict;
}
