#include "transfer.h"

#include <stdio.h>

#include "headers.h"
#include "local_call.h"
#include "local_server.h"

/* What goes over the wire, and what answers become. How they fail is in test_lost.c. */

enum { LIMIT = 1 << 20, BOMB = 4 * LIMIT };

static char bomb[64 * 1024], many_headers[320 * 1024], long_header[120 * 1024];

#define JSON JSON_HEAD(7) "{\"a\":1}"
#define EVENT(data) "data: " data "\n\n"
#define OPEN_STREAM "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define GZIP_HEAD "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
#define GZIP_JSON \
  "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x54\xb2\x32\xac\x05\x00\xaf\xac\x1b\x56\x07\x00\x00\x00"

static local_route routes[] = {
    {"GET /v1/json?a=b", {SEND(JSON)}},
    {"POST /v1/json", {SEND(JSON)}},
    {"DELETE /v1/json", {SEND(JSON)}},
    {"POST /v1/none", {SEND("HTTP/1.1 204 No Content\r\n\r\n")}},
    {"POST /v1/events", {SEND(STREAM_HEAD EVENT("one")), PAUSE(20), SEND(EVENT("two") EVENT("[DONE]")), DO(CLOSE)}},
    {"POST /v1/no-done", {SEND(STREAM_HEAD EVENT("one")), DO(CLOSE)}},
    {"POST /v1/open", {SEND(OPEN_STREAM EVENT("one") EVENT("[DONE]")), DO(STALL), DO(CLOSE)}},
    {"POST /v1/chatty", {SEND(OPEN_STREAM EVENT("[DONE]")), PAUSE(30), SEND(": more\n\n"), DO(STALL), DO(CLOSE)}},
    {"POST /v1/wrong-type", {SEND(JSON_HEAD(12) "data: one\n\n\n")}},
    {"POST /v1/white", {SEND(OPEN_STREAM " \r\n\n"), PAUSE(20), SEND(EVENT("[DONE]")), DO(CLOSE)}},
    {"POST /v1/cut", {SEND(CHUNKED "b\r\n" EVENT("one") "\r\n9\r\ndata:"), DO(CLOSE)}},
    {"POST /v1/empty-stream",
     {SEND("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n")}},
    {"GET /v1/interim", {SEND("HTTP/1.1 102 Processing\r\nX-Early: 1\r\n\r\n"), PAUSE(10),
                         SEND("HTTP/1.1 103 Early Hints\r\nX-Early: 2\r\n\r\n" JSON)}},
    {"GET /v1/interim-only", {SEND("HTTP/1.1 103 Early Hints\r\nX-Early: 2\r\n\r\n"), DO(CLOSE)}},
    {"GET /v1/redirect", {SEND("HTTP/1.1 302 Found\r\nLocation: /v1/json?a=b\r\nContent-Length: 2\r\n\r\nno")}},
    {"GET /v1/gzip", {SEND(GZIP_HEAD GZIP_JSON), DO(CLOSE)}},
    {"GET /v1/gzip-broken", {SEND(GZIP_HEAD "\x1f\x8b\x08 this is not gzip at all"), DO(CLOSE)}},
    {"GET /v1/bomb", {SEND(GZIP_HEAD), {LOCAL_SEND, sizeof bomb, bomb}, DO(STALL)}},
    {"GET /v1/large", {SEND(JSON_HEAD(1048577)), FILL(LIMIT + 1)}},
    {"GET /v1/just-fits", {SEND(JSON_HEAD(1048576)), FILL(LIMIT)}},
    {"POST /v1/large-line", {SEND(OPEN_STREAM "data: "), FILL(LIMIT), DO(STALL)}},
    {"GET /v1/many-headers", {SEND("HTTP/1.1 200 OK\r\n"), {LOCAL_SEND, sizeof many_headers, many_headers}, DO(STALL)}},
    {"GET /v1/long-header", {SEND("HTTP/1.1 200 OK\r\nX: "), {LOCAL_SEND, sizeof long_header, long_header}, DO(STALL)}},
    {"GET /v1/headers-only", {SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), DO(CLOSE)}},
    {"GET /v1/slow", {SEND(JSON_HEAD(7) "{"), PAUSE(10), SEND("\"a\""), PAUSE(10), SEND(":1}")}},
    {"GET /v1/trailer", {SEND(CHUNKED "2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n")}},
    {0},
};

static local_server *server;
static ptn_endpoint *endpoint;

