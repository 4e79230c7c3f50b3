#ifndef PTB_LLM_CLIENT_SERVICE_H
#define PTB_LLM_CLIENT_SERVICE_H

#include <ruby.h>

extern VALUE ptb_cLlmClientService, ptb_eApi, ptb_eMissingApiKey, ptb_eUnsupportedProvider;

/* Defines LlmClientService in the module `home`, and with it OpenaiAssistantService, whose error descends from its. */
void ptb_define_llm_client_service(VALUE home);

/* Where LlmClientService.call with these keywords would ask an assistant: the keywords with which it would ask. Else nil. */
VALUE ptb_llm_assistant_keywords(VALUE keywords);

#endif
