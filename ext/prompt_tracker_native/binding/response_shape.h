#ifndef PTB_RESPONSE_SHAPE_H
#define PTB_RESPONSE_SHAPE_H

#include <ruby.h>

/* A response of the Responses API as the Assistants API would have shown it. docs/mapping.md has the tables. */

/* What the shapes need besides the response. */
typedef struct {
  VALUE response;     /* Hash, as the server sent it */
  VALUE assistant_id; /* String */
  VALUE thread_id;    /* String or nil */
  VALUE assistant;    /* Hash: the definition as an Assistants object */
} ptb_response;

/* The last message of the response's output as a thread message, or nil where it has none. */
VALUE ptb_response_message(const ptb_response *r);

/* The response as a run. */
VALUE ptb_response_run(const ptb_response *r);

/* The function calls in its output that have no output beside them: [{id:, type: "function", function: …}]. */
VALUE ptb_response_tool_calls(VALUE response);

void ptb_init_response_shape(void);

#endif