/* A gzip stream of one x repeated `BOMB` times, by the fixed code: 13 bits say "258 times what was before". */
static void make_bomb(void) {
  static const unsigned char head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
  size_t bits = sizeof head * 8;
  memcpy(bomb, head, sizeof head);
#define PUT(bit) (bomb[bits / 8] |= (char)((bit) << bits % 8), bits++)
  PUT(1), PUT(1), PUT(0); /* the last block; fixed codes */
  for (int i = 7; i >= 0; i--) PUT((0x30 + 'x') >> i & 1);
  for (int n = 0; n < BOMB / 258; n++) {
    for (int i = 7; i >= 0; i--) PUT(0xC5 >> i & 1); /* length 258 */
    for (int i = 0; i < 5; i++) PUT(0);              /* distance 1 */
  }
#undef PUT
  assert_true(bits < sizeof bomb * 8);
}

static int set_up(void **state) {
  (void)state;
  make_bomb();
  memset(many_headers, 'v', sizeof many_headers);
  for (size_t i = 0; i + 1024 <= sizeof many_headers; i += 1024) {
    memcpy(many_headers + i, "X-Many: ", 8);
    memcpy(many_headers + i + 1022, "\r\n", 2);
  }
  memset(long_header, 'v', sizeof long_header);
  server = local_server_start(&(local_server_options){.routes = routes});
  char base[80];
  snprintf(base, sizeof base, "%s/v1/", local_server_url(server));
  endpoint = local_endpoint(base, NULL);
  ptn_endpoint_add_header(endpoint, BYTES("Authorization"), BYTES("Bearer sk-x"));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ptn_engine_stop(5);
  ptn_endpoint_release(endpoint);
  local_server_stop(server);
  return 0;
}

static void assert_body(const local_call *c, const char *expected) {
  assert_int_equal(c->body.len, strlen(expected));
  if (c->body.len) assert_memory_equal(c->body.data, expected, c->body.len);
}

static void assert_header(const char *target, const char *name, const char *expected) {
  const char *head = local_server_head(server, target), *value;
  size_t len;
  if (!ptn_headers_find(head, strlen(head), name, &value, &len)) {
    if (expected) fail_msg("no %s was sent", name);
    return;
  }
  if (!expected || strlen(expected) != len || memcmp(expected, value, len) != 0) {
    fail_msg("%s was sent as %.*s", name, (int)len, value);
  }
}

/* Of the answer's own headers. */
static bool answer_has(const local_call *c, const char *name) {
  const char *value;
  size_t len;
  return ptn_headers_find(c->x->headers.data, c->x->headers.len, name, &value, &len);
}

static int records_of(const local_call *c) {
  ptn_record record;
  int count = 0;
  for (size_t pos = 0; ptn_record_next(&c->body, &pos, &record);) count++;
  return count;
}

static void test_get(void **state) {
  (void)state;
  local_call c;
  local_get(&c, endpoint, "/json?a=b");
  assert_ends(&c, PTN_OK);
  assert_body(&c, "{\"a\":1}");
  assert_int_equal(c.x->http_status, 200);
  assert_int_equal(c.x->body_kind, PTN_BODY_PLAIN);
  assert_true(answer_has(&c, "content-type"));
  assert_header("GET /v1/json?a=b", "Authorization", "Bearer sk-x");
  assert_header("GET /v1/json?a=b", "Content-Type", NULL);
  assert_header("GET /v1/json?a=b", "User-Agent", "prompt_tracker-native");
  assert_non_null(strstr(local_server_head(server, "GET /v1/json?a=b"), "gzip"));
  assert_header("GET /v1/json?a=b", "Cookie", NULL);
  local_free(&c);
}

static void test_post_and_delete(void **state) {
  (void)state;
  local_call c;
  local_post(&c, endpoint, "/json", "{\"b\":2}");
  assert_ends(&c, PTN_OK);
  assert_int_equal(local_server_body_len(server, "POST /v1/json"), 7);
  assert_header("POST /v1/json", "Content-Type", "application/json");
  assert_header("POST /v1/json", "Content-Length", "7");
  assert_header("POST /v1/json", "Transfer-Encoding", NULL);
  assert_true(c.x->sent);
  local_free(&c);

  /* The same handle serves the next: nothing of the POST stays. */
  local_start(&c, endpoint, &(local_ask){.method = PTN_DELETE, .path = "/json"});
  assert_ends(&c, PTN_OK);
  assert_int_equal(local_server_body_len(server, "DELETE /v1/json"), 0);
  assert_header("DELETE /v1/json", "Content-Type", NULL);
  local_free(&c);
  local_get(&c, endpoint, "/json?a=b");
  assert_ends(&c, PTN_OK);
  assert_int_equal(local_server_body_len(server, "GET /v1/json?a=b"), 0);
  local_free(&c);
}

