#include "support.h"

#include "text.h"

#define MARK "\xEF\xBF\xBD"
#define GLOBE "\xF0\x9F\x8C\x8D"       /* U+1F30D, in UTF-16 d83c df0d */
#define GLOBE_HIGH "\xED\xA0\xBC"
#define GLOBE_LOW "\xED\xBC\x8D"

typedef struct {
  const char *in;
  size_t in_len;
  const char *out;
  size_t out_len;
} pair;
#define PAIR(in, out) {in, sizeof(in) - 1, out, sizeof(out) - 1}
#define SAME(text) PAIR(text, text)

static void check_mend(const pair *p) {
  char *copy = exact_copy(p->in, p->in_len);
  size_t len = ptn_text_mend_json_bytes(copy, p->in_len);
  assert_int_equal(len, p->out_len);
  assert_memory_equal(copy, p->out, len);
  assert_int_equal(ptn_text_mend_json_bytes(copy, len), len);
  assert_memory_equal(copy, p->out, len);
  free(copy);
}

static void test_mend_json(void **state) {
  (void)state;
  static const pair CASES[] = {
      SAME(""),
      SAME("{\"a\":\"plain \\n \\u00e9 \\\" \\\\ text\"}"),
      SAME("\\ud83c\\udf0d"),
      SAME("\\uD83C\\uDF0D \\uDBFF\\uDFFF \\ud800\\udc00"),
      SAME("\\uD7FF\\uE000"),
      SAME("\\\\ud83c"),
      SAME("\\\\\\\\ud83c"),
      SAME("\\ud83"),
      SAME("\\ud83g"),
      SAME("\\u"),
      SAME("\\"),
      SAME("a\\"),
      SAME("ud83c"),
      SAME("\\Ud83c"),
      PAIR("\"\\ud83c\"", "\"" GLOBE_HIGH "\""),
      PAIR("\"\\uDF0d\"", "\"" GLOBE_LOW "\""),
      PAIR("\\ud800\\udbff", "\xED\xA0\x80\xED\xAF\xBF"),
      PAIR("\\udc00\\udfff", "\xED\xB0\x80\xED\xBF\xBF"),
      PAIR("\\ud999 \\uDAAA \\udaaa \\ud8FF \\ud8ff",
           "\xED\xA6\x99 \xED\xAA\xAA \xED\xAA\xAA \xED\xA3\xBF \xED\xA3\xBF"),
      PAIR("\\udf0d\\ud83c", GLOBE_LOW GLOBE_HIGH),
      PAIR("\\ud83c\\ud83c\\udf0d", GLOBE_HIGH "\\ud83c\\udf0d"),
      PAIR("\\ud83c\\udf0d\\udf0d", "\\ud83c\\udf0d" GLOBE_LOW),
      PAIR("\\ud83c\\n\\udf0d", GLOBE_HIGH "\\n" GLOBE_LOW),
      PAIR("\\ud83c\\\\udf0d", GLOBE_HIGH "\\\\udf0d"),
      PAIR("\\\\\\ud83c", "\\\\" GLOBE_HIGH),
      PAIR("a\\ud83cb\\udf0dc\\ud83c\\udf0dd", "a" GLOBE_HIGH "b" GLOBE_LOW "c\\ud83c\\udf0dd"),
      PAIR("\\ud83c\\udf0", GLOBE_HIGH "\\udf0"),
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) check_mend(&CASES[i]);
}

static void test_mend_json_in_a_buffer(void **state) {
  (void)state;
  ptn_buffer b;
  ptn_buffer_init(&b);
  ptn_text_mend_json(&b);
  assert_int_equal(b.len, 0);
  assert_true(ptn_buffer_append_str(&b, "{\"d\":\"\\ud83c\"}"));
  ptn_text_mend_json(&b);
  assert_bytes(b.data, b.len, "{\"d\":\"" GLOBE_HIGH "\"}");
  ptn_buffer_free(&b);
}

static void join(ptn_buffer *out, const char *bytes, size_t len) {
  *out = exact_buffer(bytes, len);
  assert_true(ptn_text_join(out));
}

