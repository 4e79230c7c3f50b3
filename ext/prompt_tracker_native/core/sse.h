#ifndef PTN_SSE_H
#define PTN_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "status.h"

/*
 * Incremental parser of a WHATWG event stream: bytes in, cut anywhere, events out.
 *
 * The sink gets each event's name (event_len 0 when it has none) and its data, neither ended by a NUL and both
 * borrowed until it returns. It must not feed or free the parser. False stops the parser.
 */
typedef bool (*ptn_sse_sink)(void *arg, const char *event, size_t event_len, const char *data, size_t data_len);

/* A value of the event being read: in the chunk or in `line` until it must outlive them, then in `copy`. */
typedef struct {
  const char *at;
  size_t len;
  bool set, copied;
  ptn_buffer copy;
} ptn_sse_value;

typedef struct {
  ptn_sse_sink sink;
  void *arg;
  size_t max_event;
  ptn_buffer line; /* the start of a line whose end has not come */
  ptn_sse_value event, data;
  bool started;     /* the first line, which may carry a byte order mark, is over */
  bool skip_lf;     /* the last chunk ended with the CR of what may be a CRLF */
  ptn_status ended; /* what every further call returns, once it is not PTN_OK */
} ptn_sse;

/* `max_event`: most bytes in one line, and in the data of one event; 0 is no limit. */
void ptn_sse_init(ptn_sse *sse, size_t max_event, ptn_sse_sink sink, void *arg);
void ptn_sse_free(ptn_sse *sse);

/*
 * Returns PTN_OK, PTN_E_NOMEM, PTN_E_TOO_LARGE or PTN_E_CANCELLED (the sink said false). Any but PTN_OK is final:
 * later calls return it again and do nothing.
 */
ptn_status ptn_sse_feed(ptn_sse *sse, const char *bytes, size_t n);

/*
 * To be called once, where the body ended as it should. An event that lacks nothing but its blank line is dispatched;
 * one whose last line has no end is not, as that line may be cut. Returns as ptn_sse_feed does.
 */
ptn_status ptn_sse_finish(ptn_sse *sse);

#endif
