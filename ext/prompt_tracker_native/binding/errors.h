#ifndef PTB_ERRORS_H
#define PTB_ERRORS_H

#include <ruby.h>

/* PromptTracker::Native and its error classes; set once by ptb_init_errors and never collected. */
extern VALUE ptb_mPromptTracker, ptb_mNative, ptb_mErrorDetails;
extern VALUE ptb_eError, ptb_eConfiguration, ptb_eConnection, ptb_eTimeout, ptb_eAnswer, ptb_eHTTP;

void ptb_init_errors(void);

/* What an error body says, whatever its shape; nil where it does not say. */
typedef struct {
  VALUE message, code, type, param;
  bool api; /* it has the API's own shape: {"error": {"message": …}} */
} ptb_error_fields;

/* Reads the parsed JSON of an error body (any VALUE) or, where it is no JSON, its text. */
ptb_error_fields ptb_error_fields_of(VALUE parsed, VALUE text);

/* Sets a detail of an error: status, code, type, param, request_id, body, headers, thread_id, run_id. */
void ptb_error_set(VALUE error, const char *detail, VALUE value);
void ptb_error_set_retryable(VALUE error, bool retryable);

/* A new error of `klass` with a message of its own (nil: that of `cause`) and the details of `cause`. */
VALUE ptb_error_wrap(VALUE klass, VALUE message, VALUE cause);

/* Raises `error`, caused by `cause`. */
NORETURN(void ptb_error_raise(VALUE error, VALUE cause));

#endif
