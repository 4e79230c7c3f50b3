#include "support.h"

#include <stdio.h>

char *exact_copy(const char *bytes, size_t len) {
  char *copy = malloc(len ? len : 1);
  assert_non_null(copy);
  if (len) memcpy(copy, bytes, len);
  return copy;
}

ptn_buffer exact_buffer(const char *bytes, size_t len) {
  ptn_buffer b;
  ptn_buffer_init(&b);
  if (len) {
    b.data = exact_copy(bytes, len);
    b.len = b.cap = len;
  }
  return b;
}

size_t random_below(test_random *random, size_t below) {
  random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (size_t)((random->state >> 33) % below);
}

bool read_shared(const char *path, ptn_buffer *out) {
  char name[4096], block[4096];
  const char *folder = getenv("PTN_SHARED");
  snprintf(name, sizeof name, "%s/%s", folder && *folder ? folder : "../shared", path);

  FILE *file = fopen(name, "rb");
  if (!file) {
    print_message("skipped: no %s\n", name);
    return false;
  }
  ptn_buffer_clear(out);
  for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;) assert_true(ptn_buffer_append(out, block, n));
  fclose(file);
  return true;
}

static void append_utf8(ptn_buffer *out, unsigned code) {
  char bytes[3];
  size_t n = 0;
  if (code < 0x80) {
    bytes[n++] = (char)code;
  } else {
    if (code < 0x800) {
      bytes[n++] = (char)(0xC0 | code >> 6);
    } else {
      bytes[n++] = (char)(0xE0 | code >> 12);
      bytes[n++] = (char)(0x80 | (code >> 6 & 0x3F));
    }
    bytes[n++] = (char)(0x80 | (code & 0x3F));
  }
  assert_true(ptn_buffer_append(out, bytes, n));
}

/* Unescapes the JSON string that starts after its quote; returns what follows it. `at` ends with a NUL. */
static const char *unescape(const char *at, ptn_buffer *out) {
  static const char FROM[] = "nrtbf", TO[] = "\n\r\t\b\f";
  ptn_buffer_clear(out);
  for (; *at && *at != '"'; at++) {
    const char *known;
    unsigned code;
    if (*at != '\\') {
      assert_true(ptn_buffer_append(out, at, 1));
    } else if (*++at == 'u') {
      assert_int_equal(sscanf(at + 1, "%4x", &code), 1);
      append_utf8(out, code);
      at += 4;
    } else {
      known = strchr(FROM, *at);
      assert_true(ptn_buffer_append(out, known && *at ? TO + (known - FROM) : at, 1));
    }
  }
  return at;
}

static size_t each_recorded(const char *path, stream_visitor each) {
  static const char MARK[] = "\"body\": \"";
  ptn_buffer file, body;
  size_t count = 0;
  ptn_buffer_init(&file);
  ptn_buffer_init(&body);
  if (read_shared(path, &file)) {
    assert_true(ptn_buffer_append(&file, "", 1));
    for (const char *at = file.data; (at = strstr(at, MARK)) != NULL;) {
      at = unescape(at + sizeof MARK - 1, &body);
      if (body.len < 6 || memcmp(body.data, "event:", 6) != 0) continue;
      each(body.data, body.len);
      count++;
    }
  }
  ptn_buffer_free(&file);
  ptn_buffer_free(&body);
  return count;
}

static size_t each_example(const char *path, stream_visitor each) {
  ptn_buffer file;
  ptn_buffer_init(&file);
  bool there = read_shared(path, &file);
  if (there) each(file.data, file.len);
  ptn_buffer_free(&file);
  return there;
}

size_t each_shared_stream(stream_visitor each) {
  static const char *const RECORDED[] = {"openai/recorded/runs_streamed_create.json",
                                         "openai/recorded/responses_stream.json"};
  static const char *const EXAMPLES[] = {
      "openai/examples/post_responses_Streaming.sse",
      "openai/examples/post_threads_runs_Streaming.sse",
      "openai/examples/post_threads_runs_Streaming-with-Functions.sse",
      "openai/examples/post_threads_thread_id_runs_Streaming.sse",
      "openai/examples/post_threads_thread_id_runs_Streaming-with-Functions.sse",
      "openai/examples/post_threads_thread_id_runs_run_id_submit_tool_outputs_Streaming.sse",
  };
  size_t count = 0;
  for (size_t i = 0; i < sizeof RECORDED / sizeof *RECORDED; i++) count += each_recorded(RECORDED[i], each);
  for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++) count += each_example(EXAMPLES[i], each);
  return count;
}