static void test_join(void **state) {
  (void)state;
  static const pair CASES[] = {
      SAME(""),
      SAME("plain ASCII that is longer than a word"),
      SAME("\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF \xED\x9F\xBF \xEE\x80\x80"),
      SAME("a\0b"),
      PAIR(GLOBE_HIGH GLOBE_LOW, GLOBE),
      PAIR("\xED\xA0\x80\xED\xB0\x80", "\xF0\x90\x80\x80"),
      PAIR("\xED\xAF\xBF\xED\xBF\xBF", "\xF4\x8F\xBF\xBF"),
      PAIR("x" GLOBE_HIGH GLOBE_LOW "y" GLOBE_HIGH GLOBE_LOW, "x" GLOBE "y" GLOBE),
      PAIR(GLOBE_HIGH, MARK),
      PAIR(GLOBE_LOW, MARK),
      PAIR(GLOBE_LOW GLOBE_HIGH, MARK MARK),
      PAIR(GLOBE_HIGH GLOBE_HIGH GLOBE_LOW, MARK GLOBE),
      PAIR(GLOBE_HIGH GLOBE_LOW GLOBE_LOW, GLOBE MARK),
      PAIR(GLOBE_HIGH " " GLOBE_LOW, MARK " " MARK),
      PAIR(GLOBE_HIGH "\xED\xB0", MARK MARK),
      PAIR("\xFF", MARK),
      PAIR("\x80\x80", MARK MARK),
      PAIR("\xC0\x80", MARK MARK),
      PAIR("\xC1\xBF", MARK MARK),
      PAIR("\xE0\x80\x80", MARK MARK MARK),
      PAIR("\xF0\x80\x80\x80", MARK MARK MARK MARK),
      PAIR("\xF4\x90\x80\x80", MARK MARK MARK MARK),
      PAIR("\xF5\x80", MARK MARK),
      PAIR("\xF0\x9F\x8C", MARK),
      PAIR("\xF0\x9F\x8C" "A", MARK "A"),
      PAIR("\xE2\x82" "\xE2\x82\xAC", MARK "\xE2\x82\xAC"),
      PAIR("\xC3" "A\xC3\xA9", MARK "A\xC3\xA9"),
      PAIR("\xE2" "\xE2" "\xE2", MARK MARK MARK),
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    ptn_buffer b;
    join(&b, CASES[i].in, CASES[i].in_len);
    assert_int_equal(b.len, CASES[i].out_len);
    if (b.len) assert_memory_equal(b.data, CASES[i].out, b.len);
    ptn_buffer_free(&b);
    assert_int_equal(ptn_text_is_utf8(CASES[i].in, CASES[i].in_len),
                     CASES[i].in_len == CASES[i].out_len && !memcmp(CASES[i].in, CASES[i].out, CASES[i].in_len));
  }
  assert_true(ptn_text_is_utf8(NULL, 0));
}

static void test_join_does_not_touch_valid_text(void **state) {
  (void)state;
  ptn_buffer b;
  ptn_buffer_init(&b);
  assert_true(ptn_buffer_append_str(&b, "valid " GLOBE));
  char *memory = b.data;
  assert_true(ptn_text_join(&b));
  assert_ptr_equal(b.data, memory);
  ptn_buffer_free(&b);
}

static void test_join_may_grow(void **state) {
  (void)state;
  char bad[300];
  memset(bad, '\xFF', sizeof bad);
  ptn_buffer b;
  join(&b, bad, sizeof bad);
  assert_int_equal(b.len, 900);
  for (size_t i = 0; i < 900; i += 3) assert_memory_equal(b.data + i, MARK, 3);
  ptn_buffer_free(&b);
}

