#include "support.h"

static void test_starts_empty_and_grows_by_doubling(void **state) {
  (void)state;
  ptn_buffer b;
  ptn_buffer_init(&b);
  assert_null(b.data);
  assert_int_equal(b.cap, 0);

  assert_true(ptn_buffer_append(&b, "x", 1));
  assert_int_equal(b.cap, 256);
  for (int i = 0; i < 255; i++) assert_true(ptn_buffer_append(&b, "y", 1));
  assert_int_equal(b.cap, 256);
  assert_true(ptn_buffer_append(&b, "z", 1));
  assert_int_equal(b.cap, 512);
  assert_int_equal(b.len, 257);
  assert_int_equal(b.data[0], 'x');
  assert_int_equal(b.data[255], 'y');
  assert_int_equal(b.data[256], 'z');

  assert_true(ptn_buffer_reserve(&b, 5000));
  assert_int_equal(b.cap, 8192);
  assert_int_equal(b.len, 257);
  ptn_buffer_free(&b);
}

static void test_free_leaves_it_reusable(void **state) {
  (void)state;
  ptn_buffer b;
  ptn_buffer_init(&b);
  assert_true(ptn_buffer_append_str(&b, "one"));
  ptn_buffer_free(&b);
  assert_null(b.data);
  assert_int_equal(b.len, 0);
  assert_int_equal(b.cap, 0);
  assert_true(ptn_buffer_append_str(&b, "two"));
  assert_bytes(b.data, b.len, "two");
  ptn_buffer_free(&b);
  ptn_buffer_free(&b);
}

static void test_clear_keeps_the_memory(void **state) {
  (void)state;
  ptn_buffer b;
  ptn_buffer_init(&b);
  assert_true(ptn_buffer_append_str(&b, "one"));
  char *memory = b.data;
  ptn_buffer_clear(&b);
  assert_int_equal(b.len, 0);
  assert_true(ptn_buffer_append_str(&b, "two"));
  assert_ptr_equal(b.data, memory);
  ptn_buffer_free(&b);
}

static void test_swap(void **state) {
  (void)state;
  ptn_buffer a, b;
  ptn_buffer_init(&a);
  ptn_buffer_init(&b);
  assert_true(ptn_buffer_append_str(&a, "one"));
  ptn_buffer_swap(&a, &b);
  assert_int_equal(a.len, 0);
  assert_null(a.data);
  assert_bytes(b.data, b.len, "one");
  ptn_buffer_free(&a);
  ptn_buffer_free(&b);
}

static void test_refuses_sizes_that_overflow(void **state) {
  (void)state;
  ptn_buffer b;
  ptn_buffer_init(&b);
  assert_true(ptn_buffer_append_str(&b, "kept"));
  const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 3, SIZE_MAX - 4, SIZE_MAX / 2 + 1, SIZE_MAX / 2 - 3};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    assert_false(ptn_buffer_reserve(&b, sizes[i]));
    assert_false(ptn_buffer_append(&b, "x", sizes[i]));
  }
  assert_bytes(b.data, b.len, "kept");
  assert_int_equal(b.cap, 256);
  ptn_buffer_free(&b);
}

static void test_appends_nothing(void **state) {
  (void)state;
  ptn_buffer b;
  ptn_buffer_init(&b);
  assert_true(ptn_buffer_append(&b, NULL, 0));
  assert_true(ptn_buffer_append_str(&b, ""));
  assert_true(ptn_buffer_reserve(&b, 0));
  assert_null(b.data);
  ptn_buffer_free(&b);
}

static void test_appends_its_own_bytes(void **state) {
  (void)state;
  ptn_buffer b;
  ptn_buffer_init(&b);
  for (int i = 0; i < 256; i++) assert_true(ptn_buffer_append(&b, &"0123456789abcdef"[i % 16], 1));
  assert_int_equal(b.len, b.cap);
  assert_true(ptn_buffer_append(&b, b.data + 8, 248));
  assert_int_equal(b.len, 504);
  assert_memory_equal(b.data + 256, b.data + 8, 248);
  assert_true(ptn_buffer_append(&b, b.data, 504));
  assert_memory_equal(b.data + 504, b.data, 504);
  ptn_buffer_free(&b);
}

static void test_appendf(void **state) {
  (void)state;
  ptn_buffer b;
  ptn_buffer_init(&b);
  assert_true(ptn_buffer_appendf(&b, "%s-%d", "run", 7));
  assert_true(ptn_buffer_appendf(&b, "%s", ""));
  assert_true(ptn_buffer_appendf(&b, "%0300d", 1));
  assert_int_equal(b.len, 305);
  assert_memory_equal(b.data, "run-7000", 8);
  assert_int_equal(b.data[304], '1');
  ptn_buffer_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_starts_empty_and_grows_by_doubling),
      cmocka_unit_test(test_free_leaves_it_reusable),
      cmocka_unit_test(test_clear_keeps_the_memory),
      cmocka_unit_test(test_swap),
      cmocka_unit_test(test_refuses_sizes_that_overflow),
      cmocka_unit_test(test_appends_nothing),
      cmocka_unit_test(test_appends_its_own_bytes),
      cmocka_unit_test(test_appendf),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