static void test_post_without_a_body(void **state) {
  (void)state;
  local_call c;
  for (int i = 0; i < 2; i++) {
    local_post(&c, endpoint, "/none", i ? "" : NULL);
    assert_ends(&c, PTN_OK);
    assert_int_equal(c.x->http_status, 204);
    assert_int_equal(c.body.len, 0);
    assert_header("POST /v1/none", "Content-Length", "0");
    local_free(&c);
  }
}

static void test_headers_of_one_request(void **state) {
  (void)state;
  local_call c;
  const ptn_header headers[] = {{"OpenAI-Beta", "assistants=v2", 11, 13}, {"X-Empty", "", 7, 0}};
  local_start(&c, endpoint,
              &(local_ask){.method = PTN_POST, .path = "/json", .body = "{}", .headers = headers, .header_count = 2});
  assert_ends(&c, PTN_OK);
  assert_header("POST /v1/json", "OpenAI-Beta", "assistants=v2");
  assert_header("POST /v1/json", "X-Empty", "");
  assert_header("POST /v1/json", "Authorization", "Bearer sk-x");
  local_free(&c);
}

/* libcurl would ask first whether the server wants a body of this size, and wait a second for its word. */
static void test_large_body_is_sent_at_once(void **state) {
  (void)state;
  enum { SIZE = 2 << 20 };
  local_call c;
  unsigned sum = 0;
  char *body = malloc(SIZE);
  for (size_t i = 0; i < SIZE; i++) sum += (unsigned char)(body[i] = (char)(i * 31 % 251));
  local_start(&c, endpoint, &(local_ask){.method = PTN_POST, .path = "/json", .body = body, .body_len = SIZE});
  memset(body, 0, SIZE); /* the request has a copy */
  free(body);
  assert_ends(&c, PTN_OK);
  assert_header("POST /v1/json", "Expect", NULL);
  assert_int_equal(local_server_body_len(server, "POST /v1/json"), SIZE);
  assert_int_equal(local_server_body_sum(server, "POST /v1/json"), sum);
  local_free(&c);
}

static void test_stream(void **state) {
  (void)state;
  local_call c;
  local_stream(&c, endpoint, "/events");
  assert_ends(&c, PTN_OK);
  assert_int_equal(c.x->body_kind, PTN_BODY_EVENTS);
  assert_int_equal(records_of(&c), 3);
  assert_true(c.x->ended);
  assert_header("POST /v1/events", "Accept", "text/event-stream, application/json");
  assert_header("POST /v1/events", "Accept-Encoding", "identity");
  local_free(&c);

  local_stream(&c, endpoint, "/no-done");
  assert_ends(&c, PTN_OK);
  assert_int_equal(records_of(&c), 1);
  assert_false(c.x->ended);
  local_free(&c);
}

/* A stream is over with the event that ends it, even if its server never closes it. */
static void test_stream_that_stays_open(void **state) {
  (void)state;
  static const char *const paths[] = {"/open", "/chatty"};
  for (size_t i = 0; i < 2; i++) {
    local_call c;
    local_stream(&c, endpoint, paths[i]);
    assert_ends(&c, PTN_OK);
    assert_true(c.x->ended);
    assert_int_equal(c.x->body_kind, PTN_BODY_EVENTS);
    local_free(&c);
  }
  assert_soon(ptn_engine_active() == 0);
}

static void test_what_a_stream_may_be_instead(void **state) {
  (void)state;
  local_call c;
  local_stream(&c, endpoint, "/json");
  assert_ends(&c, PTN_OK);
  assert_int_equal(c.x->body_kind, PTN_BODY_PLAIN);
  assert_body(&c, "{\"a\":1}");
  local_free(&c);

  local_stream(&c, endpoint, "/wrong-type");
  assert_ends(&c, PTN_OK);
  assert_int_equal(c.x->body_kind, PTN_BODY_EVENTS);
  assert_int_equal(records_of(&c), 1);
  local_free(&c);

  local_stream(&c, endpoint, "/white");
  assert_ends(&c, PTN_OK);
  assert_int_equal(c.x->body_kind, PTN_BODY_EVENTS);
  assert_true(c.x->ended);
  local_free(&c);

  local_stream(&c, endpoint, "/empty-stream");
  assert_ends(&c, PTN_OK);
  assert_int_equal(c.x->body_kind, PTN_BODY_UNKNOWN);
  assert_int_equal(c.body.len, 0);
  local_free(&c);

  local_stream(&c, endpoint, "/not-there");
  assert_ends(&c, PTN_OK);
  assert_int_equal(c.x->http_status, 404);
  local_free(&c);
}