/* Encodes by the definition, with a length of 1 to 4, overlong if it is told to. */
static void encode(unsigned code, size_t len, char *out) {
  static const unsigned char LEAD[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = len; i-- > 1; code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
  out[0] = (char)(LEAD[len] | code);
}

static void test_is_utf8_for_every_code_point(void **state) {
  (void)state;
  char bytes[4];
  for (unsigned code = 0; code < 0x120000; code++) {
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    bool valid = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    encode(code, len, bytes);
    if (ptn_text_is_utf8(bytes, len) != valid) fail_msg("U+%04X", code);
    if (len > 1 && ptn_text_is_utf8(bytes, len - 1)) fail_msg("U+%04X, cut", code);
    if (len < 4) {
      encode(code, len + 1, bytes);
      if (ptn_text_is_utf8(bytes, len + 1)) fail_msg("U+%04X, overlong", code);
    }
  }
}

static void test_is_utf8_at_every_offset_of_a_word(void **state) {
  (void)state;
  char text[40];
  for (size_t at = 0; at < sizeof text; at++) {
    memset(text, 'a', sizeof text);
    text[at] = '\x80';
    assert_false(ptn_text_is_utf8(text, sizeof text));
    assert_true(ptn_text_is_utf8(text, at));
  }
}

static void test_ready(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t len, ready;
  } CASES[] = {
      {BYTES(""), 0},
      {BYTES("abc"), 3},
      {BYTES("a\xC3\xA9"), 3},
      {BYTES("a\xC3"), 1},
      {BYTES("a\xE2\x82"), 1},
      {BYTES("\xF0\x9F\x8C"), 0},
      {BYTES(GLOBE), 4},
      {BYTES("a" GLOBE_HIGH), 1},
      {BYTES("a" GLOBE_HIGH GLOBE_LOW), 7},
      {BYTES("a" GLOBE_LOW), 4},
      {BYTES(GLOBE_HIGH GLOBE_HIGH), 3},
      {BYTES(GLOBE_HIGH "\xED"), 0},
      {BYTES(GLOBE_HIGH "\xED\xBC"), 0},
      {BYTES(GLOBE_HIGH "\xED\xA0"), 3},
      {BYTES(GLOBE_HIGH "\xED\x9F"), 3},
      {BYTES(GLOBE_HIGH "\xF0\x9F"), 3},
      {BYTES(GLOBE_HIGH "b"), 4},
      {BYTES("a\xFF"), 2},
      {BYTES("a\xE0\x80"), 3},
      {BYTES("\x80\x80\x80\x80\x80"), 5},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
    char *copy = exact_copy(CASES[i].text, CASES[i].len);
    assert_int_equal(ptn_text_ready(copy, CASES[i].len), CASES[i].ready);
    free(copy);
  }
  assert_int_equal(ptn_text_ready(NULL, 0), 0);
}

/* Shows what can be shown after each byte; at the end it must be the whole, joined. */
static void check_in_pieces(const char *bytes, size_t len) {
  ptn_buffer whole, shown, piece;
  join(&whole, bytes, len);
  ptn_buffer_init(&shown);
  size_t done = 0;
  for (size_t end = 1; end <= len + 1; end++) {
    size_t next = end > len ? len : done + ptn_text_ready(bytes + done, end - done);
    if (end <= len) assert_true(end - next <= 5);
    join(&piece, bytes + done, next - done);
    assert_true(ptn_buffer_append(&shown, piece.data, piece.len));
    ptn_buffer_free(&piece);
    done = next;
  }
  assert_int_equal(shown.len, whole.len);
  if (whole.len) assert_memory_equal(shown.data, whole.data, whole.len);
  assert_true(ptn_text_is_utf8(whole.data, whole.len));
  ptn_buffer_free(&whole);
  ptn_buffer_free(&shown);
}

static void test_pieces_give_the_whole(void **state) {
  (void)state;
  static const char *const PIECES[] = {"A",    "\xED", "\xA0", "\xB0", "\x80", "\xBF",     "\x9F", "\xF0",     "\xE2",
                                       "\xC3", "\xF4", "\x90", "\xE0", "\xFF", "\xC3\xA9", GLOBE,  GLOBE_HIGH,
                                       GLOBE_LOW};
  test_random random = {7};
  for (int round = 0; round < 100000; round++) {
    char bytes[64];
    size_t len = 0;
    for (size_t n = random_below(&random, 12); n > 0; n--) {
      const char *piece = PIECES[random_below(&random, sizeof PIECES / sizeof *PIECES)];
      memcpy(bytes + len, piece, strlen(piece));
      len += strlen(piece);
    }
    check_in_pieces(bytes, len);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mend_json),
      cmocka_unit_test(test_mend_json_in_a_buffer),
      cmocka_unit_test(test_join),
      cmocka_unit_test(test_join_does_not_touch_valid_text),
      cmocka_unit_test(test_join_may_grow),
      cmocka_unit_test(test_is_utf8_for_every_code_point),
      cmocka_unit_test(test_is_utf8_at_every_offset_of_a_word),
      cmocka_unit_test(test_ready),
      cmocka_unit_test(test_pieces_give_the_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
