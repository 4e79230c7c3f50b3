#include "support.h"

#include "headers.h"

static const char BLOCK[] =
    "HTTP/1.1 200 Fine: really\r\n"
    "Content-Type:text/event-stream; charset=utf-8\r\n"
    "X-Request-Id: \t req_1 \t \r\n"
    "Empty:\r\n"
    "no colon here\r\n"
    "bad name: x\r\n"
    " folded: x\r\n"
    ": nameless\r\n"
    "Set-Thing: a: b\n"
    "retry-after: 1\r\n"
    "Retry-After: 2\r\n"
    "\r\n";

static void check_find(const char *block, size_t len, const char *name, const char *expected) {
  char *copy = exact_copy(block, len);
  const char *value = NULL;
  size_t value_len = 77;
  assert_int_equal(ptn_headers_find(copy, len, name, &value, &value_len), expected != NULL);
  if (expected) {
    assert_int_equal(value_len, strlen(expected));
    assert_memory_equal(value, expected, value_len);
  } else {
    assert_null(value);
    assert_int_equal(value_len, 77);
  }
  free(copy);
}

static void test_find(void **state) {
  (void)state;
  check_find(BYTES(BLOCK), "content-type", "text/event-stream; charset=utf-8");
  check_find(BYTES(BLOCK), "CONTENT-TYPE", "text/event-stream; charset=utf-8");
  check_find(BYTES(BLOCK), "x-request-id", "req_1");
  check_find(BYTES(BLOCK), "empty", "");
  check_find(BYTES(BLOCK), "set-thing", "a: b");
  check_find(BYTES(BLOCK), "Retry-After", "1");
  check_find(BYTES(BLOCK), "content", NULL);
  check_find(BYTES(BLOCK), "content-type-x", NULL);
  check_find(BYTES(BLOCK), "", NULL);
  check_find(BYTES(BLOCK), "folded", NULL);
  check_find(BYTES(BLOCK), "HTTP/1.1 200 Fine", NULL);
  check_find(BYTES(""), "a", NULL);
  check_find(BYTES("A: x"), "a", "x");
  check_find(BYTES("A:"), "a", "");
  check_find(BYTES("AZaz[: x\r\nAZaz: y"), "azAZ", "y");
  check_find(BYTES("A"), "a", NULL);
  check_find(BYTES("HTTP/2 200\r\na: x\r\n\r\n"), "a", "x");
  assert_false(ptn_headers_find(NULL, 0, "a", NULL, NULL));
}

static void test_next(void **state) {
  (void)state;
  static const char *const EXPECTED[] = {"Content-Type", "X-Request-Id", "Empty",
                                         "Set-Thing",    "retry-after",  "Retry-After"};
  const char *name, *value;
  size_t pos = 0, name_len, value_len, count = 0;
  while (ptn_headers_next(BYTES(BLOCK), &pos, &name, &name_len, &value, &value_len)) {
    assert_true(count < sizeof EXPECTED / sizeof *EXPECTED);
    assert_int_equal(name_len, strlen(EXPECTED[count]));
    assert_memory_equal(name, EXPECTED[count], name_len);
    count++;
  }
  assert_int_equal(count, 6);
  assert_int_equal(pos, sizeof BLOCK - 1);
}

static void test_cut_anywhere(void **state) {
  (void)state;
  for (size_t len = 0; len < sizeof BLOCK; len++) {
    char *copy = exact_copy(BLOCK, len);
    const char *name, *value;
    size_t pos = 0, name_len, value_len;
    while (ptn_headers_next(copy, len, &pos, &name, &name_len, &value, &value_len)) {
      assert_true(name >= copy && name + name_len < value && value + value_len <= copy + len);
    }
    free(copy);
  }
}

static void test_names(void **state) {
  (void)state;
  assert_true(ptn_header_name_ok(BYTES("OpenAI-Beta")));
  assert_true(ptn_header_name_ok(BYTES("!#$%&'*+-.^_`|~09azAZ")));
  assert_false(ptn_header_name_ok(BYTES("")));
  const char BAD[] = " \t\r\n\0():;<=>?@[\\]{}/,\"\x7f\x80\xff\x01";
  for (size_t i = 0; i < sizeof BAD - 1; i++) {
    const char name[] = {'a', BAD[i], 'b'};
    assert_false(ptn_header_name_ok(name, sizeof name));
    assert_false(ptn_header_name_ok(&BAD[i], 1));
  }
}

static void test_values(void **state) {
  (void)state;
  assert_true(ptn_header_value_ok(BYTES("")));
  assert_true(ptn_header_value_ok(BYTES("Bearer sk-x \t \"quoted\" \xC3\xA9 \xFF~")));
  for (int c = 0; c < 256; c++) {
    const char value[] = {'a', (char)c};
    bool bad = (c < 0x20 && c != '\t') || c == 0x7F;
    assert_int_equal(ptn_header_value_ok(value, sizeof value), !bad);
    assert_int_equal(ptn_header_value_ok(value + 1, 1), !bad);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_find),  cmocka_unit_test(test_next),   cmocka_unit_test(test_cut_anywhere),
      cmocka_unit_test(test_names), cmocka_unit_test(test_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
