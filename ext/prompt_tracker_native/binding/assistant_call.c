#include "assistant_call.h"

#include <unistd.h>

#include "batch.h"
#include "clock.h"
#include "deltas.h"
#include "errors.h"
#include "intercept.h"
#include "observe.h"
#include "prompt.h"
#include "responding.h"
#include "run.h"
#include "settings.h"
#include "streaming.h"

static VALUE cBegun;

VALUE ptb_client_transport(VALUE client) { return rb_funcall(client, rb_intern("transport"), 0); }

VALUE ptb_client_failed(VALUE unused, VALUE error) {
  (void)unused;
  ptb_error_raise(ptb_error_wrap(ptb_eAssistant, Qnil, error), error);
}

/* ---- definitions ---- */

static VALUE definitions(void) { return rb_const_get(ptb_mNative, rb_intern("Definitions")); }

static VALUE look_up(VALUE id) { return rb_funcall(definitions(), rb_intern("find"), 1, id); }

/* Once an assistant in a batch: where definitions are rows, each look-up asks the database. */
static VALUE definition_of(const ptb_run *run) {
  VALUE id = run->assistant_id;
  if (!run->item) return look_up(id);
  VALUE known = run->item->batch->definitions, definition = rb_hash_lookup2(known, id, Qundef);
  if (definition != Qundef) return definition;
  definition = ptb_at_home(look_up, id);
  rb_hash_aset(known, id, definition);
  return definition;
}

/* Looks up the definition that the Responses wire answers from; none: the Assistants wire. */
static void find_definition(ptb_run *run) {
  VALUE api = ptb_setting("api");
  if (api == PTB_SYMBOL("assistants")) return;
  run->definition = definition_of(run);
  if (NIL_P(run->definition) && api == PTB_SYMBOL("responses")) {
    rb_raise(ptb_eConfiguration, "no definition of %" PRIsVALUE " was found. %" PRIsVALUE, run->assistant_id,
             rb_funcall(definitions(), rb_intern("places"), 1, run->assistant_id));
  }
  ptb_observe_definition(run->definition);
}

static void find_definition_of_response(ptb_run *run) {
  run->definition = definition_of(run);
  ptb_observe_definition(run->definition);
}

/* ---- the run ---- */

/* Also a batch that ends with its first failure gives the other runs up. */
static bool cancels(const ptb_item *item) {
  return (item && item->batch->raises) || RTEST(ptb_setting("cancel_on_interrupt"));
}

/* What the service asks for, from now on. */
static ptb_run new_run(VALUE service, ptb_item *item, bool block) {
  VALUE timeout = rb_ivar_get(service, rb_intern("@timeout")), prompt = rb_ivar_get(service, rb_intern("@prompt"));
  VALUE thread_id = rb_ivar_get(service, rb_intern("@thread_id"));
  return (ptb_run){
      .service = service, .item = item, .client = rb_funcall(service, rb_intern("client"), 0),
      .assistant_id = rb_ivar_get(service, rb_intern("@assistant_id")),
      .prompt = NIL_P(prompt) ? Qnil : ptb_check_prompt(prompt), .tools = rb_ivar_get(service, rb_intern("@tools")),
      .options = rb_ivar_get(service, rb_intern("@options")), .timeout = timeout,
      .deadline = ptn_now() + ptb_check_timeout(timeout),
      .block = block, .cancels = cancels(item),
      .pid = getpid(), .shown = rb_utf8_str_new(NULL, 0), .threads = Qnil, .messages = Qnil, .runs = Qnil,
      .thread_id = RB_TYPE_P(thread_id, T_STRING) ? rb_str_dup(thread_id) : thread_id,
      .run_id = rb_attr_get(service, rb_intern("@run_id")), .run = Qnil, .message = Qnil, .definition = Qnil,
      .error_code = Qnil,
  };
}

static VALUE flow_of(VALUE service) {
  VALUE flow = rb_ivar_get(service, rb_intern("@flow"));
  return NIL_P(flow) ? ptb_setting("flow") : flow;
}

static void check_client(const ptb_run *run) {
  if (!ptb_client_is_ours(run->client)) return;
  rb_rescue2(ptb_client_transport, run->client, ptb_client_failed, Qnil, ptb_eError, (VALUE)0);
}

static VALUE cancel_unless_ended(VALUE arg) {
  ptb_run *run = (ptb_run *)arg;
  if (run->cancels && !run->ended && run->pid == getpid()) ptb_run_cancel(run);
  return Qnil;
}

static VALUE carry_out(VALUE service, VALUE (*how)(VALUE)) {
  ptb_run run = new_run(service, ptb_item_current(), rb_block_given_p());
  check_client(&run);
  VALUE result = rb_ensure(how, (VALUE)&run, cancel_unless_ended, (VALUE)&run);
  /* Text that did not come as a stream, or came after a stream had broken. */
  if (run.block) ptb_deltas_yield_rest(run.shown, rb_hash_aref(result, PTB_SYMBOL("text")));
  return result;
}

/* ---- a whole call ---- */

