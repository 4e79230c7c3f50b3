#ifndef PTB_CHAT_H
#define PTB_CHAT_H

#include <ruby.h>
#include <stdbool.h>

/* One standard chat request of LlmClientService. */
typedef struct {
  VALUE provider; /* String; "openai" where the caller did not say */
  VALUE model, prompt, temperature, max_tokens, schema;
  VALUE options; /* Hash, without timeout */
  VALUE timeout; /* seconds, or nil */
  bool block;    /* text deltas are wanted */
} ptb_chat;

/* Through the ruby_llm gem. Its exceptions pass as they are. */
VALUE ptb_chat_ruby_llm(const ptb_chat *chat);

/* Whether the ruby_llm gem is to be used, by the setting `chat` and by what the bundle has. */
bool ptb_chat_uses_ruby_llm(void);

/* Through POST /chat/completions. UnsupportedProviderError, MissingApiKeyError or ApiError where there is no answer. */
VALUE ptb_chat_native(ptb_chat *chat);

/* Raises UnsupportedProviderError where the native way can't serve the provider. */
void ptb_chat_check_provider(VALUE provider);

#endif
