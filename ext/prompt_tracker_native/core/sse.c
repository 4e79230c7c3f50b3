#include "sse.h"

#include <string.h>

void ptn_sse_init(ptn_sse *sse, size_t max_event, ptn_sse_sink sink, void *arg) {
  memset(sse, 0, sizeof *sse);
  sse->max_event = max_event;
  sse->sink = sink;
  sse->arg = arg;
  sse->ended = PTN_OK;
  ptn_buffer_init(&sse->line);
  ptn_buffer_init(&sse->event.copy);
  ptn_buffer_init(&sse->data.copy);
}

void ptn_sse_free(ptn_sse *sse) {
  ptn_buffer_free(&sse->line);
  ptn_buffer_free(&sse->event.copy);
  ptn_buffer_free(&sse->data.copy);
}

static void forget(ptn_sse_value *value) {
  value->at = NULL;
  value->len = 0;
  value->set = value->copied = false;
}

static void point(ptn_sse_value *value, const char *at, size_t len) {
  value->at = at;
  value->len = len;
  value->set = true;
  value->copied = false;
}

static bool keep(ptn_sse_value *value) {
  if (!value->set || value->copied) return true;
  ptn_buffer_clear(&value->copy);
  if (!ptn_buffer_append(&value->copy, value->at, value->len)) return false;
  value->at = value->copy.data;
  value->copied = true;
  return true;
}

static bool too_large(const ptn_sse *sse, size_t have, size_t more) {
  return sse->max_event && (have > sse->max_event || more > sse->max_event - have);
}

static ptn_status dispatch(ptn_sse *sse) {
  bool go_on = true;
  if (sse->data.set) {
    const char *event = sse->event.len ? sse->event.at : "";
    const char *data = sse->data.len ? sse->data.at : "";
    go_on = sse->sink(sse->arg, event, sse->event.len, data, sse->data.len);
  }
  forget(&sse->event);
  forget(&sse->data);
  return go_on ? PTN_OK : PTN_E_CANCELLED;
}

static ptn_status add_data(ptn_sse *sse, const char *at, size_t len) {
  ptn_sse_value *data = &sse->data;
  if (too_large(sse, data->len + data->set, len)) return PTN_E_TOO_LARGE;
  if (!data->set) {
    point(data, at, len);
    return PTN_OK;
  }
  if (!keep(data)) return PTN_E_NOMEM;
  if (!ptn_buffer_append(&data->copy, "\n", 1) || !ptn_buffer_append(&data->copy, at, len)) return PTN_E_NOMEM;
  data->at = data->copy.data;
  data->len = data->copy.len;
  return PTN_OK;
}

/* Whether the line is the field `name` (of `n` bytes); then *at and *len become its value. */
static bool is_field(const char *name, size_t n, const char **at, size_t *len) {
  if (*len < n || memcmp(*at, name, n) != 0) return false;
  if (*len == n) {
    *at += n;
    *len = 0;
    return true;
  }
  if ((*at)[n] != ':') return false;
  size_t skip = n + 1;
  if (skip < *len && (*at)[skip] == ' ') skip++;
  *at += skip;
  *len -= skip;
  return true;
}

/* One line without its end. It must stay in memory until the event is dispatched or kept. */
static ptn_status take_line(ptn_sse *sse, const char *at, size_t len) {
  if (too_large(sse, 0, len)) return PTN_E_TOO_LARGE;
  if (!sse->started) {
    sse->started = true;
    if (len >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) {
      at += 3;
      len -= 3;
    }
  }
  if (len == 0) return dispatch(sse);
  if (is_field("data", 4, &at, &len)) return add_data(sse, at, len);
  if (is_field("event", 5, &at, &len)) point(&sse->event, at, len);
  return PTN_OK;
}

/* The line's first bytes came with earlier chunks, the rest is here. */
static ptn_status take_split_line(ptn_sse *sse, const char *at, size_t len) {
  if (too_large(sse, sse->line.len, len)) return PTN_E_TOO_LARGE;
  if (!ptn_buffer_append(&sse->line, at, len)) return PTN_E_NOMEM;
  size_t whole = sse->line.len;
  /* Only the length is reset: the event may point at these bytes until the chunk is over. */
  ptn_buffer_clear(&sse->line);
  return take_line(sse, sse->line.data, whole);
}

/* The chunk goes away: what is not dispatched yet is copied. */
static ptn_status end_chunk(ptn_sse *sse, const char *tail, size_t len) {
  if (!keep(&sse->event) || !keep(&sse->data)) return PTN_E_NOMEM;
  if (too_large(sse, sse->line.len, len)) return PTN_E_TOO_LARGE;
  return ptn_buffer_append(&sse->line, tail, len) ? PTN_OK : PTN_E_NOMEM;
}

/*
 * The end of the line that starts at `at`, or NULL. `*lf` is the first LF at or after some earlier line's start (`end`
 * when there is none): looking for it once, and for a CR only before it, keeps streams of lone CRs linear.
 */
static const char *line_end(const char *at, const char *end, const char **lf) {
  if (*lf < at) {
    *lf = memchr(at, '\n', (size_t)(end - at));
    if (!*lf) *lf = end;
  }
  const char *cr = memchr(at, '\r', (size_t)(*lf - at));
  if (cr) return cr;
  return *lf < end ? *lf : NULL;
}

static ptn_status take_chunk(ptn_sse *sse, const char *at, const char *end) {
  const char *lf = memchr(at, '\n', (size_t)(end - at));
  if (!lf) lf = end;

  for (const char *stop; at < end && (stop = line_end(at, end, &lf)) != NULL;) {
    size_t len = (size_t)(stop - at);
    ptn_status status = sse->line.len ? take_split_line(sse, at, len) : take_line(sse, at, len);
    if (status != PTN_OK) return status;

    at = stop + 1;
    if (*stop == '\r') {
      if (at == end) sse->skip_lf = true;
      else if (*at == '\n') at++;
    }
  }
  return end_chunk(sse, at, (size_t)(end - at));
}

ptn_status ptn_sse_feed(ptn_sse *sse, const char *bytes, size_t n) {
  if (sse->ended != PTN_OK || n == 0) return sse->ended;
  size_t skip = sse->skip_lf && bytes[0] == '\n';
  sse->skip_lf = false;
  sse->ended = take_chunk(sse, bytes + skip, bytes + n);
  return sse->ended;
}

ptn_status ptn_sse_finish(ptn_sse *sse) {
  if (sse->ended != PTN_OK) return sse->ended;
  if (sse->line.len) forget(&sse->data);
  ptn_buffer_clear(&sse->line);
  sse->ended = dispatch(sse);
  return sse->ended;
}
