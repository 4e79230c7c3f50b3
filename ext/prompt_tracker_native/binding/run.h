#ifndef PTB_RUN_H
#define PTB_RUN_H

#include <ruby.h>
#include <stdbool.h>
#include <sys/types.h>

#include "item.h"

/* One call of an assistant, from the prompt to the result hash. It lives on the stack of the calling Ruby
 * thread, where the collector finds its VALUEs. */
typedef struct {
  ptb_item *item; /* the call of a batch that it is, or NULL */
  VALUE service, client, assistant_id, prompt; /* the last is nil where another process has sent it */
  VALUE tools;   /* Hash of callables by function name, or nil */
  VALUE options; /* Hash of further run parameters */
  VALUE timeout; /* as it was given, for the message */
  double deadline;
  bool block;                              /* text deltas are wanted */
  pid_t pid;  /* of the process that made the call: a child leaves the run alone */
  VALUE shown; /* String: the text that the block has had */
  bool cancels; /* the run is to be cancelled where its call is interrupted */

  VALUE threads, messages, runs; /* the client's resources; each asked for once */
  VALUE thread_id, run_id, run, message;
  VALUE definition; /* the Native::Definition that the Responses wire answers from, or nil */
  VALUE error_code; /* the server's own, where the run's last_error can't hold it; else nil */
  bool whole;       /* run and message hold all of the answer: no further request could add to it */
  bool on_responses, background;
  bool ended; /* there is a result or an error: nothing to cancel */
} ptb_run;

/* PromptTracker::OpenaiAssistantService::AssistantError */
extern VALUE ptb_eAssistant;

/* Raise AssistantError with the run's ids. */
NORETURN(void ptb_run_fail(ptb_run *run, const char *format, ...));
NORETURN(void ptb_run_fail_because(ptb_run *run, const char *prefix, VALUE cause));
NORETURN(void ptb_run_time_out(ptb_run *run));

/* Whether `error` says that the time of the whole call is over. */
bool ptb_run_is_late(const ptb_run *run, VALUE error);

/* Runs `step` and makes of any StandardError "prefix: its message", or the timeout's own text. */
typedef void (*ptb_step)(ptb_run *run);
void ptb_run_step(ptb_run *run, const char *prefix, ptb_step step);

/* True where the client is PromptTracker::Native::Client and not a stand-in. */
bool ptb_client_is_ours(VALUE client);

/* Asks the server to cancel the run and does not wait for its answer. */
void ptb_run_cancel(const ptb_run *run);

/* The parameters of a run: `own` first, then the caller's options. */
VALUE ptb_run_parameters(const ptb_run *run, VALUE own);

/* {role: "user", content: prompt} */
VALUE ptb_run_user_message(const ptb_run *run);

/* Goes by the status that run->run has: returns true where there is a result, false where the run is still on
 * its way, and raises where it ended otherwise. `answer_tools` is called where the run asks for tool outputs. */
bool ptb_run_settle(ptb_run *run, ptb_step answer_tools);

/* Calls the handlers that run->run asks for. Returns {tool_outputs: [...]}. */
VALUE ptb_run_tool_outputs(ptb_run *run);

/* Makes a thread and keeps its id. */
void ptb_run_create_thread(ptb_run *run);

/* Polls run->run until it settles; for both flows. */
void ptb_run_poll(ptb_run *run);

/* Fetches the run's assistant message into run->message where it isn't there. */
void ptb_run_fetch_message(ptb_run *run);

/* Seconds before a run that is on its way is asked after for the first time, and the longest wait after that. */
typedef struct {
  double first, longest;
} ptb_waits;
ptb_waits ptb_run_waits(void);

/* The two flows of the Assistants wire; each returns the result hash. */
VALUE ptb_run_streamed(ptb_run *run, VALUE transport);
VALUE ptb_run_polled(ptb_run *run);

/* The Responses wire, from run->definition; streamed, or asked for as one JSON answer. */
VALUE ptb_run_responses(ptb_run *run, VALUE transport, bool streamed);

/* Runs that another process began: run->run_id and, on the Assistants wire, run->thread_id say which. The assistant's id may
 * be nil, and is then the run's or, where that is a response, its model. */
VALUE ptb_run_resume(ptb_run *run);
VALUE ptb_run_resume_response(ptb_run *run, VALUE transport, bool streamed);

VALUE ptb_run_result(const ptb_run *run);

void ptb_init_run(void);
void ptb_init_run_polling(void);
void ptb_init_run_stream(void);

#endif
