#include "exchange.h"

#include <poll.h>

#include "headers.h"
#include "support.h"

/* An exchange without an engine: the test plays it. */
typedef struct {
  ptn_notifier *notifier;
  ptn_exchange *x;
} played;

enum { LIMIT = 1000 };

static played begin(bool stream, bool progress, int http_status) {
  ptn_status status;
  ptn_endpoint_options o = {.base_url = "http://a", .base_url_len = 8, .origin_len = 8, .max_body = LIMIT};
  ptn_endpoint *e = ptn_endpoint_new(&o);
  ptn_request *r = ptn_request_new(e, &(ptn_request_options){PTN_POST, stream, "/x", 2, NULL, 0, "{}", 2});
  played p = {.notifier = ptn_notifier_take(&status)};
  p.x = ptn_exchange_new(r, p.notifier, progress);
  p.x->http_status = http_status;
  ptn_endpoint_release(e);
  return p;
}

static void finish(played *p) {
  ptn_exchange_release(p->x);
  ptn_notifier_release(p->notifier);
}

static bool raised(const played *p) {
  struct pollfd poll_fd = {.fd = ptn_notifier_fd(p->notifier), .events = POLLIN};
  return poll(&poll_fd, 1, 0) == 1;
}

static bool receive(played *p, const char *text) {
  char *copy = exact_copy(text, strlen(text));
  bool ok = ptn_exchange_receive(p->x, copy, strlen(text));
  free(copy);
  return ok;
}

/* Takes what there is; `expected` are the records as "kind|event|data", each ended by a semicolon. */
static bool taken_records(played *p, const char *expected) {
  ptn_buffer inbox, text;
  ptn_record record;
  ptn_buffer_init(&inbox);
  ptn_buffer_init(&text);
  bool done = ptn_exchange_take(p->x, &inbox);
  for (size_t pos = 0; ptn_record_next(&inbox, &pos, &record);) {
    ptn_buffer_appendf(&text, "%s|%.*s|%.*s;", ptn_kind_name(record.kind), (int)record.event_len, record.event,
                       (int)record.data_len, record.data);
  }
  ptn_buffer_append(&text, "", 1);
  assert_string_equal(text.data, expected);
  ptn_buffer_free(&text);
  ptn_buffer_free(&inbox);
  return done;
}

static bool taken_body(played *p, const char *expected) {
  ptn_buffer body;
  ptn_buffer_init(&body);
  bool done = ptn_exchange_take(p->x, &body);
  ptn_buffer_append(&body, "", 1);
  assert_string_equal(body.data, expected);
  ptn_buffer_free(&body);
  return done;
}

static void test_plain_body(void **state) {
  (void)state;
  played p = begin(false, false, 200);
  assert_true(receive(&p, "{\"a\":"));
  ptn_exchange_publish(p.x);
  assert_false(raised(&p));
  assert_false(taken_body(&p, "")); /* nothing before the end */
  assert_true(receive(&p, "1}"));
  ptn_exchange_finish(p.x, PTN_OK);
  assert_true(raised(&p));
  assert_true(taken_body(&p, "{\"a\":1}"));
  assert_true(taken_body(&p, "")); /* given once; done stays */
  assert_int_equal(p.x->status, PTN_OK);
  assert_int_equal(p.x->body_kind, PTN_BODY_PLAIN);
  finish(&p);
}

static void test_progress(void **state) {
  (void)state;
  played p = begin(true, true, 200);
  assert_true(receive(&p, "event: thread.run.created\nda"));
  ptn_exchange_publish(p.x);
  assert_false(raised(&p)); /* no whole event yet */
  assert_true(receive(&p, "ta: {\"id\":1}\n\ndata: two\n\n"));
  assert_false(raised(&p));
  ptn_exchange_publish(p.x);
  assert_true(raised(&p));
  ptn_notifier_drain(p.notifier);
  assert_true(receive(&p, "event: done\ndata: [DONE]\n\n"));
  ptn_exchange_publish(p.x); /* not taken meanwhile: they are added */
  assert_false(taken_records(&p, "thread.run.created|thread.run.created|{\"id\":1};other||two;done|done|[DONE];"));
  assert_false(taken_records(&p, ""));
  assert_true(p.x->ended);
  ptn_exchange_finish(p.x, PTN_OK);
  assert_true(taken_records(&p, ""));
  finish(&p);
}

