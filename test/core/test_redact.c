#include "support.h"

#include <time.h>

#include "redact.h"

#define KEY "sk-proj-Ab1-cd2_EF3gh4IJ"

static void check_with(const char *const *secrets, size_t count, const char *in, size_t in_len, const char *expected) {
  ptn_buffer b = exact_buffer(in, in_len);
  assert_true(ptn_redact(&b, secrets, count));
  assert_true(ptn_buffer_append(&b, "", 1));
  assert_string_equal(b.data, expected);
  /* A second pass finds nothing more. */
  b.len--;
  assert_true(ptn_redact(&b, secrets, count));
  assert_true(ptn_buffer_append(&b, "", 1));
  assert_string_equal(b.data, expected);
  ptn_buffer_free(&b);
}

static void check(const char *in, const char *expected) {
  check_with(NULL, 0, in, strlen(in), expected);
}

static void test_secrets(void **state) {
  (void)state;
  static const char *const SECRETS[] = {"hunter22", "key", NULL, "", "4chr", "22-more"};
#define CHECK(in, expected) check_with(SECRETS, 6, BYTES(in), expected)
  CHECK("", "");
  CHECK("nothing here", "nothing here");
  CHECK("hunter22", "[REDACTED]");
  CHECK("a hunter22 b hunter22", "a [REDACTED] b [REDACTED]");
  CHECK("hunter22hunter22!", "[REDACTED]!");
  CHECK("hunterhunter22", "hunter[REDACTED]");
  CHECK("hunter2", "hunter2");
  CHECK("key keys", "key keys");
  CHECK("x4chr", "x[REDACTED]");
  CHECK("hunter22-more", "[REDACTED]");
  CHECK("hhunter22", "h[REDACTED]");
#undef CHECK
}

static void test_secrets_past_a_nul(void **state) {
  (void)state;
  static const char *const SECRETS[] = {"hunter22"};
  ptn_buffer b;
  ptn_buffer_init(&b);
  assert_true(ptn_buffer_append(&b, BYTES("a\0hunter22\0b")));
  assert_true(ptn_redact(&b, SECRETS, 1));
  assert_bytes(b.data, b.len, "a\0[REDACTED]\0b");
  ptn_buffer_free(&b);
}

static void test_keys(void **state) {
  (void)state;
  check("Incorrect API key provided: " KEY ".", "Incorrect API key provided: [REDACTED].");
  check(KEY, "[REDACTED]");
  check("\"" KEY "\"", "\"[REDACTED]\"");
  check("sk-12345678", "[REDACTED]");
  check("sk-1234567", "sk-1234567");
  check("sk-", "sk-");
  check("s", "s");
  check("sk", "sk");
  check("(sk-aaaaaaaa,sk-bbbbbbbb)", "([REDACTED],[REDACTED])");
  check("task-management-and-planning disk-12345678", "task-management-and-planning disk-12345678");
  check("line\\n" KEY, "line\\n[REDACTED]");
  check("xsk-A1cdefghijklmnopqrst", "x[REDACTED]");
  check("xsk-A1cdefghijklmnopqrs", "xsk-A1cdefghijklmnopqrs");
  check("xsk-abcdefghijklmnopqrsA sk-abcdefghijklmnopqrsA", "xsk-abcdefghijklmnopqrsA [REDACTED]");
  check("9sk-abcdefghijklmnopqrs1Z 9sk-Abcdefghijklmnopqrs1Z", "9[REDACTED] 9[REDACTED]");
  check("9sk-abcdefghijklmnopqrs12, sk-abcdefghijklmnopqrs12", "9sk-abcdefghijklmnopqrs12, [REDACTED]");
  check("1AAAAsk-abcdefghijklmnopqrst1AAAA", "1AAAA[REDACTED]");
  check("A1 ask-abcdefghijklmnopqrst A1", "A1 ask-abcdefghijklmnopqrst A1");
  check("xsk-abcdefghijklmnopqrst", "xsk-abcdefghijklmnopqrst");
  check("sk- 123456789", "sk- 123456789");
  check("xsk-sk-12345678", "xsk-[REDACTED]");
  check("sk-zZ09-_yY", "[REDACTED]");
  check("zsk-12345678 Zsk-12345678 0sk-12345678 _sk-12345678", "zsk-12345678 Zsk-12345678 0sk-12345678 _[REDACTED]");
  check("sk-x sk-yyyyyyyyy", "sk-x [REDACTED]");
}