static VALUE perform(VALUE arg) {
  ptb_run *run = (ptb_run *)arg;
  VALUE flow = flow_of(run->service);
  bool ours = ptb_client_is_ours(run->client), classic = ours && NIL_P(flow) && ptb_intercept_classic();
  bool polling = classic || flow == PTB_SYMBOL("polling");
  if (ours && !classic) ptb_run_step(run, "Failed to run assistant", find_definition);
  VALUE transport = ours ? ptb_client_transport(run->client) : Qnil;
  if (!NIL_P(run->definition)) return ptb_run_responses(run, transport, !polling);
  if (run->thread_id == PTB_SYMBOL("new")) run->thread_id = Qnil;
  return ours && !polling ? ptb_run_streamed(run, transport) : ptb_run_polled(run);
}

VALUE ptb_assistant_ask(VALUE service) { return carry_out(service, perform); }

/* ---- a run that another process began ---- */

bool ptb_names_response(VALUE run_id, VALUE thread_id) {
  return ptb_begins_with(run_id, "resp_") || NIL_P(thread_id) || ptb_begins_with(thread_id, "resp_") ||
         ptb_begins_with(thread_id, "conv_");
}

static VALUE take_up(VALUE arg) {
  ptb_run *run = (ptb_run *)arg;
  bool ours = ptb_client_is_ours(run->client);
  if (!ptb_names_response(run->run_id, run->thread_id)) return ptb_run_resume(run);
  if (!ours) rb_raise(rb_eArgError, "a response can be resumed with this gem's own client only, not with %" PRIsVALUE, rb_obj_class(run->client));
  if (!NIL_P(run->assistant_id)) ptb_run_step(run, "Error waiting for completion", find_definition_of_response);
  bool polling = ptb_setting("flow") == PTB_SYMBOL("polling");
  return ptb_run_resume_response(run, ptb_client_transport(run->client), !polling);
}

VALUE ptb_assistant_take_up(VALUE service) { return carry_out(service, take_up); }

/* ---- a call in two steps ---- */

/* On the heap what is on the stack in a whole call. */
typedef struct {
  ptb_run run;
  VALUE flight; /* of the first request, for as long as the call is not over */
  bool responds; /* which of the two it is */
  union {
    ptb_streaming streaming;
    ptb_responding responding;
  } on;
} begun_call;

/* Whatever looks like an object is taken for one, as on the stack. */
static void begun_mark(void *ptr) {
  begun_call *b = ptr;
  rb_gc_mark_locations((VALUE *)b, (VALUE *)(b + 1));
}

static size_t begun_size(const void *ptr) {
  (void)ptr;
  return sizeof(begun_call);
}

static const rb_data_type_t begun_type = {
    .wrap_struct_name = "PromptTracker::Native begun call",
    .function = {.dmark = begun_mark, .dfree = RUBY_DEFAULT_FREE, .dsize = begun_size},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

static begun_call *begun_get(VALUE self) {
  begun_call *b;
  TypedData_Get_Struct(self, begun_call, &begun_type, b);
  return b;
}

/* A definition is looked up where the app's code is at home, and that is not here: the first call of an assistant in a batch
 * is made as a whole. */
static bool knows_definition(const ptb_run *run) {
  return ptb_setting("api") == PTB_SYMBOL("assistants") ||
         rb_hash_lookup2(run->item->batch->definitions, run->assistant_id, Qundef) != Qundef;
}

static bool can_begin(const ptb_run *run) {
  return ptb_client_is_ours(run->client) && !run->cancels && run->thread_id != PTB_SYMBOL("new") &&
         flow_of(run->service) != PTB_SYMBOL("polling") && knows_definition(run);
}

static bool send_first_request(begun_call *b) {
  VALUE transport = ptb_client_transport(b->run.client);
  b->responds = !NIL_P(b->run.definition);
  if (b->responds) {
    ptb_responding_aim(&b->on.responding, &b->run, transport, true);
    ptb_responding_begin(&b->on.responding);
    b->flight = b->on.responding.begun;
    return true;
  }
  if (ptb_streaming_needs_thread(&b->run)) return false;
  ptb_streaming_aim(&b->on.streaming, &b->run, transport);
  ptb_streaming_begin(&b->on.streaming);
  b->flight = b->on.streaming.begun;
  return true;
}

VALUE ptb_assistant_begin(VALUE service, ptb_item *item) {
  begun_call *b;
  if (!ptb_transport_can_begin()) return Qnil;
  VALUE self = TypedData_Make_Struct(cBegun, begun_call, &begun_type, b);
  b->run = new_run(service, item, false);
  if (!can_begin(&b->run)) return Qnil;
  check_client(&b->run);
  ptb_run_step(&b->run, "Failed to run assistant", find_definition);
  return send_first_request(b) ? self : Qnil;
}

VALUE ptb_assistant_finish(VALUE self) {
  begun_call *b = begun_get(self);
  VALUE result = b->responds ? ptb_responding_finish(&b->on.responding) : ptb_streaming_finish(&b->on.streaming);
  RB_GC_GUARD(self);
  return result;
}

void ptb_assistant_abandon(VALUE self) {
  VALUE flight = begun_get(self)->flight;
  if (RTEST(flight)) ptb_flight_abandon(flight);
}

double ptb_assistant_deadline(VALUE self) { return begun_get(self)->run.deadline; }

void ptb_init_assistant_call(void) {
  cBegun = rb_class_new(rb_cObject);
  rb_gc_register_mark_object(cBegun);
  rb_undef_alloc_func(cBegun);
}
