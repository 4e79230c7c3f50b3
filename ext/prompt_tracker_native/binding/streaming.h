#ifndef PTB_STREAMING_H
#define PTB_STREAMING_H

#include <ruby.h>
#include <stdbool.h>

#include "deltas.h"
#include "run.h"

/* A run of the Assistants wire as one streamed request, while it is on its way. run_stream.c has the whole of it. */
typedef struct {
  ptb_run *run;
  VALUE transport, headers;
  VALUE path, body; /* of the request that the next stream answers */
  VALUE begun;      /* the flight of that request where it is on its way already, or nil */
  ptb_deltas deltas;
  VALUE refusal; /* what an error event said, or nil */
  bool live;     /* events are handled as they come, not when all have */
} ptb_streaming;

/* Whether a thread has to be made before the run. */
bool ptb_streaming_needs_thread(const ptb_run *run);

/* Makes the first request; then either ptb_streaming_finish alone, which sends it and waits, or ptb_streaming_begin first,
 * which only sends it. ptb_streaming_finish returns the result hash. */
void ptb_streaming_aim(ptb_streaming *s, ptb_run *run, VALUE transport);
void ptb_streaming_begin(ptb_streaming *s);
VALUE ptb_streaming_finish(ptb_streaming *s);

#endif
