#include <ruby.h>
#include <ruby/vm.h>

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
#include "transport.h"

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

RUBY_FUNC_EXPORTED void Init_prompt_tracker_native(void) {
  ptb_init_errors();
  ptb_init_json();
  ptb_init_intercept();
  ptb_init_item();
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
}