static void test_stream_that_breaks(void **state) {
  (void)state;
  local_call c;
  local_stream(&c, endpoint, "/cut");
  assert_ends(&c, PTN_E_PARTIAL);
  assert_int_equal(c.x->http_status, 200);
  assert_int_equal(records_of(&c), 1); /* what came whole is there */
  assert_true(c.x->sent);
  local_free(&c);
}

static void test_interim_answers(void **state) {
  (void)state;
  local_call c;
  local_get(&c, endpoint, "/interim");
  assert_ends(&c, PTN_OK);
  assert_int_equal(c.x->http_status, 200);
  assert_true(answer_has(&c, "content-length"));
  assert_false(answer_has(&c, "x-early"));
  assert_body(&c, "{\"a\":1}");
  local_free(&c);

  local_get(&c, endpoint, "/interim-only");
  assert_true(local_wait(&c, SOON));
  assert_int_not_equal(c.x->status, PTN_OK);
  local_free(&c);
}

static void test_redirects_are_answers(void **state) {
  (void)state;
  local_call c;
  int before = local_server_count(server, "GET /v1/json?a=b");
  local_get(&c, endpoint, "/redirect");
  assert_ends(&c, PTN_OK);
  assert_int_equal(c.x->http_status, 302);
  assert_body(&c, "no");
  assert_int_equal(local_server_count(server, "GET /v1/json?a=b"), before);
  local_free(&c);
}

static void test_compressed_answers(void **state) {
  (void)state;
  local_call c;
  local_get(&c, endpoint, "/gzip");
  assert_ends(&c, PTN_OK);
  assert_body(&c, "{\"a\":1}");
  local_free(&c);
  assert_status(local_get_status(endpoint, "/gzip-broken"), PTN_E_ENCODING);
}

/* The bomb is 26 KB on the wire. */
static void test_limit_is_on_decoded_bytes(void **state) {
  (void)state;
  local_call c;
  local_get(&c, endpoint, "/bomb");
  assert_ends(&c, PTN_E_TOO_LARGE);
  assert_true(c.body.len <= LIMIT);
  local_free(&c);
  assert_status(local_get_status(endpoint, "/large"), PTN_E_TOO_LARGE);
  assert_status(local_get_status(endpoint, "/just-fits"), PTN_OK);
  local_stream(&c, endpoint, "/large-line");
  assert_ends(&c, PTN_E_TOO_LARGE);
  local_free(&c);
}

static void test_limit_of_headers(void **state) {
  (void)state;
  assert_status(local_get_status(endpoint, "/many-headers"), PTN_E_TOO_LARGE);
  ptn_status one_line = local_get_status(endpoint, "/long-header"); /* libcurl before 8.6 has no word of its own */
  assert_true(one_line == PTN_E_TOO_LARGE || one_line == PTN_E_NOMEM);
  assert_status(local_get_status(endpoint, "/json?a=b"), PTN_OK);
}

static void test_slow_and_odd_answers(void **state) {
  (void)state;
  local_call c;
  local_get(&c, endpoint, "/slow");
  assert_ends(&c, PTN_OK);
  assert_body(&c, "{\"a\":1}");
  local_free(&c);
  local_get(&c, endpoint, "/trailer");
  assert_ends(&c, PTN_OK);
  assert_body(&c, "{}");
  local_free(&c);
  assert_status(local_get_status(endpoint, "/headers-only"), PTN_E_PARTIAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_get),
      cmocka_unit_test(test_post_and_delete),
      cmocka_unit_test(test_post_without_a_body),
      cmocka_unit_test(test_headers_of_one_request),
      cmocka_unit_test(test_large_body_is_sent_at_once),
      cmocka_unit_test(test_stream),
      cmocka_unit_test(test_stream_that_stays_open),
      cmocka_unit_test(test_what_a_stream_may_be_instead),
      cmocka_unit_test(test_stream_that_breaks),
      cmocka_unit_test(test_interim_answers),
      cmocka_unit_test(test_redirects_are_answers),
      cmocka_unit_test(test_compressed_answers),
      cmocka_unit_test(test_limit_is_on_decoded_bytes),
      cmocka_unit_test(test_limit_of_headers),
      cmocka_unit_test(test_slow_and_odd_answers),
  };
  local_load();
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
