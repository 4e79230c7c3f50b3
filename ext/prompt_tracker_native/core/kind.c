#include "kind.h"

#include <string.h>

#include "json_scan.h"

typedef struct {
  const char *at;
  size_t len;
} slice;

static const slice NAMES[] = {
#define PTN_KIND_ROW(member, name) [PTN_KIND_##member] = {name, sizeof name - 1},
    PTN_KIND_LIST(PTN_KIND_ROW)
#undef PTN_KIND_ROW
};

enum { COUNT = sizeof NAMES / sizeof *NAMES };

static bool equals(slice text, const char *other) {
  size_t len = strlen(other);
  return text.len == len && memcmp(text.at, other, len) == 0;
}

static bool starts_with(slice text, const char *prefix) {
  size_t len = strlen(prefix);
  return text.len >= len && memcmp(text.at, prefix, len) == 0;
}

static ptn_kind by_name(slice name) {
  for (int kind = 0; kind < COUNT; kind++) {
    if (NAMES[kind].len == name.len && memcmp(NAMES[kind].at, name.at, name.len) == 0) return (ptn_kind)kind;
  }
  return starts_with(name, "thread.run.step.") ? PTN_KIND_RUN_STEP : PTN_KIND_OTHER;
}

/* The kind of an object that is in some status: its event's name is "<prefix><status>". */
static ptn_kind by_status(const char *prefix, slice status) {
  size_t prefix_len = strlen(prefix);
  for (int kind = 0; kind < COUNT; kind++) {
    slice name = NAMES[kind];
    if (name.len == prefix_len + status.len && starts_with(name, prefix) &&
        memcmp(name.at + prefix_len, status.at, status.len) == 0) {
      return (ptn_kind)kind;
    }
  }
  return PTN_KIND_OTHER;
}

/* What of the data has been read so far; at is NULL where the member has not been seen. */
typedef struct {
  slice type, object, status;
  bool error;
} traits;

static const char *status_prefix(slice object) {
  if (equals(object, "thread.run")) return "thread.run.";
  if (equals(object, "thread.message")) return "thread.message.";
  if (equals(object, "response")) return "response.";
  return NULL;
}

static ptn_kind by_object(slice object) {
  if (equals(object, "thread")) return PTN_KIND_THREAD_CREATED;
  if (equals(object, "thread.message.delta")) return PTN_KIND_MESSAGE_DELTA;
  if (equals(object, "chat.completion.chunk")) return PTN_KIND_CHAT_CHUNK;
  if (equals(object, "thread.run.step") || starts_with(object, "thread.run.step.")) return PTN_KIND_RUN_STEP;
  return PTN_KIND_OTHER;
}

/* Whether what has been read is enough, so that the rest of a long document needn't be. */
static bool settled(const traits *seen, ptn_kind *kind) {
  if (seen->type.at && (starts_with(seen->type, "response.") || starts_with(seen->type, "thread."))) {
    *kind = by_name(seen->type);
    return true;
  }
  if (!seen->object.at) return false;
  const char *prefix = status_prefix(seen->object);
  if (prefix && !seen->status.at) return false;
  *kind = prefix ? by_status(prefix, seen->status) : by_object(seen->object);
  return *kind != PTN_KIND_OTHER;
}

static void note(traits *seen, const ptn_json_member *member) {
  if (ptn_json_key_is(member, "error")) {
    bool empty = member->type == PTN_JSON_STRING && member->value_len == 0;
    seen->error = !empty && (member->type == PTN_JSON_STRING || member->type == PTN_JSON_OBJECT ||
                             member->type == PTN_JSON_ARRAY);
    return;
  }
  if (member->type != PTN_JSON_STRING || member->escaped) return;

  slice value = {member->value, member->value_len};
  if (ptn_json_key_is(member, "type")) seen->type = value;
  else if (ptn_json_key_is(member, "object")) seen->object = value;
  else if (ptn_json_key_is(member, "status")) seen->status = value;
}

static ptn_kind by_data(const char *data, size_t len) {
  traits seen = {{NULL, 0}, {NULL, 0}, {NULL, 0}, false};
  ptn_kind kind = PTN_KIND_OTHER;
  ptn_json_scan scan;
  ptn_json_member member;

  ptn_json_scan_init(&scan, data, len);
  while (ptn_json_scan_next(&scan, &member)) {
    note(&seen, &member);
    if (settled(&seen, &kind)) return kind;
  }
  if (seen.error) return PTN_KIND_ERROR;
  if (seen.type.at && equals(seen.type, "error")) return PTN_KIND_ERROR;
  if (seen.object.at && equals(seen.object, "error")) return PTN_KIND_ERROR;
  return PTN_KIND_OTHER;
}

ptn_kind ptn_kind_of(const char *event, size_t event_len, const char *data, size_t data_len) {
  slice name = {event, event_len}, text = {data, data_len};
  if (equals(text, "[DONE]")) return PTN_KIND_DONE;
  if (event_len && !equals(name, "message")) return by_name(name);
  return by_data(data, data_len);
}

bool ptn_kind_ends_stream(ptn_kind kind) {
  switch (kind) {
    case PTN_KIND_DONE:
    case PTN_KIND_ERROR:
    case PTN_KIND_RUN_REQUIRES_ACTION:
    case PTN_KIND_RUN_COMPLETED:
    case PTN_KIND_RUN_INCOMPLETE:
    case PTN_KIND_RUN_FAILED:
    case PTN_KIND_RUN_CANCELLED:
    case PTN_KIND_RUN_EXPIRED:
    case PTN_KIND_RESPONSE_COMPLETED:
    case PTN_KIND_RESPONSE_FAILED:
    case PTN_KIND_RESPONSE_INCOMPLETE:
    case PTN_KIND_RESPONSE_CANCELLED:
      return true;
    default:
      return false;
  }
}

bool ptn_kind_is_passing(ptn_kind kind) {
  return kind == PTN_KIND_MESSAGE_DELTA || kind == PTN_KIND_RESPONSE_TEXT_DELTA ||
         kind == PTN_KIND_RESPONSE_REFUSAL_DELTA || kind == PTN_KIND_RUN_STEP;
}

const char *ptn_kind_name(ptn_kind kind) {
  return (unsigned)kind < COUNT ? NAMES[kind].at : "other";
}
