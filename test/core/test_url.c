#include "support.h"
#include "url.h"

static void accepts(const char *text, bool tls, size_t origin_len, size_t len) {
  ptn_url url = {0};
  size_t given = strlen(text);
  char *copy = exact_copy(text, given);
  const char *reason = ptn_url_check(copy, given, &url);
  if (reason) fail_msg("%s was refused: %s", text, reason);
  assert_int_equal(url.tls, tls);
  assert_int_equal(url.origin_len, origin_len);
  assert_int_equal(url.len, len);
  free(copy);
}

/* The reason holds `part`, and nothing of what the text says. */
static void refuses(const char *text, size_t len, const char *part) {
  ptn_url url;
  char *copy = exact_copy(text, len);
  const char *reason = ptn_url_check(copy, len, &url);
  if (!reason) fail_msg("%s was accepted", text);
  if (!strstr(reason, part)) fail_msg("%s was refused because %s", text, reason);
  assert_null(strstr(reason, "secret"));
  free(copy);
}

#define REFUSES(literal, part) refuses(literal, sizeof(literal) - 1, part)

static void test_accepts(void **state) {
  (void)state;
  accepts("https://api.openai.com/v1", true, 22, 25);
  accepts("https://api.openai.com/v1/", true, 22, 25);
  accepts("https://api.openai.com/v1///", true, 22, 25);
  accepts("HTTPS://API.openai.com", true, 22, 22);
  accepts("http://localhost:3000/", false, 21, 21);
  accepts("http://a", false, 8, 8);
  accepts("https://a", true, 9, 9);
  accepts("http://127.0.0.1:1", false, 18, 18);
  accepts("http://127.0.0.1:65535/v1", false, 22, 25);
  accepts("http://[::1]:8080/v1", false, 17, 20);
  accepts("http://[fe80::1%25]/v1", false, 19, 22);
  accepts("http://my_host-1.example/a/b", false, 24, 28);
}

static void test_refuses_what_is_no_http_url(void **state) {
  (void)state;
  REFUSES("", "begin with");
  REFUSES("http://", "begin with");
  REFUSES("https://", "begin with");
  REFUSES("api.openai.com/v1", "begin with");
  REFUSES("ftp://secret/", "begin with");
  REFUSES("file:///etc/secret", "begin with");
  REFUSES(" https://a", "begin with");
  REFUSES("https:/a/secret", "begin with");
}

static void test_refuses_hosts(void **state) {
  (void)state;
  REFUSES("https:///v1", "host");
  REFUSES("https://:80/v1", "host");
  REFUSES("https://[]/v1", "host");
  REFUSES("https://[::1/v1", "host");
  REFUSES("https://[secret]/v1", "host");
  REFUSES("https://a b/", "host");
  REFUSES("https://a\0b/", "host");
  REFUSES("https://a\r\nX: secret/", "host");
  REFUSES("https://\xC3\xA4.example/", "host");
  REFUSES("https://a\\secret/", "host");
}

static void test_refuses_ports(void **state) {
  (void)state;
  REFUSES("https://a:/v1", "port");
  REFUSES("https://a:0/v1", "port");
  REFUSES("https://a:65536/v1", "port");
  REFUSES("https://a:99999999999999999999/v1", "port");
  REFUSES("https://a:-1/v1", "port");
  REFUSES("https://a:80secret/v1", "port");
}

static void test_refuses_credentials_queries_and_fragments(void **state) {
  (void)state;
  REFUSES("https://user:secret@a/v1", "password");
  REFUSES("https://secret@a/v1", "password");
  REFUSES("https://secret@/v1", "password");
  REFUSES("https://a/v1?key=secret", "");
  REFUSES("https://a?key=secret", "");
  REFUSES("https://a/v1#secret", "");
  REFUSES("https://a#secret", "");
  REFUSES("https://a/v1/../secret", "");
  REFUSES("https://a/v 1", "");
  REFUSES("https://a/v1\r\nX: secret", "");
  REFUSES("https://a/v1\0secret", "");
}

static void test_paths(void **state) {
  (void)state;
  static const char *const good[] = {"/",           "/threads?limit=1&order=desc", "/a.b/..c/d..", "/a%2Fb/%2e%2E/c",
                                     "/a?b=../../c", "/a?.",                        "/.../x",       "/~!$&'()*+,;=:@"};
  static const char *const bad[] = {"",      "threads", "?a",      "//../x", "/a/..",  "/..",  "/.",     "/a/./b",
                                    "/a b",  "/a\t",    "/a#b",    "/a\\b",  "/a\x7F", "/\xC3\xA4", "/a/..?x", "/../a"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    char *copy = exact_copy(good[i], strlen(good[i]));
    if (!ptn_url_path_ok(copy, strlen(good[i]))) fail_msg("%s was refused", good[i]);
    free(copy);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char *copy = exact_copy(bad[i], strlen(bad[i]));
    if (ptn_url_path_ok(copy, strlen(bad[i]))) fail_msg("%s was accepted", bad[i]);
    free(copy);
  }
  assert_false(ptn_url_path_ok(BYTES("/a\0b")));
  assert_false(ptn_url_path_ok(BYTES("/a\r\nHost: b")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_accepts),
      cmocka_unit_test(test_refuses_what_is_no_http_url),
      cmocka_unit_test(test_refuses_hosts),
      cmocka_unit_test(test_refuses_ports),
      cmocka_unit_test(test_refuses_credentials_queries_and_fragments),
      cmocka_unit_test(test_paths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
