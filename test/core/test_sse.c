#include "support.h"

#include <time.h>

#include "sse.h"
#include "sse_reference.h"

/* Events are noted as "<name>|<data>;" so that lists of them can be compared. */
typedef struct {
  ptn_buffer events;
  size_t count, stop_after;
  const char *inside, *inside_end; /* when set, data must point in here */
} record;

static bool note(void *arg, const char *event, size_t event_len, const char *data, size_t data_len) {
  record *r = arg;
  if (r->inside) assert_true(data >= r->inside && data + data_len <= r->inside_end);
  reference_note(&r->events, event, event_len, data, data_len);
  return ++r->count != r->stop_after;
}

static void feed_copy(ptn_sse *sse, const char *bytes, size_t n, ptn_status expected) {
  /* A copy that is gone at once: nothing may point into a chunk that is over. */
  char *copy = exact_copy(bytes, n);
  assert_int_equal(ptn_sse_feed(sse, copy, n), expected);
  free(copy);
}

/* Cuts the body before each offset of `cuts`; `finish` also ends it. */
static void parse(record *r, const char *body, size_t len, const size_t *cuts, size_t count, bool finish) {
  ptn_sse sse;
  memset(r, 0, sizeof *r);
  ptn_sse_init(&sse, 0, note, r);
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    feed_copy(&sse, body + at, cuts[i] - at, PTN_OK);
    at = cuts[i];
  }
  feed_copy(&sse, body + at, len - at, PTN_OK);
  if (finish) assert_int_equal(ptn_sse_finish(&sse), PTN_OK);
  ptn_sse_free(&sse);
}

static void check_same(const record *r, const ptn_buffer *expected) {
  assert_int_equal(r->events.len, expected->len);
  if (expected->len) assert_memory_equal(r->events.data, expected->data, expected->len);
}

/* Whole, cut at every boundary, and byte by byte. */
static void check_every_cut(const char *body, size_t len, const ptn_buffer *expected) {
  record r;
  for (size_t cut = 0; cut <= len; cut++) {
    parse(&r, body, len, &cut, 1, true);
    check_same(&r, expected);
    ptn_buffer_free(&r.events);
  }
  size_t *cuts = malloc((len + 1) * sizeof *cuts);
  assert_non_null(cuts);
  for (size_t i = 0; i < len; i++) cuts[i] = i;
  parse(&r, body, len, cuts, len, true);
  check_same(&r, expected);
  ptn_buffer_free(&r.events);
  free(cuts);
}

