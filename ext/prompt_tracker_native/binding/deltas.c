#include "deltas.h"

#include "json.h"
#include "text.h"
#include "utf8.h"

void ptb_deltas_init(ptb_deltas *d) { d->held = d->part = Qnil; }

static void yield_text(VALUE text) {
  if (RSTRING_LEN(text) > 0) rb_yield(ptb_text_join(text));
}

void ptb_deltas_flush(ptb_deltas *d) {
  VALUE held = d->held;
  d->held = Qnil;
  if (!NIL_P(held)) yield_text(held);
}

void ptb_deltas_yield(ptb_deltas *d, VALUE part, VALUE text) {
  if (!NIL_P(d->held) && !rb_equal(d->part, part)) ptb_deltas_flush(d);
  if (!NIL_P(d->held)) text = rb_str_append(d->held, text);
  d->held = Qnil;
  d->part = part;
  size_t len = (size_t)RSTRING_LEN(text), ready = ptn_text_ready(RSTRING_PTR(text), len);
  if (ready == len) {
    yield_text(text);
    return;
  }
  d->held = ptb_text_new(RSTRING_PTR(text) + ready, len - ready);
  yield_text(ptb_text_new(RSTRING_PTR(text), ready));
}
