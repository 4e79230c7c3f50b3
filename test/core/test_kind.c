#include "support.h"

#include "kind.h"
#include "sse.h"

static ptn_kind kind_of(const char *event, const char *data) {
  char *name = exact_copy(event, strlen(event)), *text = exact_copy(data, strlen(data));
  ptn_kind kind = ptn_kind_of(name, strlen(event), text, strlen(data));
  free(name);
  free(text);
  return kind;
}

#define assert_kind(event, data, expected) \
  assert_string_equal(ptn_kind_name(kind_of((event), (data))), ptn_kind_name(PTN_KIND_##expected))

static void test_every_name(void **state) {
  (void)state;
#define CHECK(member, name)                                  \
  assert_int_equal(kind_of(name, "{}"), PTN_KIND_##member); \
  assert_string_equal(ptn_kind_name(PTN_KIND_##member), name);
  PTN_KIND_LIST(CHECK)
#undef CHECK
  assert_string_equal(ptn_kind_name((ptn_kind)999), "other");
  assert_string_equal(ptn_kind_name((ptn_kind)-1), "other");
}

static void test_names_that_are_not_listed(void **state) {
  (void)state;
  assert_kind("thread.run.step.created", "{}", RUN_STEP);
  assert_kind("thread.run.step.delta", "{}", RUN_STEP);
  assert_kind("thread.run.step.expired", "{}", RUN_STEP);
  assert_kind("response.content_part.added", "{}", OTHER);
  assert_kind("response.some_future_thing", "{}", OTHER);
  assert_kind("thread.run.complete", "{}", OTHER);
  assert_kind("thread.run.completed2", "{}", OTHER);
  assert_kind("ping", "{\"object\":\"thread\"}", OTHER);
}

static void test_the_name_wins_over_the_data(void **state) {
  (void)state;
  assert_kind("thread.run.created", "{\"object\":\"thread.run\",\"status\":\"queued\"}", RUN_CREATED);
  assert_kind("error", "{\"message\":\"x\"}", ERROR);
  assert_kind("message", "{\"object\":\"thread.run\",\"status\":\"failed\"}", RUN_FAILED);
  assert_kind("done", "{}", DONE);
}

static void test_done(void **state) {
  (void)state;
  assert_kind("", "[DONE]", DONE);
  assert_kind("done", "[DONE]", DONE);
  assert_kind("message", "[DONE]", DONE);
  assert_kind("", "[DONE] ", OTHER);
  assert_kind("", "[DON", OTHER);
  assert_kind("", "", OTHER);
  assert_int_equal(ptn_kind_of(NULL, 0, NULL, 0), PTN_KIND_OTHER);
}

static void test_objects(void **state) {
  (void)state;
  assert_kind("", "{\"id\":\"run_1\",\"object\":\"thread.run\",\"status\":\"queued\"}", RUN_QUEUED);
  assert_kind("", "{\"object\":\"thread.run\",\"status\":\"in_progress\"}", RUN_IN_PROGRESS);
  assert_kind("", "{\"object\":\"thread.run\",\"status\":\"requires_action\"}", RUN_REQUIRES_ACTION);
  assert_kind("", "{\"status\":\"completed\",\"object\":\"thread.run\"}", RUN_COMPLETED);
  assert_kind("", "{\"object\":\"thread.run\",\"x\":{\"status\":\"failed\"},\"status\":\"expired\"}", RUN_EXPIRED);
  assert_kind("", "{\"object\":\"thread.run\",\"status\":\"cancelling\"}", RUN_CANCELLING);
  assert_kind("", "{\"object\":\"thread.run\",\"status\":\"new\"}", OTHER);
  assert_kind("", "{\"object\":\"thread.run\",\"status\":null}", OTHER);
  assert_kind("", "{\"object\":\"thread.run\"}", OTHER);
  assert_kind("", "{\"object\":\"thread.message\",\"status\":\"in_progress\"}", MESSAGE_IN_PROGRESS);
  assert_kind("", "{\"object\":\"thread.message\",\"status\":\"completed\",\"content\":[]}", MESSAGE_COMPLETED);
  assert_kind("", "{\"object\":\"thread.message\",\"status\":\"incomplete\"}", MESSAGE_INCOMPLETE);
  assert_kind("", "{\"id\":\"m\",\"object\":\"thread.message.delta\",\"delta\":{}}", MESSAGE_DELTA);
  assert_kind("", "{\"object\":\"thread\"}", THREAD_CREATED);
  assert_kind("", "{\"object\":\"thread.run.step\",\"type\":\"message_creation\",\"status\":\"completed\"}", RUN_STEP);
  assert_kind("", "{\"type\":\"tool_calls\",\"object\":\"thread.run.step\"}", RUN_STEP);
  assert_kind("", "{\"object\":\"thread.run.step.delta\"}", RUN_STEP);
  assert_kind("", "{\"object\":\"chat.completion.chunk\",\"choices\":[]}", CHAT_CHUNK);
  assert_kind("", "{\"object\":\"response\",\"status\":\"completed\",\"error\":null}", RESPONSE_COMPLETED);
  assert_kind("", "{\"object\":\"response\",\"error\":{\"code\":\"x\"},\"status\":\"failed\"}", RESPONSE_FAILED);
  assert_kind("", "{\"object\":\"list\",\"data\":[{\"object\":\"thread\"}]}", OTHER);
}

static void test_types(void **state) {
  (void)state;
  assert_kind("", "{\"type\":\"response.output_text.delta\",\"delta\":\"x\"}", RESPONSE_TEXT_DELTA);
  assert_kind("", "{\"sequence_number\":3,\"type\":\"response.completed\",\"response\":{}}", RESPONSE_COMPLETED);
  assert_kind("", "{\"response\":{\"object\":\"response\"},\"type\":\"response.failed\"}", RESPONSE_FAILED);
  assert_kind("", "{\"type\":\"response.reasoning.delta\",\"error\":\"x\"}", OTHER);
  assert_kind("", "{\"type\":\"error\",\"code\":\"x\",\"message\":\"y\"}", ERROR);
  assert_kind("", "{\"object\":\"error\",\"message\":\"y\"}", ERROR);
  assert_kind("", "{\"type\":\"ping\"}", OTHER);
  assert_kind("", "{\"type\":\"response.\"}", OTHER);
  assert_kind("", "{\"type\":null,\"object\":7,\"status\":[]}", OTHER);
}

static void test_errors(void **state) {
  (void)state;
  assert_kind("", "{\"error\":{\"message\":\"x\"}}", ERROR);
  assert_kind("", "{\"error\":\"x\"}", ERROR);
  assert_kind("", "{\"error\":\"x \\\"y\\\"\"}", ERROR);
  assert_kind("", "{\"success\":false,\"error\":[{\"message\":\"x\"}]}", ERROR);
  assert_kind("", "{\"error\":null}", OTHER);
  assert_kind("", "{\"error\":\"\"}", OTHER);
  assert_kind("", "{\"error\":false}", OTHER);
  assert_kind("", "{\"last_error\":{\"message\":\"x\"}}", OTHER);
  assert_kind("", "{\"x\":{\"error\":{\"message\":\"x\"}}}", OTHER);
  assert_kind("", "{\"object\":\"thread.run\",\"last_error\":{\"code\":\"x\"},\"status\":\"failed\"}", RUN_FAILED);
  assert_kind("message", "{\"error\":{}}", ERROR);
  assert_kind("ping", "{\"error\":{}}", OTHER);
}

static void test_ends_of_streams(void **state) {
  (void)state;
  static const ptn_kind ENDS[] = {
      PTN_KIND_DONE,           PTN_KIND_ERROR,         PTN_KIND_RUN_REQUIRES_ACTION, PTN_KIND_RUN_COMPLETED,
      PTN_KIND_RUN_INCOMPLETE, PTN_KIND_RUN_FAILED,    PTN_KIND_RUN_CANCELLED,       PTN_KIND_RUN_EXPIRED,
      PTN_KIND_RESPONSE_COMPLETED, PTN_KIND_RESPONSE_FAILED, PTN_KIND_RESPONSE_INCOMPLETE, PTN_KIND_RESPONSE_CANCELLED};
  for (int kind = 0; kind <= PTN_KIND_OTHER; kind++) {
    bool expected = false;
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) expected = expected || (ptn_kind)kind == ENDS[i];
    assert_int_equal(ptn_kind_ends_stream((ptn_kind)kind), expected);
  }
}

/* Without its name, an event that says that something was created has only the status that it was created with. */
static bool may_be_without_name(ptn_kind named, ptn_kind nameless) {
  if (named == PTN_KIND_RUN_CREATED) return nameless == PTN_KIND_RUN_QUEUED;
  if (named == PTN_KIND_MESSAGE_CREATED) return nameless == PTN_KIND_MESSAGE_IN_PROGRESS;
  /* The real service has been recorded to name an incomplete run's last event thread.run.completed. */
  if (named == PTN_KIND_RUN_COMPLETED && nameless == PTN_KIND_RUN_INCOMPLETE) return true;
  return named == nameless;
}

static bool check_event(void *arg, const char *event, size_t event_len, const char *data, size_t data_len) {
  ptn_kind named = ptn_kind_of(event, event_len, data, data_len), nameless = ptn_kind_of(NULL, 0, data, data_len);
  if (!may_be_without_name(named, nameless)) fail_msg("%s: %s", ptn_kind_name(named), ptn_kind_name(nameless));
  *(ptn_kind *)arg = named;
  return true;
}

static void check_stream(const char *body, size_t len) {
  ptn_kind last = PTN_KIND_OTHER;
  ptn_sse sse;
  ptn_sse_init(&sse, 0, check_event, &last);
  assert_int_equal(ptn_sse_feed(&sse, body, len), PTN_OK);
  assert_int_equal(ptn_sse_finish(&sse), PTN_OK);
  assert_true(ptn_kind_ends_stream(last));
  ptn_sse_free(&sse);
}

static void test_real_events_with_and_without_names(void **state) {
  (void)state;
  if (each_shared_stream(check_stream) == 0) skip();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_name),
      cmocka_unit_test(test_names_that_are_not_listed),
      cmocka_unit_test(test_the_name_wins_over_the_data),
      cmocka_unit_test(test_done),
      cmocka_unit_test(test_objects),
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_errors),
      cmocka_unit_test(test_ends_of_streams),
      cmocka_unit_test(test_real_events_with_and_without_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
