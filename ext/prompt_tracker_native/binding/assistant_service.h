#ifndef PTB_ASSISTANT_SERVICE_H
#define PTB_ASSISTANT_SERVICE_H

#include <ruby.h>

/* OpenaiAssistantService, once defined. */
extern VALUE ptb_cAssistantService;

/* Defines the class in the module `home`. LlmClientService::ApiError, from which its error descends, must be there. */
void ptb_define_assistant_service(VALUE home, VALUE api_error);

/* Splits options into those that an assistant call takes, which are returned, and the others, which stay. */
VALUE ptb_assistant_options_take(VALUE options);

#endif
