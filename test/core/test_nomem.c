/* What the core does when memory runs out. This file brings its own ptn_buffer, whose realloc can be told to fail. */
#include "support.h"

static long allowed = -1; /* how many more calls succeed; < 0: all */
static bool only_once;    /* just one call fails, then they succeed again */
static size_t calls;

static void *failing_realloc(void *memory, size_t size) {
  calls++;
  if (allowed == 0) {
    if (only_once) allowed = -1;
    return NULL;
  }
  if (allowed > 0) allowed--;
  return realloc(memory, size);
}

#define realloc failing_realloc
#include "buffer.c"
#undef realloc

#include "exchange.h"
#include "redact.h"
#include "sse.h"
#include "text.h"

static bool count_only(void *arg, const char *event, size_t event_len, const char *data, size_t data_len) {
  (void)event, (void)event_len, (void)data, (void)data_len;
  ++*(size_t *)arg;
  return true;
}

static int reset(void **state) {
  (void)state;
  allowed = -1;
  only_once = false;
  calls = 0;
  return 0;
}

static void test_buffer_is_unchanged(void **state) {
  (void)state;
  ptn_buffer b;
  ptn_buffer_init(&b);
  allowed = 0;
  assert_false(ptn_buffer_append_str(&b, "x"));
  assert_null(b.data);
  assert_int_equal(b.len + b.cap, 0);
  allowed = 1;
  assert_true(ptn_buffer_append_str(&b, "kept"));
  char big[400];
  memset(big, 'x', sizeof big);
  assert_false(ptn_buffer_append(&b, big, sizeof big));
  assert_false(ptn_buffer_appendf(&b, "%300d", 1));
  assert_bytes(b.data, b.len, "kept");
  assert_int_equal(b.cap, 256);
  ptn_buffer_free(&b);
}

static ptn_status feed_in_threes(size_t *events) {
  static const char BODY[] = "event: e\ndata: one\ndata: two\n\nevent: f\ndata: three\n\n";
  ptn_sse sse;
  ptn_sse_init(&sse, 0, count_only, events);
  ptn_status status = PTN_OK;
  for (size_t at = 0; at < sizeof BODY - 1; at += 3) {
    size_t n = sizeof BODY - 1 - at < 3 ? sizeof BODY - 1 - at : 3;
    status = ptn_sse_feed(&sse, BODY + at, n);
  }
  assert_int_equal(ptn_sse_finish(&sse), status);
  ptn_sse_free(&sse);
  return status;
}

static void test_sse(void **state) {
  (void)state;
  size_t events = 0;
  assert_int_equal(feed_in_threes(&events), PTN_OK);
  assert_int_equal(events, 2);
  size_t needed = calls;
  assert_true(needed >= 3);
  for (size_t i = 0; i < 2 * needed; i++) {
    allowed = (long)(i / 2);
    only_once = i % 2;
    events = 0;
    assert_int_equal(feed_in_threes(&events), PTN_E_NOMEM);
    assert_true(events < 2);
  }
}

static void test_join_leaves_the_text(void **state) {
  (void)state;
  char bad[200];
  memset(bad, '\xFF', sizeof bad);
  /* 85 marks leave one byte of the first block: the mark, the text or the pair that comes next has to grow it. */
  static const char *const NEXT[] = {"\xFF\xFF\xFF", "text\xFF", "\xED\xA0\xBC\xED\xBC\x8D"};
  for (size_t i = 0; i < 6; i++) {
    ptn_buffer b;
    ptn_buffer_init(&b);
    allowed = -1;
    only_once = true;
    size_t len = strlen(NEXT[i / 2]);
    memcpy(bad + 85, NEXT[i / 2], len);
    assert_true(ptn_buffer_append(&b, bad, 85 + len));
    allowed = (long)(i % 2);
    assert_false(ptn_text_join(&b));
    assert_int_equal(b.len, 85 + len);
    assert_memory_equal(b.data, bad, 85 + len);
    allowed = -1;
    assert_true(ptn_text_join(&b));
    assert_true(b.len > 256);
    ptn_buffer_free(&b);
  }
}

static void test_redact_shows_nothing(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    ptn_buffer b;
    ptn_buffer_init(&b);
    allowed = -1;
    assert_true(ptn_buffer_append_str(&b, "Bearer sk-12345678"));
    allowed = i;
    bool ok = ptn_redact(&b, NULL, 0);
    assert_int_equal(ok, i == 2);
    if (!ok) assert_int_equal(b.len, 0);
    else assert_bytes(b.data, b.len, "Bearer [REDACTED]");
    ptn_buffer_free(&b);
  }
}

/* What had come stays where it is until there is memory; at the end that is an error, and not a shorter answer. */
static void test_exchange_is_taken_whole(void **state) {
  (void)state;
  ptn_status status;
  ptn_endpoint_options o = {.base_url = "http://x", .base_url_len = 8, .origin_len = 8, .max_body = 1 << 20};
  ptn_endpoint *e = ptn_endpoint_new(&o);
  ptn_request *request = ptn_request_new(e, &(ptn_request_options){.path = "/", .path_len = 1});
  ptn_notifier *notifier = ptn_notifier_take(&status);
  ptn_exchange *x = ptn_exchange_new(request, notifier, true);
  char big[400] = {0};
  ptn_buffer into;
  ptn_buffer_init(&into);
  assert_true(ptn_buffer_append_str(&into, "before"));
  assert_true(ptn_buffer_append(&x->inbox, big, sizeof big));
  allowed = 0;
  assert_false(ptn_exchange_take(x, &into));
  assert_bytes(into.data, into.len, "before");
  assert_int_equal(x->inbox.len, sizeof big);
  ptn_exchange_finish(x, PTN_OK);
  assert_true(ptn_exchange_take(x, &into));
  assert_int_equal(x->status, PTN_E_NOMEM);
  allowed = -1;
  assert_bytes(into.data, into.len, "before");
  ptn_buffer_free(&into);
  ptn_exchange_release(x);
  ptn_notifier_release(notifier);
  ptn_endpoint_release(e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_exchange_is_taken_whole, reset),
      cmocka_unit_test_setup(test_buffer_is_unchanged, reset),
      cmocka_unit_test_setup(test_sse, reset),
      cmocka_unit_test_setup(test_join_leaves_the_text, reset),
      cmocka_unit_test_setup(test_redact_shows_nothing, reset),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
