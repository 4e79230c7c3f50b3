#include <string.h>

#include "about.h"
#include "support.h"

static void test_names_libcurl(void **state) {
  (void)state;
  assert_int_equal(strncmp(ptn_about_libcurl(), "libcurl/", strlen("libcurl/")), 0);
}

static void test_the_bundle_is_a_path_where_there_is_one(void **state) {
  (void)state;
  const char *path = ptn_about_ca_file();
  if (path) assert_int_equal(path[0], '/');
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_libcurl),
      cmocka_unit_test(test_the_bundle_is_a_path_where_there_is_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
