#ifndef PTB_DELTAS_H
#define PTB_DELTAS_H

#include <ruby.h>

/* Text that comes in pieces, on its way to a block. A server may cut a character in two, each half a lone
 * surrogate in a piece of its own: the first half is held back until the second has come. */
typedef struct {
  VALUE held; /* String or nil */
  VALUE shown; /* String that collects all that was yielded, or nil */
  VALUE part; /* names the text that `held` belongs to: halves of different texts are not joined */
} ptb_deltas;

void ptb_deltas_init(ptb_deltas *deltas, VALUE shown);

/* A further piece of the text that `part` names (compared by ==). Yields what can be shown. */
void ptb_deltas_yield(ptb_deltas *deltas, VALUE part, VALUE text);

/* Yields what was held back; at the end of a text. */
void ptb_deltas_flush(ptb_deltas *deltas);

/* Yields what `text`, a whole answer, has beyond `shown`: all of it where nothing was yielded, the rest where it was
 * cut off. */
void ptb_deltas_yield_rest(VALUE shown, VALUE text);

#endif
