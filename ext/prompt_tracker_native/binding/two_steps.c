#include "two_steps.h"

#include "assistant_call.h"
#include "assistant_service.h"
#include "batch.h"
#include "item.h"
#include "llm_client_service.h"

/* The service that `call` would make for the item, or nil. */
static VALUE new_service(const ptb_item *item) {
  VALUE service = item->batch->service, keywords = item->call;
  if (RTEST(rb_class_inherited_p(service, ptb_cLlmClientService))) {
    service = ptb_cAssistantService;
    keywords = ptb_llm_assistant_keywords(keywords);
  }
  return NIL_P(keywords) ? Qnil : rb_funcallv_kw(service, rb_intern("new"), 1, &keywords, RB_PASS_KEYWORDS);
}

/* A stubbed `new` may return anything, and an object may have a `call` of its own. */
static bool is_plain(VALUE service) {
  return RTEST(rb_obj_is_kind_of(service, ptb_cAssistantService)) && CLASS_OF(service) == rb_obj_class(service);
}

static VALUE begin(ptb_item *item) {
  item->service = new_service(item);
  return is_plain(item->service) ? ptb_assistant_begin(item->service, item) : Qnil;
}

void ptb_init_two_steps(void) {
  static const ptb_steps steps = {begin, ptb_assistant_finish, ptb_assistant_abandon, ptb_assistant_deadline};
  ptb_item_make_in(&steps);
}
