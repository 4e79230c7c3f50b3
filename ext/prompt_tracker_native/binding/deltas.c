#include "deltas.h"

#include <string.h>

#include "json.h"
#include "text.h"
#include "utf8.h"

void ptb_deltas_init(ptb_deltas *d, VALUE shown) {
  d->held = d->part = Qnil;
  d->shown = shown;
}

static void yield_text(const ptb_deltas *d, VALUE text) {
  if (RSTRING_LEN(text) == 0) return;
  text = ptb_text_join(text);
  if (!NIL_P(d->shown)) rb_str_append(d->shown, text);
  rb_yield(text);
}

void ptb_deltas_yield_rest(VALUE shown, VALUE text) {
  if (!RB_TYPE_P(text, T_STRING) || RSTRING_LEN(text) <= RSTRING_LEN(shown)) return;
  if (memcmp(RSTRING_PTR(text), RSTRING_PTR(shown), (size_t)RSTRING_LEN(shown)) != 0) return;
  rb_yield(ptb_text_new(RSTRING_PTR(text) + RSTRING_LEN(shown), (size_t)(RSTRING_LEN(text) - RSTRING_LEN(shown))));
}

void ptb_deltas_flush(ptb_deltas *d) {
  VALUE held = d->held;
  d->held = Qnil;
  if (!NIL_P(held)) yield_text(d, held);
}

void ptb_deltas_yield(ptb_deltas *d, VALUE part, VALUE text) {
  if (!NIL_P(d->held) && !rb_equal(d->part, part)) ptb_deltas_flush(d);
  if (!NIL_P(d->held)) text = rb_str_append(d->held, text);
  d->held = Qnil;
  d->part = part;
  size_t len = (size_t)RSTRING_LEN(text), ready = ptn_text_ready(RSTRING_PTR(text), len);
  if (ready == len) {
    yield_text(d, text);
    return;
  }
  d->held = ptb_text_new(RSTRING_PTR(text) + ready, len - ready);
  yield_text(d, ptb_text_new(RSTRING_PTR(text), ready));
  RB_GC_GUARD(text);
}
