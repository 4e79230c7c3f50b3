#include <ruby.h>
#include <ruby/vm.h>

#include "about.h"
#include "assistant_call.h"
#include "assistant_service.h"
#include "batch.h"
#include "engine.h"
#include "errors.h"
#include "flight.h"
#include "intercept.h"
#include "json.h"
#include "llm_client_service.h"
#include "observe.h"
#include "response_shape.h"
#include "result.h"
#include "run.h"
#include "service_client.h"
#include "transport.h"
#include "two_steps.h"

/* How long the exit of the process may wait for the engine to come to rest. */
static const double exit_wait_s = 1.0;

static void stop_engine(ruby_vm_t *vm) {
  (void)vm;
  ptn_engine_stop(exit_wait_s);
}

/* Defines OpenaiAssistantService and LlmClientService in `home`, which has neither.
 *
 * @api private
 * @param home [Module] PromptTracker where they take the host's place
 * @return [nil]
 */
static VALUE define_services(VALUE self, VALUE home) {
  (void)self;
  ptb_define_llm_client_service(home);
  return Qnil;
}

/* The libcurl that carries the requests.
 *
 * @api private
 * @return [Hash] `{ version: "libcurl/7.88.1 …", http2: true, ca_file: "/etc/ssl/…" or nil }`
 */
static VALUE about_libcurl(VALUE self) {
  (void)self;
  VALUE about = rb_hash_new();
  const char *ca_file = ptn_about_ca_file();
  ptb_set(about, "version", rb_utf8_str_new_cstr(ptn_about_libcurl()));
  ptb_set(about, "http2", ptn_about_http2() ? Qtrue : Qfalse);
  ptb_set(about, "ca_file", ca_file ? rb_utf8_str_new_cstr(ca_file) : Qnil);
  return about;
}

RUBY_FUNC_EXPORTED void Init_prompt_tracker_native(void) {
  ptb_init_errors();
  ptb_init_json();
  ptb_init_intercept();
  ptb_init_item();
  ptb_init_assistant_call();
  ptb_init_two_steps();
  ptb_init_service_client();
  ptb_init_batch();
  ptb_init_flight();
  ptb_init_transport();
  ptb_init_observe();
  ptb_init_result();
  ptb_init_response_shape();
  ptb_init_run();
  ptb_init_run_polling();
  ptb_init_run_stream();
  if (ptn_engine_load() != PTN_OK) rb_raise(rb_eLoadError, "libcurl could not be initialized");
  /* Not an at_exit handler: the app's own still call. */
  ruby_vm_at_exit(stop_engine);
  rb_define_private_method(rb_singleton_class(ptb_mNative), "define_services", define_services, 1);
  rb_define_singleton_method(ptb_mNative, "libcurl", about_libcurl, 0);
}