/* What is taken comes behind what the caller has from before. */
static void test_take_adds(void **state) {
  (void)state;
  ptn_buffer all;
  ptn_record record;
  int count = 0;
  played p = begin(true, true, 200);
  ptn_buffer_init(&all);
  for (int i = 0; i < 20; i++) {
    assert_true(receive(&p, "data: one\n\n"));
    ptn_exchange_publish(p.x);
    assert_false(ptn_exchange_take(p.x, &all));
  }
  ptn_exchange_finish(p.x, PTN_OK);
  assert_true(ptn_exchange_take(p.x, &all));
  for (size_t pos = 0; ptn_record_next(&all, &pos, &record); count++) assert_bytes(record.data, record.data_len, "one");
  assert_int_equal(count, 20);
  ptn_buffer_free(&all);
  finish(&p);
}

static void test_without_progress_events_come_at_the_end(void **state) {
  (void)state;
  played p = begin(true, false, 200);
  assert_true(receive(&p, "data: one\n\ndata: two\n\n"));
  ptn_exchange_publish(p.x);
  assert_false(raised(&p));
  assert_false(taken_records(&p, ""));
  assert_true(receive(&p, "data: three\n")); /* lacks its blank line */
  ptn_exchange_finish(p.x, PTN_OK);
  assert_true(raised(&p));
  assert_true(taken_records(&p, "other||one;other||two;other||three;"));
  finish(&p);
}

/* Where the body was cut, an event without its end may be cut too. */
static void test_broken_stream_keeps_whole_events_only(void **state) {
  (void)state;
  played p = begin(true, true, 200);
  assert_true(receive(&p, "data: one\n\ndata: tw\n"));
  ptn_exchange_finish(p.x, PTN_E_PARTIAL);
  assert_true(taken_records(&p, "other||one;"));
  assert_int_equal(p.x->status, PTN_E_PARTIAL);
  assert_false(p.x->ended);
  finish(&p);
}

static ptn_body_kind kind_of(bool stream, int http_status, const char *first, const char *second) {
  played p = begin(stream, false, http_status);
  assert_true(receive(&p, first));
  assert_true(receive(&p, second));
  ptn_body_kind kind = p.x->body_kind;
  ptn_exchange_finish(p.x, PTN_OK);
  finish(&p);
  return kind;
}

/* By what the bytes are: not by the content type, which servers get wrong. */
static void test_sniffing(void **state) {
  (void)state;
  assert_int_equal(kind_of(true, 200, "data: x\n\n", ""), PTN_BODY_EVENTS);
  assert_int_equal(kind_of(true, 201, "event: x\n\n", ""), PTN_BODY_EVENTS);
  assert_int_equal(kind_of(true, 200, ": comment\n\n", ""), PTN_BODY_EVENTS);
  assert_int_equal(kind_of(true, 200, "\xEF\xBB\xBF" "data: x\n\n", ""), PTN_BODY_EVENTS);
  assert_int_equal(kind_of(true, 200, " \r\n\t", "\n\ndata: x\n\n"), PTN_BODY_EVENTS);
  assert_int_equal(kind_of(true, 200, "{\"object\":\"thread.run\"}", ""), PTN_BODY_PLAIN);
  assert_int_equal(kind_of(true, 200, "\n \n", "  {}"), PTN_BODY_PLAIN);
  assert_int_equal(kind_of(true, 200, "[", "]"), PTN_BODY_PLAIN);
  assert_int_equal(kind_of(true, 200, "<html>", ""), PTN_BODY_PLAIN);
  assert_int_equal(kind_of(true, 500, "data: x\n\n", ""), PTN_BODY_PLAIN);
  assert_int_equal(kind_of(true, 302, "moved", ""), PTN_BODY_PLAIN);
  assert_int_equal(kind_of(false, 200, "data: x\n\n", ""), PTN_BODY_PLAIN);
  assert_int_equal(kind_of(true, 200, "", ""), PTN_BODY_UNKNOWN);
  assert_int_equal(kind_of(true, 200, " \n", "\n"), PTN_BODY_UNKNOWN);
}

