#ifndef PTB_ASSISTANT_CALL_H
#define PTB_ASSISTANT_CALL_H

#include <ruby.h>
#include <stdbool.h>

#include "item.h"

/* What OpenaiAssistantService#call and .resume do, once the object knows what to ask. */

void ptb_init_assistant_call(void);

/* Return the result hash. */
VALUE ptb_assistant_ask(VALUE service);
VALUE ptb_assistant_take_up(VALUE service);

/* Whether what is to be resumed is a response: those need no thread to be found by, and what they go on from is none. */
bool ptb_names_response(VALUE run_id, VALUE thread_id);

/* The transport that a client has, made once for each, and the AssistantError where its settings turn out not to work. */
VALUE ptb_client_transport(VALUE client);
NORETURN(VALUE ptb_client_failed(VALUE unused, VALUE error));

/* ptb_assistant_ask in two steps, for a call of a batch: as far as its first request, which is then on its way, and from
 * there on. Between them the call has no stack, and takes a fraction of the memory. ptb_assistant_begin waits for nothing;
 * nil: this call can't do without waiting, or somebody wants to see it as a whole. Then nothing has been sent. */
VALUE ptb_assistant_begin(VALUE service, ptb_item *item);
VALUE ptb_assistant_finish(VALUE begun);

/* Lets go of what the first request holds: of a call that is not to be finished, or that is over, however it ended. */
void ptb_assistant_abandon(VALUE begun);

/* When it is to be finished at the latest, in monotonic seconds. */
double ptb_assistant_deadline(VALUE begun);

#endif