static void test_streams(void **state) {
  (void)state;
  static const struct {
    const char *body;
    size_t len;
    const char *events;
    size_t events_len;
  } CASES[] = {
#define CASE(body, events) {body, sizeof body - 1, events, sizeof events - 1}
      CASE("", ""),
      CASE("\n\n\n", ""),
      CASE("data: one\n\n", "|one;"),
      CASE("event: e\ndata: one\n\n", "e|one;"),
      CASE("data: one\nevent: e\n\n", "e|one;"),
      CASE("event: e\r\ndata: one\r\n\r\ndata: two\r\n\r\n", "e|one;|two;"),
      CASE("event: e\rdata: one\r\rdata: two\r\r", "e|one;|two;"),
      CASE("event: e\rdata: one\n\r\ndata: two\r\n\n", "e|one;|two;"),
      CASE("\xEF\xBB\xBF" "data: bom\n\n", "|bom;"),
      CASE("\xEF\xBB\xBF\n" "data: bom\n\n", "|bom;"),
      CASE("\xEF\xBB\xBF\xEF\xBB\xBF" "data: two boms\n\ndata: x\n\n", "|x;"),
      CASE("data: x\n\n\xEF\xBB\xBF" "data: later bom\n\n", "|x;"),
      CASE(": comment\ndata: one\n:\n:data: no\n\n", "|one;"),
      CASE("data:tight\n\ndata:  two spaces\n\ndata:\ttab\n\n", "|tight;| two spaces;|\ttab;"),
      CASE("data: a\ndata: b\ndata:\ndata: c\n\n", "|a\nb\n\nc;"),
      CASE("data\n\ndata\ndata\n\ndata:\n\n", "|;|\n;|;"),
      CASE("event: e\n\ndata: x\n\n", "|x;"),
      CASE("event: e\nevent: f\ndata: x\n\n", "f|x;"),
      CASE("event: e\nevent\ndata: x\n\n", "|x;"),
      CASE("event:e\ndata: x\n\n", "e|x;"),
      CASE("id: 1\nretry: 5\nfoo: bar\nfoo\ndata: x\n\n", "|x;"),
      CASE("Data: no\n data: no\ndatax: no\ndat: no\neventx: no\ndata: x\n\n", "|x;"),
      CASE("data: {\"a\": \"b: c\"}\n\n", "|{\"a\": \"b: c\"};"),
      CASE("data: a\0b\0\n\nevent: \0\ndata:\0\n\n", "|a\0b\0;\0|\0;"),
      CASE("data: one\n\ndata: two\n", "|one;|two;"),
      CASE("data: one\n\ndata: two", "|one;"),
      CASE("data: one\n\ndata: two\ndata: thr", "|one;"),
      CASE("data: one\n\nevent: e\ndata: two\r", "|one;e|two;"),
      CASE("data: one\n\nevent: e\n", "|one;"),
      CASE("data: \xF0\x9F\x98\x80\n\n", "|\xF0\x9F\x98\x80;"),
#undef CASE
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    ptn_buffer expected;
    ptn_buffer_init(&expected);
    assert_true(ptn_buffer_append(&expected, CASES[i].events, CASES[i].events_len));
    check_every_cut(CASES[i].body, CASES[i].len, &expected);
    ptn_buffer_free(&expected);
  }
}

static void test_dispatches_as_soon_as_it_can(void **state) {
  (void)state;
  record r;
  parse(&r, BYTES("data: x\n\n"), NULL, 0, false);
  assert_int_equal(r.count, 1);
  ptn_buffer_free(&r.events);
  parse(&r, BYTES("data: x\r\n\r"), NULL, 0, false);
  assert_int_equal(r.count, 1);
  ptn_buffer_free(&r.events);
  parse(&r, BYTES("data: x\n"), NULL, 0, false);
  assert_int_equal(r.count, 0);
  ptn_buffer_free(&r.events);
}

static void test_copies_nothing_when_the_chunk_holds_the_event(void **state) {
  (void)state;
  static const char BODY[] = "event: e\ndata: one\n\ndata: two\n\n: c\r\ndata: three\r\n\r\n";
  record r;
  ptn_sse sse;
  memset(&r, 0, sizeof r);
  r.inside = BODY;
  r.inside_end = BODY + sizeof BODY - 1;
  ptn_sse_init(&sse, 0, note, &r);
  assert_int_equal(ptn_sse_feed(&sse, BYTES(BODY)), PTN_OK);
  assert_int_equal(r.count, 3);
  assert_int_equal(sse.line.cap + sse.data.copy.cap + sse.event.copy.cap, 0);
  ptn_sse_free(&sse);
  ptn_buffer_free(&r.events);
}

static void test_sink_stops(void **state) {
  (void)state;
  record r;
  ptn_sse sse;
  memset(&r, 0, sizeof r);
  r.stop_after = 2;
  ptn_sse_init(&sse, 0, note, &r);
  feed_copy(&sse, BYTES("data: 1\n\ndata: 2\n\ndata: 3\n\n"), PTN_E_CANCELLED);
  feed_copy(&sse, BYTES("data: 4\n\n"), PTN_E_CANCELLED);
  assert_int_equal(ptn_sse_finish(&sse), PTN_E_CANCELLED);
  assert_bytes(r.events.data, r.events.len, "|1;|2;");
  ptn_sse_free(&sse);
  ptn_buffer_free(&r.events);
}