static void test_blank_line_before_events_loses_none(void **state) {
  (void)state;
  played p = begin(true, false, 200);
  assert_true(receive(&p, "\r\n"));
  assert_true(receive(&p, "\r"));
  assert_true(receive(&p, "\ndata: one\r\n\r\n"));
  ptn_exchange_finish(p.x, PTN_OK);
  assert_true(taken_records(&p, "other||one;"));
  finish(&p);
}

static void test_limit(void **state) {
  (void)state;
  char block[LIMIT + 1];
  memset(block, 'x', sizeof block);

  played p = begin(false, false, 200);
  assert_true(ptn_exchange_receive(p.x, block, LIMIT));
  assert_false(p.x->too_large);
  assert_false(ptn_exchange_receive(p.x, block, 1));
  assert_true(p.x->too_large);
  finish(&p);

  p = begin(false, false, 200);
  assert_false(ptn_exchange_receive(p.x, block, LIMIT + 1));
  assert_true(p.x->too_large);
  finish(&p);
}

/* The limit is on the whole of a stream, taken or not; what came below it is there. */
static void test_limit_of_a_stream(void **state) {
  (void)state;
  played p = begin(true, true, 200);
  int fed = 0;
  while (receive(&p, "data: 0123456789\n\n")) {
    ptn_exchange_publish(p.x);
    ptn_buffer inbox;
    ptn_buffer_init(&inbox);
    ptn_exchange_take(p.x, &inbox);
    ptn_buffer_free(&inbox);
    fed++;
  }
  assert_int_equal(fed, LIMIT / 18);
  assert_true(p.x->too_large);
  finish(&p);
}

static void test_references(void **state) {
  (void)state;
  played p = begin(true, true, 200);
  assert_ptr_equal(ptn_exchange_retain(p.x), p.x);
  assert_true(receive(&p, "data: not taken\n\ndata: not whole"));
  ptn_exchange_publish(p.x);
  ptn_exchange_release(p.x);
  ptn_exchange_finish(p.x, PTN_E_CANCELLED);
  assert_true(raised(&p));
  assert_int_equal(p.x->status, PTN_E_CANCELLED);
  finish(&p); /* with everything in it */
  ptn_exchange_release(NULL);
}

static void test_records_with_any_bytes(void **state) {
  (void)state;
  played p = begin(true, false, 200);
  assert_true(ptn_exchange_receive(p.x, BYTES("event: \0\ndata: a\0b\n\ndata\n\n")));
  ptn_exchange_finish(p.x, PTN_OK);
  ptn_buffer inbox;
  ptn_record record;
  size_t pos = 0;
  ptn_buffer_init(&inbox);
  assert_true(ptn_exchange_take(p.x, &inbox));
  assert_true(ptn_record_next(&inbox, &pos, &record));
  assert_bytes(record.event, record.event_len, "\0");
  assert_bytes(record.data, record.data_len, "a\0b");
  assert_true(ptn_record_next(&inbox, &pos, &record));
  assert_int_equal(record.event_len, 0);
  assert_int_equal(record.data_len, 0);
  assert_false(ptn_record_next(&inbox, &pos, &record));
  assert_int_equal(pos, inbox.len);
  ptn_buffer_free(&inbox);
  finish(&p);
}

