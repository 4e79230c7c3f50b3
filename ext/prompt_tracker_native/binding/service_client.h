#ifndef PTB_SERVICE_CLIENT_H
#define PTB_SERVICE_CLIENT_H

#include <ruby.h>

void ptb_init_service_client(void);

/* A client with this key (a String, or nil) and the settings and the environment of this moment. A Native::Client, or what
 * a stubbed OpenAI::Client.new returns. Raises ConfigurationError where a setting or the environment can't work. */
VALUE ptb_service_client(VALUE key);

#endif