static void test_sink_stops_at_the_finish(void **state) {
  (void)state;
  record r;
  ptn_sse sse;
  memset(&r, 0, sizeof r);
  r.stop_after = 1;
  ptn_sse_init(&sse, 0, note, &r);
  feed_copy(&sse, BYTES("data: 1\n"), PTN_OK);
  assert_int_equal(ptn_sse_finish(&sse), PTN_E_CANCELLED);
  ptn_sse_free(&sse);
  ptn_buffer_free(&r.events);
}

static void test_finish_twice(void **state) {
  (void)state;
  record r;
  ptn_sse sse;
  memset(&r, 0, sizeof r);
  ptn_sse_init(&sse, 0, note, &r);
  feed_copy(&sse, BYTES("data: 1\n"), PTN_OK);
  assert_int_equal(ptn_sse_finish(&sse), PTN_OK);
  assert_int_equal(ptn_sse_finish(&sse), PTN_OK);
  assert_int_equal(r.count, 1);
  ptn_sse_free(&sse);
  ptn_buffer_free(&r.events);
}

/* With the limit 10: what must be refused at the latest after the last byte, whatever the cut; and what must not. */
static void check_limit(const char *body, size_t len, ptn_status expected, size_t events) {
  for (size_t cut = 0; cut <= len; cut++) {
    record r;
    ptn_sse sse;
    memset(&r, 0, sizeof r);
    ptn_sse_init(&sse, 10, note, &r);
    ptn_status status = ptn_sse_feed(&sse, body, cut);
    if (status == PTN_OK) status = ptn_sse_feed(&sse, body + cut, len - cut);
    assert_int_equal(status, expected);
    assert_int_equal(ptn_sse_feed(&sse, "\n\n", 2), expected);
    assert_int_equal(ptn_sse_finish(&sse), expected);
    assert_int_equal(r.count, events);
    ptn_sse_free(&sse);
    ptn_buffer_free(&r.events);
  }
}

static void test_limits(void **state) {
  (void)state;
  check_limit(BYTES("data: 1234\n\n"), PTN_OK, 1);
  check_limit(BYTES("data: 12345\n\n"), PTN_E_TOO_LARGE, 0);
  check_limit(BYTES("data: x\n\ndata: 12345"), PTN_E_TOO_LARGE, 1);
  check_limit(BYTES(": comment x"), PTN_E_TOO_LARGE, 0);
  check_limit(BYTES(": comment\n: comment\n: comment\n: comment\n"), PTN_OK, 0);
  check_limit(BYTES("data:12345\ndata:6789\n\n"), PTN_OK, 1);
  check_limit(BYTES("data:12345\ndata:67890\n\n"), PTN_E_TOO_LARGE, 0);
  check_limit(BYTES("data\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\n\n"), PTN_OK, 1);
  check_limit(BYTES("data\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\n\n"), PTN_E_TOO_LARGE, 0);
}

static const char *const PIECES[] = {"data",   "event", ":",    " ",   "\n", "\r",         "\r\n",    "x",
                                     "data: ", "\n\n",  "id:1", "::", "\t", "\xEF\xBB\xBF", "data:y\n", "event: e\n"};

static void test_random_streams_against_the_reference(void **state) {
  (void)state;
  test_random random = {1};
  for (int round = 0; round < 20000; round++) {
    ptn_buffer body, expected;
    size_t cuts[8], count = random_below(&random, 8), pieces = random_below(&random, 30), from = 0;
    ptn_buffer_init(&body);
    ptn_buffer_init(&expected);
    for (size_t i = 0; i < pieces; i++) {
      const char *piece = PIECES[random_below(&random, sizeof PIECES / sizeof *PIECES)];
      assert_true(ptn_buffer_append_str(&body, piece));
      if (random_below(&random, 20) == 0) assert_true(ptn_buffer_append(&body, "", 1));
    }
    for (size_t i = 0; i < count; i++) from = cuts[i] = from + random_below(&random, body.len - from + 1);
    const char *bytes = body.len ? body.data : "";

    record r;
    reference_parse(bytes, body.len, &expected);
    parse(&r, bytes, body.len, cuts, count, true);
    check_same(&r, &expected);
    ptn_buffer_free(&r.events);
    ptn_buffer_free(&body);
    ptn_buffer_free(&expected);
  }
}