/* ---- answers that come from no server ---- */

static void answer(played *p, ptn_status status, int http_status, const char *body) {
  const char headers[] = "Content-Type: text/event-stream\r\nX-Request-Id: req_1\r\n";
  ptn_answer a = {.status = status, .http_status = http_status, .headers = headers, .headers_len = strlen(headers),
                  .body = body, .body_len = strlen(body), .error = "stubbed"};
  ptn_exchange_answer(p->x, &a);
}

static void test_answer_is_read_as_one_from_a_socket(void **state) {
  (void)state;
  played p = begin(true, true, 0);
  answer(&p, PTN_OK, 200, "event: thread.run.created\ndata: {}\n\nevent: done\ndata: [DONE]\n\n");
  assert_true(raised(&p));
  assert_int_equal(p.x->status, PTN_OK);
  assert_int_equal(p.x->http_status, 200);
  assert_int_equal(p.x->body_kind, PTN_BODY_EVENTS);
  assert_true(p.x->sent);
  const char *value;
  size_t len;
  assert_true(ptn_headers_find(p.x->headers.data, p.x->headers.len, "x-request-id", &value, &len));
  assert_true(taken_records(&p, "thread.run.created|thread.run.created|{};done|done|[DONE];"));
  finish(&p);
}

static void test_answer_that_breaks_off(void **state) {
  (void)state;
  played p = begin(true, false, 0);
  answer(&p, PTN_E_PARTIAL, 200, "event: thread.run.created\ndata: {}\n\nevent: thr");
  assert_int_equal(p.x->status, PTN_E_PARTIAL);
  assert_string_equal(p.x->error, "stubbed");
  assert_true(taken_records(&p, "thread.run.created|thread.run.created|{};"));
  finish(&p);
}

static void test_answer_over_the_limit(void **state) {
  (void)state;
  played p = begin(false, false, 0);
  char body[LIMIT + 2] = {0};
  memset(body, 'a', LIMIT + 1);
  answer(&p, PTN_OK, 200, body);
  assert_int_equal(p.x->status, PTN_E_TOO_LARGE);
  finish(&p);
}

static void test_no_answer_at_all(void **state) {
  (void)state;
  played p = begin(false, false, 0);
  answer(&p, PTN_E_CONNECT, 0, "");
  assert_int_equal(p.x->status, PTN_E_CONNECT);
  assert_int_equal(p.x->http_status, 0);
  assert_false(p.x->sent);
  finish(&p);
}

static void test_body_is_kept_where_it_is_wanted(void **state) {
  (void)state;
  played p = begin(true, true, 200);
  p.x->keeps = true;
  assert_true(receive(&p, "event: a\nda"));
  assert_true(receive(&p, "ta: 1\n\n"));
  ptn_exchange_finish(p.x, PTN_OK);
  assert_int_equal(p.x->kept.len, 18);
  assert_memory_equal(p.x->kept.data, "event: a\ndata: 1\n\n", 18);
  finish(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain_body),
      cmocka_unit_test(test_progress),
      cmocka_unit_test(test_take_adds),
      cmocka_unit_test(test_without_progress_events_come_at_the_end),
      cmocka_unit_test(test_broken_stream_keeps_whole_events_only),
      cmocka_unit_test(test_sniffing),
      cmocka_unit_test(test_blank_line_before_events_loses_none),
      cmocka_unit_test(test_limit),
      cmocka_unit_test(test_limit_of_a_stream),
      cmocka_unit_test(test_references),
      cmocka_unit_test(test_records_with_any_bytes),
      cmocka_unit_test(test_answer_is_read_as_one_from_a_socket),
      cmocka_unit_test(test_answer_that_breaks_off),
      cmocka_unit_test(test_answer_over_the_limit),
      cmocka_unit_test(test_no_answer_at_all),
      cmocka_unit_test(test_body_is_kept_where_it_is_wanted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