static void test_bearer(void **state) {
  (void)state;
  check("Authorization: Bearer abc.DEF-1_2~3+4/5==", "Authorization: Bearer [REDACTED]");
  check("authorization: bearer x\r\nNext: y", "authorization: bearer [REDACTED]\r\nNext: y");
  check("BEARER \t x, Bearer y", "BEARER \t [REDACTED], Bearer [REDACTED]");
  check("Bearer " KEY, "Bearer [REDACTED]");
  check("Bearer", "Bearer");
  check("Bearer ", "Bearer ");
  check("bearers of news", "bearers of news");
  check("using Bearer auth (Authorization: Bearer YOUR_KEY)", "using Bearer auth (Authorization: Bearer [REDACTED])");
  check("no bearer token.", "no bearer token.");
  check("the Bearer tokenX.", "the Bearer [REDACTED].");
}

static void test_api_key(void **state) {
  (void)state;
  check("api-key: 0123abcd\r\n", "api-key: [REDACTED]\r\n");
  check("Api-Key:0123abcd", "Api-Key:[REDACTED]");
  check("x-api-key: a", "x-api-key: [REDACTED]");
  check("{\"api-key\": \"abcd\", \"n\": 1}", "{\"api-key\": \"[REDACTED]\", \"n\": 1}");
  check("{\\\"api_key\\\":\\\"abcd\\\"}", "{\\\"api_key\\\":\\\"[REDACTED]\\\"}");
  check("\"api-key\"=>\"abcd\"", "\"api-key\"=>\"[REDACTED]\"");
  check("/v1?api-key=abcd&n=1", "/v1?api-key=[REDACTED]&n=1");
  check("the api-key is missing", "the api-key is missing");
  check("api-key", "api-key");
  check("api-key:", "api-key:");
}

static void test_user_info(void **state) {
  (void)state;
  check("https://user:pass@host/path", "https://[REDACTED]@host/path");
  check("proxy http://u:p@ss@proxy:3128 failed", "proxy http://[REDACTED]@proxy:3128 failed");
  check("http://user@host", "http://[REDACTED]@host");
  check("http://host/a@b http://host?a@b http://host#a@b", "http://host/a@b http://host?a@b http://host#a@b");
  check("http://host:80 and me@example.com", "http://host:80 and me@example.com");
  check("://", "://");
  check("a:b@c ://@d", "a:b@c ://@d");
  check("socks5h://a:b@c,http://d:e@f", "socks5h://[REDACTED]@c,http://[REDACTED]@f");
  check("x:", "x:");
  check("://u:p@h", "://[REDACTED]@h");
  check("http:://u:p@h", "http:://[REDACTED]@h");
}

static void test_several_at_once(void **state) {
  (void)state;
  static const char *const SECRETS[] = {"hunter22"};
  check_with(SECRETS, 1, BYTES("GET https://u:hunter22@h/ Bearer hunter22 api-key: k " KEY),
             "GET https://[REDACTED]@h/ Bearer [REDACTED] api-key: [REDACTED] [REDACTED]");
}

static void test_cut_anywhere(void **state) {
  (void)state;
  static const char TEXT[] =
      "https://user:pass@host \"api-key\": \"abcd\" Bearer abcd xsk-A1cdefghijklmnopqrstuv secret7 secret77";
  static const char *const SECRETS[] = {"secret77", "77 and much more than the text has"};
  for (size_t from = 0; from < sizeof TEXT; from++) {
    for (size_t to = from; to < sizeof TEXT; to++) {
      ptn_buffer b = exact_buffer(TEXT + from, to - from);
      assert_true(ptn_redact(&b, SECRETS, 2));
      ptn_buffer_free(&b);
    }
  }
}

static void test_time_is_linear(void **state) {
  (void)state;
  static const char *const PATTERNS[] = {"sk-",      "ask-A1", "bearer", "bearer ", "api-key",
                                         "api-key:", "apikey=", "://",   "://a@",   "="};
  clock_t start = clock();
  for (size_t i = 0; i < sizeof PATTERNS / sizeof *PATTERNS; i++) {
    ptn_buffer b;
    ptn_buffer_init(&b);
    while (b.len < 1 << 20) assert_true(ptn_buffer_append_str(&b, PATTERNS[i]));
    assert_true(ptn_redact(&b, NULL, 0));
    ptn_buffer_free(&b);
  }
  assert_true((clock() - start) / CLOCKS_PER_SEC < 40); /* rescanning would take hours */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_secrets),         cmocka_unit_test(test_secrets_past_a_nul),
      cmocka_unit_test(test_keys),            cmocka_unit_test(test_bearer),
      cmocka_unit_test(test_api_key),         cmocka_unit_test(test_user_info),
      cmocka_unit_test(test_several_at_once), cmocka_unit_test(test_cut_anywhere),
      cmocka_unit_test(test_time_is_linear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
