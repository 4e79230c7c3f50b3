#include "endpoint.h"
#include "support.h"

static ptn_endpoint_options defaults(void) {
  return (ptn_endpoint_options){.base_url = "https://api.example:8443/v1///",
                                .base_url_len = 27,
                                .origin_len = 24,
                                .tls = true,
                                .verify_tls = true,
                                .connect_timeout_ms = 1500,
                                .idle_timeout_s = 7,
                                .max_body = 4096};
}

static void test_copies_what_it_is_given(void **state) {
  (void)state;
  ptn_endpoint_options o = defaults();
  char *url = exact_copy(o.base_url, o.base_url_len), *file = strdup("/ca.pem"), *path = strdup("/certs");
  char *proxy = strdup("http://proxy:3128"), *no_proxy = strdup("localhost");
  o.base_url = url;
  o.ca_file = file;
  o.ca_path = path;
  o.proxy = proxy;
  o.no_proxy = no_proxy;
  ptn_endpoint *e = ptn_endpoint_new(&o);
  assert_non_null(e);
  free(url);
  free(file);
  free(path);
  free(proxy);
  free(no_proxy);
  assert_string_equal(e->base_url, "https://api.example:8443/v1");
  assert_string_equal(e->ca_file, "/ca.pem");
  assert_string_equal(e->ca_path, "/certs");
  assert_string_equal(e->proxy, "http://proxy:3128");
  assert_string_equal(e->no_proxy, "localhost");
  assert_true(e->tls);
  assert_true(e->verify_tls);
  assert_int_equal(e->connect_timeout_ms, 1500);
  assert_int_equal(e->idle_timeout_s, 7);
  assert_int_equal(e->max_body, 4096);
  assert_null(e->headers);
  ptn_endpoint_release(e);
}

/* libcurl asks the environment where it is given NULL. */
static void test_no_proxy_is_empty_and_no_ca_is_null(void **state) {
  (void)state;
  ptn_endpoint_options o = defaults();
  ptn_endpoint *e = ptn_endpoint_new(&o);
  assert_string_equal(e->proxy, "");
  assert_string_equal(e->no_proxy, "");
  assert_null(e->ca_file);
  assert_null(e->ca_path);
  ptn_endpoint_release(e);
}

static char *origin_of(const ptn_endpoint_options *o) {
  ptn_endpoint *e = ptn_endpoint_new(o);
  char *origin = strdup(e->origin);
  ptn_endpoint_release(e);
  return origin;
}

/* What separates connections makes another origin; what does not (path, limits) leaves it the same. */
static void test_origin(void **state) {
  (void)state;
  ptn_endpoint_options variants[9];
  for (size_t i = 0; i < 9; i++) variants[i] = defaults();
  variants[1].base_url_len = 25; /* another path: the same origin as the first */
  variants[1].max_body = 1;
  variants[2].base_url = "https://api.example:8444/v1";
  variants[3].base_url = "https://abi.example:8443/v1";
  variants[4].proxy = "http://p:1";
  variants[5].ca_file = "/p";
  variants[6].ca_path = "/p";
  variants[7].verify_tls = false;
  variants[8].base_url = "httpx://api.example:8443/v1";

  char *origins[9];
  for (size_t i = 0; i < 9; i++) origins[i] = origin_of(&variants[i]);
  assert_string_equal(origins[0], origins[1]);
  for (size_t i = 1; i < 9; i++) {
    for (size_t j = i + 1; j < 9; j++) assert_string_not_equal(origins[i], origins[j]);
  }
  for (size_t i = 0; i < 9; i++) free(origins[i]);
}

static void test_headers(void **state) {
  (void)state;
  ptn_endpoint_options o = defaults();
  ptn_endpoint *e = ptn_endpoint_new(&o);
  char *value = exact_copy("Bearer sk-x", 11);
  assert_true(ptn_endpoint_add_header(e, "Authorization", 13, value, 11));
  free(value);
  assert_true(ptn_endpoint_add_header(e, BYTES("X-Empty"), BYTES("")));
  size_t with_two = ptn_endpoint_size(e);

  assert_string_equal(e->headers->data, "X-Empty;"); /* sent as "X-Empty:" */
  assert_string_equal(e->headers->next->data, "Authorization: Bearer sk-x");
  assert_null(e->headers->next->next);
  assert_true(ptn_endpoint_add_header(e, BYTES("A"), BYTES("b")));
  assert_true(ptn_endpoint_size(e) > with_two);
  ptn_endpoint_release(e);
}

static void test_references(void **state) {
  (void)state;
  ptn_endpoint_options o = defaults();
  ptn_endpoint *e = ptn_endpoint_new(&o);
  assert_ptr_equal(ptn_endpoint_retain(e), e);
  ptn_endpoint_release(e);
  assert_string_equal(e->base_url, "https://api.example:8443/v1");
  ptn_endpoint_release(e);
  ptn_endpoint_release(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_copies_what_it_is_given),
      cmocka_unit_test(test_no_proxy_is_empty_and_no_ca_is_null),
      cmocka_unit_test(test_origin),
      cmocka_unit_test(test_headers),
      cmocka_unit_test(test_references),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
