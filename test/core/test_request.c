#include "request.h"
#include "support.h"

static ptn_endpoint *new_endpoint(void) {
  ptn_endpoint_options o = {
      .base_url = "http://127.0.0.1:3000/v1/", .base_url_len = 24, .origin_len = 21, .max_body = 1};
  ptn_endpoint *e = ptn_endpoint_new(&o);
  assert_non_null(e);
  assert_true(ptn_endpoint_add_header(e, BYTES("Authorization"), BYTES("Bearer sk-x")));
  return e;
}

static bool has_header(const ptn_request *r, const char *line) {
  int found = 0;
  for (const struct curl_slist *h = r->headers; h; h = h->next) found += strcmp(h->data, line) == 0;
  assert_true(found <= 1);
  return found == 1;
}

static int header_count(const ptn_request *r) {
  int count = 0;
  for (const struct curl_slist *h = r->headers; h; h = h->next) count++;
  return count;
}

static void test_get(void **state) {
  (void)state;
  ptn_endpoint *e = new_endpoint();
  ptn_request *r = ptn_request_new(e, &(ptn_request_options){.method = PTN_GET, .path = "/models?a=b", .path_len = 11});
  assert_string_equal(r->url, "http://127.0.0.1:3000/v1/models?a=b");
  assert_null(r->body);
  assert_int_equal(r->body_len, 0);
  assert_true(has_header(r, "Expect:"));
  assert_true(has_header(r, "Authorization: Bearer sk-x"));
  assert_int_equal(header_count(r), 2);
  assert_false(ptn_request_creates(r));
  ptn_request_free(r);
  ptn_endpoint_release(e);
}

/* The caller may free all of it at once, and its own reference to the endpoint too. */
static void test_owns_its_bytes(void **state) {
  (void)state;
  ptn_endpoint *e = new_endpoint();
  char *path = exact_copy("/threads", 8), *body = exact_copy("{\"a\":\"\0\"}", 9);
  char *name = exact_copy("OpenAI-Beta", 11), *value = exact_copy("assistants=v2", 13);
  ptn_header headers[] = {{name, value, 11, 13}, {"X-Empty", "", 7, 0}};
  ptn_request *r = ptn_request_new(
      e, &(ptn_request_options){PTN_POST, true, path, 8, headers, 2, body, 9});
  ptn_endpoint_release(e);
  free(path);
  free(body);
  free(name);
  free(value);

  assert_string_equal(r->url, "http://127.0.0.1:3000/v1/threads");
  assert_bytes(r->body, r->body_len, "{\"a\":\"\0\"}");
  assert_true(r->stream);
  assert_true(has_header(r, "Expect:"));
  assert_true(has_header(r, "Content-Type: application/json"));
  assert_true(has_header(r, "Accept: text/event-stream, application/json"));
  assert_true(has_header(r, "OpenAI-Beta: assistants=v2"));
  assert_true(has_header(r, "X-Empty;"));
  assert_true(has_header(r, "Authorization: Bearer sk-x"));
  assert_int_equal(header_count(r), 6);
  ptn_request_free(r);
}

/* A body of no bytes is a body; its request says what it would be. */
static void test_empty_body(void **state) {
  (void)state;
  ptn_endpoint *e = new_endpoint();
  ptn_request_options o = {.method = PTN_POST, .path = "/x", .path_len = 2, .body = ""};
  ptn_request *r = ptn_request_new(e, &o);
  assert_non_null(r->body);
  assert_int_equal(r->body_len, 0);
  assert_true(has_header(r, "Content-Type: application/json"));
  ptn_request_free(r);
  ptn_endpoint_release(e);
}

/* Whoever names the type of a body has it sent as that, and not as JSON too. */
static void test_type_of_its_own(void **state) {
  (void)state;
  ptn_endpoint *e = new_endpoint();
  ptn_header headers[] = {{"X-Content-Type", "x", 14, 1}, {"content-TYPE", "text/plain", 12, 10}};
  ptn_request_options o = {.method = PTN_POST, .path = "/x", .path_len = 2, .body = "\0\r\n", .body_len = 3,
                           .headers = headers, .header_count = 1};
  ptn_request *json = ptn_request_new(e, &o);
  assert_true(has_header(json, "Content-Type: application/json"));
  o.header_count = 2;
  ptn_request *r = ptn_request_new(e, &o);
  assert_true(has_header(r, "content-TYPE: text/plain"));
  assert_false(has_header(r, "Content-Type: application/json"));
  assert_bytes(r->body, r->body_len, "\0\r\n");
  ptn_request_free(json);
  ptn_request_free(r);
  ptn_endpoint_release(e);
}

static void test_which_create(void **state) {
  (void)state;
  ptn_endpoint *e = new_endpoint();
  static const ptn_method methods[] = {PTN_GET, PTN_POST, PTN_DELETE};
  static const bool create[] = {false, true, false};
  for (size_t i = 0; i < 3; i++) {
    ptn_request *r = ptn_request_new(e, &(ptn_request_options){.method = methods[i], .path = "/x", .path_len = 2});
    assert_int_equal(ptn_request_creates(r), create[i]);
    ptn_request_free(r);
  }
  ptn_endpoint_release(e);
}

static void test_two_share_the_endpoints_headers(void **state) {
  (void)state;
  ptn_endpoint *e = new_endpoint();
  ptn_request_options o = {.method = PTN_POST, .path = "/x", .path_len = 2, .body = "{}", .body_len = 2};
  ptn_request *a = ptn_request_new(e, &o), *b = ptn_request_new(e, &o);
  ptn_request_free(a);
  assert_true(has_header(b, "Authorization: Bearer sk-x"));
  ptn_request_free(b);
  assert_string_equal(e->headers->data, "Authorization: Bearer sk-x");
  ptn_endpoint_release(e);
  ptn_request_free(NULL);
}

static void test_impossible_size(void **state) {
  (void)state;
  ptn_endpoint *e = new_endpoint();
  ptn_request_options o = {.method = PTN_POST, .path = "/x", .path_len = 2, .body = "{}", .body_len = SIZE_MAX - 8};
  assert_null(ptn_request_new(e, &o));
  ptn_endpoint_release(e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_get),
      cmocka_unit_test(test_owns_its_bytes),
      cmocka_unit_test(test_empty_body),
      cmocka_unit_test(test_type_of_its_own),
      cmocka_unit_test(test_which_create),
      cmocka_unit_test(test_two_share_the_endpoints_headers),
      cmocka_unit_test(test_impossible_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
