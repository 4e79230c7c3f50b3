#ifndef PTN_KIND_H
#define PTN_KIND_H

#include <stdbool.h>
#include <stddef.h>

/* The events that matter, by the names that servers send: X(member, name). */
#define PTN_KIND_LIST(X)                                      \
  X(DONE, "done")                                             \
  X(ERROR, "error")                                           \
  X(THREAD_CREATED, "thread.created")                         \
  X(RUN_CREATED, "thread.run.created")                        \
  X(RUN_QUEUED, "thread.run.queued")                          \
  X(RUN_IN_PROGRESS, "thread.run.in_progress")                \
  X(RUN_REQUIRES_ACTION, "thread.run.requires_action")        \
  X(RUN_COMPLETED, "thread.run.completed")                    \
  X(RUN_INCOMPLETE, "thread.run.incomplete")                  \
  X(RUN_FAILED, "thread.run.failed")                          \
  X(RUN_CANCELLING, "thread.run.cancelling")                  \
  X(RUN_CANCELLED, "thread.run.cancelled")                    \
  X(RUN_EXPIRED, "thread.run.expired")                        \
  X(RUN_STEP, "thread.run.step") /* every thread.run.step.* */ \
  X(MESSAGE_CREATED, "thread.message.created")                \
  X(MESSAGE_IN_PROGRESS, "thread.message.in_progress")        \
  X(MESSAGE_DELTA, "thread.message.delta")                    \
  X(MESSAGE_COMPLETED, "thread.message.completed")            \
  X(MESSAGE_INCOMPLETE, "thread.message.incomplete")          \
  X(RESPONSE_CREATED, "response.created")                     \
  X(RESPONSE_QUEUED, "response.queued")                       \
  X(RESPONSE_IN_PROGRESS, "response.in_progress")             \
  X(RESPONSE_COMPLETED, "response.completed")                 \
  X(RESPONSE_FAILED, "response.failed")                       \
  X(RESPONSE_INCOMPLETE, "response.incomplete")               \
  X(RESPONSE_CANCELLED, "response.cancelled")                 \
  X(RESPONSE_TEXT_DELTA, "response.output_text.delta")        \
  X(RESPONSE_TEXT_DONE, "response.output_text.done")          \
  X(RESPONSE_REFUSAL_DELTA, "response.refusal.delta")         \
  X(RESPONSE_ITEM_ADDED, "response.output_item.added")        \
  X(RESPONSE_ITEM_DONE, "response.output_item.done")          \
  X(CHAT_CHUNK, "chat.completion.chunk")                      \
  X(OTHER, "other") /* any other event, known or not */

typedef enum {
#define PTN_KIND_MEMBER(member, name) PTN_KIND_##member,
  PTN_KIND_LIST(PTN_KIND_MEMBER)
#undef PTN_KIND_MEMBER
} ptn_kind;

/*
 * What a server-sent event is: by its name, or, where that is missing or only "message", by the top-level `type`,
 * `object`, `status` and `error` of its JSON data. A run or response that was just created is then of its status
 * (mostly RUN_QUEUED), as its data does not tell more.
 */
ptn_kind ptn_kind_of(const char *event, size_t event_len, const char *data, size_t data_len);

/* Whether nothing that matters comes after it in this stream. */
bool ptn_kind_ends_stream(ptn_kind kind);

/* Whether it tells nothing that a later event of its stream doesn't tell as a whole: pieces of text, and steps. */
bool ptn_kind_is_passing(ptn_kind kind);

/* A static string, "other" outside the list too. */
const char *ptn_kind_name(ptn_kind kind);

#endif
