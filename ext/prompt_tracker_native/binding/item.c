#include "item.h"

#include <ruby/encoding.h>

#include "batch.h"
#include "clock.h"
#include "errors.h"
#include "names.h"

static VALUE cFiber, cItem, eStopped, masks;
static ID id_item, id_call, id_sleep, id_new, id_handle_interrupt;
static VALUE sym_blocking;
static const ptb_steps *steps;

/* ---- the object ---- */

static void item_mark(void *ptr) {
  const ptb_item *item = ptr;
  rb_gc_mark(item->owner);
  rb_gc_mark(item->fiber);
  rb_gc_mark(item->call);
  rb_gc_mark(item->service);
  rb_gc_mark(item->begun);
  rb_gc_mark(item->result);
  rb_gc_mark(item->home_result);
  rb_gc_mark(item->home_error);
}

static size_t item_size(const void *ptr) {
  (void)ptr;
  return sizeof(ptb_item);
}

static const rb_data_type_t item_type = {
    .wrap_struct_name = "PromptTracker::Native item",
    .function = {.dmark = item_mark, .dfree = RUBY_DEFAULT_FREE, .dsize = item_size},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

ptb_item *ptb_item_current(void) {
  VALUE self = rb_thread_local_aref(rb_thread_current(), id_item); /* local to the Fiber, that is */
  ptb_item *item;
  if (NIL_P(self)) return NULL;
  TypedData_Get_Struct(self, ptb_item, &item_type, item);
  return item->batch->notifier ? item : NULL; /* its Fiber may outlive the batch, where somebody else resumes it */
}

/* ---- in the Fiber ---- */

static int check_name(VALUE name, VALUE value, VALUE arg) {
  (void)value;
  (void)arg;
  if (RB_SYMBOL_P(name)) return ST_CONTINUE;
  rb_raise(rb_eArgError, "the keywords of a call must be Symbols, not %" PRIsVALUE ": give call.transform_keys(&:to_sym)",
           rb_inspect(name));
}

static void check_call(VALUE call) {
  if (!RB_TYPE_P(call, T_HASH)) {
    rb_enc_raise(rb_utf8_encoding(), rb_eArgError, "a call must be a Hash of its keywords, such as { prompt: \"…\", … }, not %" PRIsVALUE,
                 rb_obj_class(call));
  }
  rb_hash_foreach(call, check_name, Qnil);
}

static VALUE make_call(VALUE arg) {
  ptb_item *item = (ptb_item *)arg;
  if (!NIL_P(item->begun)) return steps->finish(item->begun);
  if (!NIL_P(item->service)) return rb_funcall(item->service, id_call, 0);
  check_call(item->call);
  return rb_funcallv_kw(item->batch->service, id_call, 1, &item->call, RB_PASS_KEYWORDS);
}

static VALUE keep_error(VALUE arg, VALUE error) {
  ((ptb_item *)arg)->failed = true;
  return error;
}

static VALUE perform(VALUE arg) { return rb_rescue2(make_call, arg, keep_error, arg, rb_eStandardError, (VALUE)0); }

static VALUE nothing(VALUE arg, VALUE error) {
  (void)arg;
  (void)error;
  return Qnil;
}

/* Before the item is one that nobody may be told of any more. */
static void abandon(const ptb_item *item) {
  if (!NIL_P(item->begun)) steps->abandon(item->begun);
}

static VALUE fiber_main(RB_BLOCK_CALL_FUNC_ARGLIST(first, self)) {
  (void)first;
  (void)argc;
  (void)argv;
  (void)blockarg;
  ptb_item *item;
  TypedData_Get_Struct(self, ptb_item, &item_type, item);
  rb_thread_local_aset(rb_thread_current(), id_item, self);
  item->result = rb_rescue2(perform, (VALUE)item, nothing, Qnil, eStopped, (VALUE)0);
  abandon(item);
  item->state = PTB_ITEM_DONE;
  return Qnil;
}

static void yield_to_batch(ptb_item *item, ptb_item_state state) {
  if (!item->batch->stopping) {
    item->state = state;
    rb_fiber_yield(0, NULL);
  }
  if (item->batch->stopping) rb_raise(eStopped, "the batch was stopped");
}

void ptb_item_wait(ptb_item *item, double until) {
  item->wake_at = until;
  yield_to_batch(item, PTB_ITEM_WAITING);
}

VALUE ptb_at_home(ptb_function function, VALUE arg) {
  ptb_item *item = ptb_item_current();
  if (!item) return function(arg);
  item->home = function;
  item->home_arg = arg;
  yield_to_batch(item, PTB_ITEM_AT_HOME);
  VALUE error = item->home_error, result = item->home_result;
  item->home_error = item->home_result = Qnil;
  if (!NIL_P(error)) rb_exc_raise(error);
  return result;
}

void ptb_pause(VALUE sleeper, double seconds) {
  ptb_item *item = ptb_item_current();
  if (!item || !rb_method_basic_definition_p(CLASS_OF(sleeper), id_sleep)) {
    rb_funcall(sleeper, id_sleep, 1, DBL2NUM(seconds));
    return;
  }
  for (double until = ptn_now() + seconds; ptn_now() < until;) ptb_item_wait(item, until);
}

/* A blocking Fiber: one that a scheduler has no part in. */
static VALUE new_fiber(VALUE self) {
  VALUE keywords = rb_hash_new();
  rb_hash_aset(keywords, sym_blocking, Qtrue);
  return rb_block_call_kw(cFiber, id_new, 1, &keywords, fiber_main, self, RB_PASS_KEYWORDS);
}

/* ---- at home ---- */

static VALUE keep_home_error(VALUE arg, VALUE error) {
  ((ptb_item *)arg)->home_error = error;
  return Qnil;
}

static VALUE resume_fiber(RB_BLOCK_CALL_FUNC_ARGLIST(first, fiber)) {
  (void)first;
  (void)argc;
  (void)argv;
  (void)blockarg;
  return rb_fiber_resume(fiber, 0, NULL);
}

/* What comes from outside (Thread#raise, a Timeout) is for the batch, not for the item that happens to run: it is
 * held back until the Fiber has yielded, or blocks. */
static void resume_masked(ptb_item *item) {
  item->state = PTB_ITEM_RUNNING;
  if (NIL_P(item->fiber)) item->fiber = new_fiber(item->self);
  rb_block_call(rb_cThread, id_handle_interrupt, 1, &masks, resume_fiber, item->fiber);
  if (item->state == PTB_ITEM_RUNNING) rb_raise(rb_eRuntimeError, "a call in call_many yielded a Fiber that is not its own");
}

void ptb_item_resume(ptb_item *item) {
  resume_masked(item);
  while (item->state == PTB_ITEM_AT_HOME) {
    item->home_result = rb_rescue2(item->home, item->home_arg, keep_home_error, (VALUE)item, rb_eStandardError, (VALUE)0);
    resume_masked(item);
  }
}

/* ---- before there is a Fiber ---- */

static VALUE begin(VALUE arg) {
  ptb_item *item = (ptb_item *)arg;
  check_call(item->call);
  item->begun = steps->begin(item);
  return Qnil;
}

static VALUE begin_masked(RB_BLOCK_CALL_FUNC_ARGLIST(first, self)) {
  (void)first;
  (void)argc;
  (void)argv;
  (void)blockarg;
  ptb_item *item;
  TypedData_Get_Struct(self, ptb_item, &item_type, item);
  VALUE error = rb_rescue2(begin, (VALUE)item, keep_error, (VALUE)item, rb_eStandardError, (VALUE)0);
  if (item->failed) item->result = error;
  return Qnil;
}

void ptb_item_make_in(const ptb_steps *two) { steps = two; }

void ptb_item_begin(ptb_item *item) {
  if (!item->batch->plain) return;
  rb_block_call(rb_cThread, id_handle_interrupt, 1, &masks, begin_masked, item->self);
  if (item->failed) {
    item->state = PTB_ITEM_DONE;
  } else if (!NIL_P(item->begun)) {
    item->state = PTB_ITEM_WAITING;
    item->wake_at = steps->deadline(item->begun);
  }
}

static VALUE resume_last(VALUE fiber) { return rb_fiber_resume(fiber, 0, NULL); }

void ptb_item_stop(ptb_item *item) {
  int failed;
  VALUE self = item->self;
  if (!NIL_P(item->fiber) && RTEST(rb_fiber_alive_p(item->fiber))) {
    rb_protect(resume_last, item->fiber, &failed);
    if (failed) rb_set_errinfo(Qnil); /* what stops the batch counts, not what came of the items */
  }
  abandon(item);
  RB_GC_GUARD(self);
}

ptb_item *ptb_item_new(ptb_batch *batch, VALUE owner, long index, VALUE call) {
  ptb_item *item;
  VALUE self = TypedData_Make_Struct(cItem, ptb_item, &item_type, item);
  item->batch = batch;
  item->self = self;
  item->owner = owner;
  item->index = index;
  item->call = call;
  item->fiber = item->service = item->begun = item->result = item->home_result = item->home_error = Qnil;
  return item;
}

void ptb_init_item(void) {
  id_item = rb_intern("__prompt_tracker_native_item__");
  id_call = rb_intern("call");
  id_sleep = rb_intern("sleep");
  id_new = rb_intern("new");
  id_handle_interrupt = rb_intern("handle_interrupt");
  sym_blocking = PTB_SYMBOL("blocking");
  cFiber = rb_const_get(rb_cObject, rb_intern("Fiber"));
  rb_gc_register_mark_object(cFiber);
  cItem = rb_class_new(rb_cObject);
  rb_gc_register_mark_object(cItem);
  rb_undef_alloc_func(cItem);
  eStopped = rb_class_new(rb_eException);
  rb_gc_register_mark_object(eStopped);
  masks = rb_hash_new();
  rb_gc_register_mark_object(masks);
  rb_hash_aset(masks, rb_cObject, PTB_SYMBOL("on_blocking"));
  rb_obj_freeze(masks);
}
