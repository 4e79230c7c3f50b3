#include "support.h"

#include "json_scan.h"

static const char SAMPLE[] =
    " \n{\"id\" : \"run_1\",\"nested\":{\"status\":\"no\",\"a\":[{\"status\":\"no\"},\"]}\",\"\\\"}\"],\"o\":{}},"
    "\"list\":[\"status\",{\"status\":1}], \"n\":-1.5e3,\"t\":true,\"f\" : false ,\"z\":null,\"esc\":\"a\\\"b\","
    "\"slash\":\"a\\\\\",\"empty\":\"\",\"status\":\"queued\",\"status\":\"second\"}  ";

static void check_string(const char *json, const char *key, const char *expected) {
  size_t len = strlen(json), value_len = 77;
  char *copy = exact_copy(json, len);
  const char *value = NULL;
  bool found = ptn_json_top_string(copy, len, key, &value, &value_len);
  assert_int_equal(found, expected != NULL);
  if (expected) {
    assert_int_equal(value_len, strlen(expected));
    assert_memory_equal(value, expected, value_len);
  } else {
    assert_null(value);
    assert_int_equal(value_len, 77);
  }
  free(copy);
}

static void test_strings(void **state) {
  (void)state;
  check_string(SAMPLE, "id", "run_1");
  check_string(SAMPLE, "status", "queued");
  check_string(SAMPLE, "empty", "");
  check_string(SAMPLE, "esc", NULL);
  check_string(SAMPLE, "slash", NULL);
  check_string(SAMPLE, "n", NULL);
  check_string(SAMPLE, "a", NULL);
  check_string(SAMPLE, "stat", NULL);
  check_string(SAMPLE, "", NULL);
  check_string("{\"\":\"x\"}", "", "x");
  check_string("{\"a\":\"\xD0\x96\"}", "a", "\xD0\x96");
}

static void test_types(void **state) {
  (void)state;
  static const struct {
    const char *key;
    ptn_json_type type;
  } CASES[] = {{"id", PTN_JSON_STRING},   {"nested", PTN_JSON_OBJECT}, {"list", PTN_JSON_ARRAY},
               {"n", PTN_JSON_NUMBER},    {"t", PTN_JSON_TRUE},        {"f", PTN_JSON_FALSE},
               {"z", PTN_JSON_NULL},      {"esc", PTN_JSON_STRING},    {"slash", PTN_JSON_STRING},
               {"status", PTN_JSON_STRING}, {"o", PTN_JSON_NONE},      {"none", PTN_JSON_NONE}};
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    assert_int_equal(ptn_json_top_type(BYTES(SAMPLE), CASES[i].key), CASES[i].type);
  }
}

static void test_members_in_order(void **state) {
  (void)state;
  static const char JSON[] = "{\"a\":{\"x\":[1,2]},\"b\":[ {} ],\"c\":12 ,\"d\":\"q\\n\"}";
  ptn_json_scan scan;
  ptn_json_member m;
  ptn_json_scan_init(&scan, BYTES(JSON));
  assert_true(ptn_json_scan_next(&scan, &m));
  assert_bytes(m.key, m.key_len, "a");
  assert_bytes(m.value, m.value_len, "{\"x\":[1,2]}");
  assert_true(ptn_json_scan_next(&scan, &m));
  assert_true(ptn_json_key_is(&m, "b"));
  assert_false(ptn_json_key_is(&m, "bb"));
  assert_bytes(m.value, m.value_len, "[ {} ]");
  assert_true(ptn_json_scan_next(&scan, &m));
  assert_bytes(m.value, m.value_len, "12");
  assert_false(m.escaped);
  assert_true(ptn_json_scan_next(&scan, &m));
  assert_bytes(m.value, m.value_len, "q\\n");
  assert_true(m.escaped);
  assert_false(ptn_json_scan_next(&scan, &m));
  assert_false(ptn_json_scan_next(&scan, &m));
}

static void test_no_objects(void **state) {
  (void)state;
  static const char *const CASES[] = {
      "", " ", "null", "[]", "[{\"a\":\"x\"}]", "\"a\"", "[DONE]", "}{\"a\":\"x\"}",
      "{", "{}", "{a:1}", "{\"a", "{\"a\"", "{\"a\":", "{\"a\" \"x\"}", "{,\"a\":\"x\"}", "{\"b\":1 \"a\":\"x\"}",
      "{\"b\":,\"a\":\"x\"}", "{\"b\":nul,\"a\":\"x\"}", "{\"b\":{]", "{\"b\":[\"}", "{\"b\":\"\\",
      "{\"a\":\"x", "{\"a\":\"x\\\"}",
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) check_string(CASES[i], "a", NULL);
  ptn_json_scan scan;
  ptn_json_member member;
  ptn_json_scan_init(&scan, NULL, 0);
  assert_false(ptn_json_scan_next(&scan, &member));
}

