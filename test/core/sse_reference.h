#ifndef PTN_TEST_SSE_REFERENCE_H
#define PTN_TEST_SSE_REFERENCE_H

#include "support.h"

/*
 * A second event-stream parser to compare with: a whole body, byte after byte, as the standard words it. It differs
 * from the standard where sse.h does, at the end of the body.
 */

static inline void reference_note(ptn_buffer *events, const char *event, size_t event_len, const char *data,
                                  size_t data_len) {
  assert_true(ptn_buffer_append(events, event, event_len) && ptn_buffer_append(events, "|", 1) &&
              ptn_buffer_append(events, data, data_len) && ptn_buffer_append(events, ";", 1));
}

typedef struct {
  ptn_buffer field, value, name, data;
} reference_state;

static inline size_t reference_line(reference_state *s, ptn_buffer *events, bool empty) {
  size_t count = 0;
  if (empty) {
    /* The data ends with a newline of its own; without any there is no event. */
    if (s->data.len) {
      reference_note(events, s->name.data, s->name.len, s->data.data, s->data.len - 1);
      count = 1;
    }
    ptn_buffer_clear(&s->name);
    ptn_buffer_clear(&s->data);
  } else if (s->field.len == 5 && memcmp(s->field.data, "event", 5) == 0) {
    ptn_buffer_swap(&s->name, &s->value);
  } else if (s->field.len == 4 && memcmp(s->field.data, "data", 4) == 0) {
    assert_true(ptn_buffer_append(&s->data, s->value.data, s->value.len) && ptn_buffer_append(&s->data, "\n", 1));
  }
  ptn_buffer_clear(&s->field);
  ptn_buffer_clear(&s->value);
  return count;
}

/* Appends the events as reference_note does; returns how many. */
static inline size_t reference_parse(const char *body, size_t len, ptn_buffer *events) {
  reference_state s;
  memset(&s, 0, sizeof s);
  size_t count = 0, line = 0; /* bytes of the line so far */
  bool in_value = false, after_colon = false;
  size_t i = len >= 3 && memcmp(body, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

  for (; i < len; i++) {
    if (body[i] == '\n' && i > 0 && body[i - 1] == '\r') continue;
    if (body[i] == '\n' || body[i] == '\r') {
      count += reference_line(&s, events, line == 0);
      line = 0;
      in_value = after_colon = false;
      continue;
    }
    line++;
    if (!in_value && body[i] == ':') {
      in_value = after_colon = true;
    } else {
      bool leading_space = after_colon && body[i] == ' ';
      after_colon = false;
      if (!leading_space) assert_true(ptn_buffer_append(in_value ? &s.value : &s.field, body + i, 1));
    }
  }
  if (line == 0) count += reference_line(&s, events, true);
  ptn_buffer_free(&s.field);
  ptn_buffer_free(&s.value);
  ptn_buffer_free(&s.name);
  ptn_buffer_free(&s.data);
  return count;
}

#endif
