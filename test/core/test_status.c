#include "support.h"

#include "status.h"

static void test_names_and_texts(void **state) {
  (void)state;
  assert_int_equal(PTN_OK, 0);
  assert_string_equal(ptn_status_name(PTN_OK), "PTN_OK");
  assert_string_equal(ptn_status_name(PTN_E_CONNECT_TIMEOUT), "PTN_E_CONNECT_TIMEOUT");
  assert_string_equal(ptn_status_text(PTN_E_CONNECT), "could not connect");
  assert_non_null(strstr(ptn_status_text(PTN_E_FDS), "ulimit -n"));
}

static void test_every_status_has_its_own(void **state) {
  (void)state;
  for (int a = PTN_OK; a <= PTN_E_OTHER; a++) {
    const char *name = ptn_status_name((ptn_status)a), *text = ptn_status_text((ptn_status)a);
    assert_int_equal(strncmp(name, "PTN_", 4), 0);
    assert_string_not_equal(name, "PTN_UNKNOWN");
    assert_true(strlen(text) > 0 && text[strlen(text) - 1] != '.');
    for (int b = a + 1; b <= PTN_E_OTHER; b++) {
      assert_string_not_equal(name, ptn_status_name((ptn_status)b));
      assert_string_not_equal(text, ptn_status_text((ptn_status)b));
    }
  }
}

static void test_outside_the_list(void **state) {
  (void)state;
  assert_string_equal(ptn_status_name((ptn_status)99), "PTN_UNKNOWN");
  assert_string_equal(ptn_status_text((ptn_status)99), "unknown status");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_and_texts),
      cmocka_unit_test(test_every_status_has_its_own),
      cmocka_unit_test(test_outside_the_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