static void test_a_cut_number_or_literal_is_not_taken(void **state) {
  (void)state;
  assert_int_equal(ptn_json_top_type(BYTES("{\"n\":12"), "n"), PTN_JSON_NONE);
  assert_int_equal(ptn_json_top_type(BYTES("{\"n\":null"), "n"), PTN_JSON_NONE);
  assert_int_equal(ptn_json_top_type(BYTES("{\"n\":null}"), "n"), PTN_JSON_NULL);
}

static void test_numbers_and_literals(void **state) {
  (void)state;
  assert_int_equal(ptn_json_top_type(BYTES("{\"a\":0}"), "a"), PTN_JSON_NUMBER);
  assert_int_equal(ptn_json_top_type(BYTES("{\"a\":9}"), "a"), PTN_JSON_NUMBER);
  assert_int_equal(ptn_json_top_type(BYTES("{\"a\":-9}"), "a"), PTN_JSON_NUMBER);
  assert_int_equal(ptn_json_top_type(BYTES("{\"a\":nope}"), "a"), PTN_JSON_NONE);
  assert_int_equal(ptn_json_top_type(BYTES("{\"a\":False}"), "a"), PTN_JSON_NONE);
}

static void test_stays_stopped(void **state) {
  (void)state;
  ptn_json_scan scan;
  ptn_json_member member;
  ptn_json_scan_init(&scan, BYTES("{\"b\":nul,\"a\":1}"));
  assert_false(ptn_json_scan_next(&scan, &member));
  assert_false(ptn_json_scan_next(&scan, &member));
}

static void test_backslashes(void **state) {
  (void)state;
  check_string("{\"x\":\"\\\\\",\"a\":\"1\"}", "a", "1");
  check_string("{\"x\":\"\\\\\\\"\",\"a\":\"1\"}", "a", "1");
  check_string("{\"x\":[\"\\\\\\\\\"],\"a\":\"1\"}", "a", "1");
  check_string("{\"x\\\"\":1,\"a\":\"1\"}", "a", "1");
  check_string("{\"x\":\"\\\",\\\"a\\\":\\\"no\\\"\",\"a\":\"1\"}", "a", "1");
}

static void test_cut_anywhere(void **state) {
  (void)state;
  size_t whole = sizeof SAMPLE - 1, found = 0;
  for (size_t len = 0; len <= whole; len++) {
    char *copy = exact_copy(SAMPLE, len);
    ptn_json_scan scan;
    ptn_json_member m;
    size_t members = 0;
    ptn_json_scan_init(&scan, copy, len);
    while (ptn_json_scan_next(&scan, &m)) {
      members++;
      assert_true(m.key >= copy && m.key + m.key_len <= copy + len);
      assert_true(m.value >= copy && m.value + m.value_len <= copy + len);
    }
    assert_true(members >= found);
    found = members;
    free(copy);
  }
  assert_int_equal(found, 12);
}

static void test_depth_costs_no_stack(void **state) {
  (void)state;
  enum { DEPTH = 1 << 20 };
  static const char START[] = "{\"x\":", END[] = ",\"a\":\"1\"}";
  ptn_buffer b;
  const char *value;
  size_t len;
  ptn_buffer_init(&b);
  assert_true(ptn_buffer_append(&b, BYTES(START)) && ptn_buffer_reserve(&b, 2 * DEPTH));
  memset(b.data + b.len, '[', DEPTH);
  memset(b.data + b.len + DEPTH, ']', DEPTH);
  b.len += 2 * DEPTH;
  assert_true(ptn_buffer_append(&b, BYTES(END)));
  assert_true(ptn_json_top_string(b.data, b.len, "a", &value, &len));
  assert_false(ptn_json_top_string(b.data, b.len - DEPTH, "a", &value, &len));
  ptn_buffer_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_members_in_order),
      cmocka_unit_test(test_no_objects),
      cmocka_unit_test(test_a_cut_number_or_literal_is_not_taken),
      cmocka_unit_test(test_numbers_and_literals),
      cmocka_unit_test(test_stays_stopped),
      cmocka_unit_test(test_backslashes),
      cmocka_unit_test(test_cut_anywhere),
      cmocka_unit_test(test_depth_costs_no_stack),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
