#ifndef PTB_FAILURE_H
#define PTB_FAILURE_H

#include <ruby.h>
#include <stdbool.h>

#include "errors.h"
#include "transport.h"

/* What a flight that went wrong means: its fields, and the exception that it becomes (see transport.h). */

/* True where there is no 2xx answer that came whole. */
bool ptb_flight_failed(const ptb_flight *flight);

/* What the body says of an error. */
ptb_error_fields ptb_flight_fields(const ptb_flight *flight);

/* All response headers: {"name in small letters" => "value, further value"}. */
VALUE ptb_flight_headers(const ptb_flight *flight);

#endif