static void check_real_stream(const char *body, size_t len) {
  ptn_buffer expected;
  ptn_buffer_init(&expected);
  size_t events = reference_parse(body, len, &expected);
  assert_true(events >= 9);
  check_every_cut(body, len, &expected);
  ptn_buffer_free(&expected);
}

static void test_real_streams(void **state) {
  (void)state;
  size_t count = each_shared_stream(check_real_stream);
  if (count == 0) skip();
  assert_int_equal(count, 9);
}

static bool count_only(void *arg, const char *event, size_t event_len, const char *data, size_t data_len) {
  (void)event, (void)event_len, (void)data, (void)data_len;
  ++*(size_t *)arg;
  return true;
}

static void test_time_is_linear(void **state) {
  (void)state;
  enum { SIZE = 2 << 20, SECONDS = 20 }; /* with a rescan for each line or byte, minutes */
  char *bytes = malloc(SIZE);
  assert_non_null(bytes);
  clock_t start = clock();
  size_t events = 0;
  ptn_sse sse;

  memset(bytes, 'x', SIZE);
  ptn_sse_init(&sse, 0, count_only, &events);
  for (size_t i = 0; i < SIZE; i++) assert_int_equal(ptn_sse_feed(&sse, bytes + i, 1), PTN_OK);
  ptn_sse_free(&sse);

  /* An event with much data that stays open, while comments come byte by byte. */
  ptn_sse_init(&sse, 0, count_only, &events);
  assert_int_equal(ptn_sse_feed(&sse, BYTES("data:")), PTN_OK);
  assert_int_equal(ptn_sse_feed(&sse, bytes, SIZE), PTN_OK);
  for (size_t i = 0; i < SIZE; i++) assert_int_equal(ptn_sse_feed(&sse, &"\n:"[i % 2], 1), PTN_OK);
  ptn_sse_free(&sse);

  memset(bytes, '\r', SIZE);
  ptn_sse_init(&sse, 0, count_only, &events);
  assert_int_equal(ptn_sse_feed(&sse, bytes, SIZE), PTN_OK);
  ptn_sse_free(&sse);

  memset(bytes, '\n', SIZE);
  ptn_sse_init(&sse, 0, count_only, &events);
  assert_int_equal(ptn_sse_feed(&sse, bytes, SIZE), PTN_OK);
  ptn_sse_free(&sse);

  for (size_t i = 0; i < SIZE; i++) bytes[i] = "data\n"[i % 5];
  ptn_sse_init(&sse, 0, count_only, &events);
  for (size_t i = 0; i < SIZE; i += 64) assert_int_equal(ptn_sse_feed(&sse, bytes + i, 64), PTN_OK);
  ptn_sse_free(&sse);

  assert_int_equal(events, 0);
  assert_true((clock() - start) / CLOCKS_PER_SEC < SECONDS);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_streams),
      cmocka_unit_test(test_dispatches_as_soon_as_it_can),
      cmocka_unit_test(test_copies_nothing_when_the_chunk_holds_the_event),
      cmocka_unit_test(test_sink_stops),
      cmocka_unit_test(test_sink_stops_at_the_finish),
      cmocka_unit_test(test_finish_twice),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_random_streams_against_the_reference),
      cmocka_unit_test(test_real_streams),
      cmocka_unit_test(test_time_is_linear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
