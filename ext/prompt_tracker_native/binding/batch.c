#include "batch.h"

#include <ruby/encoding.h>
#include <math.h>

#include "clock.h"
#include "errors.h"
#include "names.h"
#include "prompt.h"
#include "status.h"
#include "wait.h"

enum { MOST_AT_ONCE = 10000 };

static VALUE cBatch, never;
static ID id_each, id_call, id_handle_interrupt;
static VALUE sym_raise, sym_return, sym_timeout;

/* ---- the object ---- */

static void batch_mark(void *ptr) {
  const ptb_batch *b = ptr;
  rb_gc_mark(b->thread);
  rb_gc_mark(b->service);
  rb_gc_mark(b->defaults);
  rb_gc_mark(b->block);
  rb_gc_mark(b->results);
  rb_gc_mark(b->definitions);
  for (const ptb_item *item = b->first; item; item = item->next) rb_gc_mark(item->self);
}

static void batch_free(void *ptr) {
  ptb_batch *b = ptr;
  ptn_notifier_release(b->notifier);
  ruby_xfree(b);
}

static size_t batch_size(const void *ptr) {
  (void)ptr;
  return sizeof(ptb_batch);
}

static const rb_data_type_t batch_type = {
    .wrap_struct_name = "PromptTracker::Native batch",
    .function = {.dmark = batch_mark, .dfree = batch_free, .dsize = batch_size},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

static void link_item(ptb_batch *b, ptb_item *item) {
  item->next = b->first;
  if (b->first) b->first->prev = item;
  b->first = item;
  b->active++;
}

static void unlink_item(ptb_batch *b, ptb_item *item) {
  if (item->prev) item->prev->next = item->next;
  else b->first = item->next;
  if (item->next) item->next->prev = item->prev;
  item->prev = item->next = NULL;
  b->active--;
}

/* ---- one item ---- */

static void hand_over(ptb_batch *b, const ptb_item *item) {
  VALUE pair[] = {LONG2NUM(item->index), item->result};
  if (item->failed && b->raises) rb_exc_raise(item->result);
  if (NIL_P(b->block)) rb_ary_store(b->results, item->index, item->result);
  else rb_funcallv(b->block, id_call, 2, pair);
}

/* After the item has got further. */
static void settle(ptb_batch *b, ptb_item *item) {
  if (item->state == PTB_ITEM_DONE) {
    unlink_item(b, item);
    hand_over(b, item);
  } else if (item->wake_at < b->next_wake) {
    b->next_wake = item->wake_at;
  }
}

static void resume(ptb_batch *b, ptb_item *item) {
  VALUE self = item->self;
  item->wake_at = INFINITY;
  ptb_item_resume(item);
  settle(b, item);
  RB_GC_GUARD(self);
}

/* The keywords of a call. What is wrong with them is that call's own error, so it is raised in its Fiber. */
static VALUE keywords_of(const ptb_batch *b, VALUE call) {
  VALUE hash = rb_check_hash_type(call);
  if (NIL_P(hash)) return call;
  VALUE keywords = rb_hash_dup(b->defaults);
  return rb_funcall(keywords, rb_intern("update"), 1, hash);
}

static void start(ptb_batch *b, VALUE call) {
  ptb_item *item = ptb_item_new(b, b->self, b->started, keywords_of(b, call));
  b->started++;
  VALUE self = item->self;
  link_item(b, item);
  ptb_item_begin(item);
  if (item->state == PTB_ITEM_NEW) resume(b, item);
  else settle(b, item);
  RB_GC_GUARD(self);
}

/* ---- all of them ---- */

/* At most once for each that is in flight, so that no stream keeps the others from their turn. */
static bool resume_ready(ptb_batch *b) {
  ptb_item *item;
  long most = b->active, count = 0;
  while (count < most && (item = ptn_notifier_next(b->notifier))) {
    count++;
    resume(b, item);
  }
  return count > 0;
}

static void resume_due(ptb_batch *b) {
  double now = ptn_now();
  if (now < b->next_wake) return;
  b->next_wake = INFINITY;
  for (ptb_item *item = b->first, *next; item; item = next) {
    next = item->next;
    if (item->wake_at <= now) resume(b, item);
    else if (item->wake_at < b->next_wake) b->next_wake = item->wake_at;
  }
}

static void sleep_until_notified(ptb_batch *b) {
  ptb_wait_for(b->notifier, b->next_wake - ptn_now());
  ptn_notifier_drain(b->notifier);
}

/* Goes on with what can go on; where nothing can, waits first. */
static void turn(ptb_batch *b) {
  if (!resume_ready(b)) {
    sleep_until_notified(b);
    resume_ready(b);
  }
  resume_due(b);
}

/* The time of a call that waits for the server's sake runs: while as many wait as are served, no more are started. */
static bool is_full(const ptb_batch *b) {
  long waiting = b->limited + ptn_notifier_held(b->notifier);
  return b->active >= b->concurrency || (waiting > 0 && waiting >= b->active - waiting);
}

typedef struct {
  ptb_batch *batch;
  VALUE call;
} taking;

static VALUE take(VALUE arg) {
  const taking *t = (const taking *)arg;
  ptb_batch *b = t->batch;
  b->reading = false;
  start(b, t->call);
  resume_ready(b); /* `each` may take its time until it has the next */
  while (is_full(b)) turn(b);
  return Qnil;
}

static VALUE read_on(VALUE arg) {
  ((taking *)arg)->batch->reading = true;
  return Qnil;
}

/* What `each` yields to can be kept, and called from anywhere. */
static void check_giver(const ptb_batch *b) {
  if (b->thread != rb_thread_current()) rb_raise(rb_eThreadError, "`each` gave a call to call_many on another thread");
  if (!b->reading) rb_raise(rb_eRuntimeError, "`each` gave a call to call_many that was not waiting for one");
}

static VALUE on_call(RB_BLOCK_CALL_FUNC_ARGLIST(call, self)) {
  taking t = {.call = argc == 1 ? call : rb_ary_new_from_values(argc, argv)};
  (void)blockarg;
  TypedData_Get_Struct(self, ptb_batch, &batch_type, t.batch);
  check_giver(t.batch);
  return rb_ensure(take, (VALUE)&t, read_on, (VALUE)&t);
}

typedef struct {
  ptb_batch *batch;
  VALUE calls;
} calling;

static VALUE call_all(VALUE arg) {
  const calling *c = (const calling *)arg;
  ptb_batch *b = c->batch;
  b->reading = true;
  rb_block_call(c->calls, id_each, 0, NULL, on_call, b->self);
  b->reading = false;
  while (b->active > 0) turn(b);
  return NIL_P(b->block) ? b->results : LONG2NUM(b->started);
}

/* However it ended: what is still in flight is let go of, at once. */
static VALUE stop_items(RB_BLOCK_CALL_FUNC_ARGLIST(first, self)) {
  ptb_batch *b;
  (void)first;
  (void)argc;
  (void)argv;
  (void)blockarg;
  TypedData_Get_Struct(self, ptb_batch, &batch_type, b);
  while (b->first) {
    ptb_item *item = b->first;
    unlink_item(b, item);
    ptb_item_stop(item);
  }
  ptn_notifier_release(b->notifier);
  b->notifier = NULL;
  return Qnil;
}

/* An interrupt that comes meanwhile waits: it is not to end with an item, of which nobody hears any more. */
static VALUE stop(VALUE arg) {
  ptb_batch *b = ((calling *)arg)->batch;
  b->reading = false;
  b->stopping = true;
  return rb_block_call(rb_cThread, id_handle_interrupt, 1, &never, stop_items, b->self);
}

/* ---- call_many ---- */

static void check_calls(VALUE calls) {
  if (!RB_TYPE_P(calls, T_HASH) && !RB_TYPE_P(calls, T_STRING) && rb_respond_to(calls, id_each)) return;
  rb_enc_raise(rb_utf8_encoding(), rb_eArgError, "call_many takes an Enumerable of Hashes, each with the keywords of one call, such as "
               "[{ prompt: \"…\", … }, …], not %" PRIsVALUE, rb_obj_class(calls));
}

static long check_concurrency(VALUE concurrency) {
  long n = RB_INTEGER_TYPE_P(concurrency) && FIXNUM_P(concurrency) ? FIX2LONG(concurrency) : 0;
  if (n >= 1 && n <= MOST_AT_ONCE) return n;
  rb_raise(rb_eArgError, "concurrency must be an Integer from 1 to %d, not %" PRIsVALUE, MOST_AT_ONCE, rb_inspect(concurrency));
}

static bool check_on_error(VALUE on_error) {
  if (on_error == sym_raise || on_error == sym_return) return on_error == sym_raise;
  rb_raise(rb_eArgError, "on_error must be :return or :raise, not %" PRIsVALUE, rb_inspect(on_error));
}

static VALUE defaults_of(VALUE timeout) {
  VALUE defaults = rb_hash_new();
  if (NIL_P(timeout)) return defaults;
  ptb_check_timeout(timeout);
  rb_hash_aset(defaults, sym_timeout, timeout);
  return defaults;
}

static ptb_batch *new_batch(VALUE service) {
  ptb_batch *b;
  ptn_status status;
  VALUE self = TypedData_Make_Struct(cBatch, ptb_batch, &batch_type, b);
  b->self = self;
  b->thread = rb_thread_current();
  b->service = service;
  b->defaults = b->block = b->results = Qnil;
  b->definitions = rb_hash_new();
  b->next_wake = INFINITY;
  b->notifier = ptn_notifier_take(&status);
  if (!b->notifier) rb_raise(ptb_eConnection, "%s", ptn_status_text(status));
  RB_GC_GUARD(self); /* nothing else keeps it */
  return b;
}

/* @api private: .call_many, once Ruby has sorted the keywords. */
static VALUE service_perform_calls(VALUE service, VALUE calls, VALUE concurrency, VALUE timeout, VALUE on_error) {
  check_calls(calls);
  long most = check_concurrency(concurrency);
  bool raises = check_on_error(on_error);
  VALUE defaults = defaults_of(timeout);
  ptb_batch *b = new_batch(service);
  VALUE self = b->self;
  b->concurrency = most;
  b->plain = RTEST(rb_funcall(rb_const_get(ptb_mNative, rb_intern("Services")), rb_intern("plain?"), 1, service));
  b->raises = raises;
  b->defaults = defaults;
  if (rb_block_given_p()) b->block = rb_block_proc();
  else b->results = rb_ary_new();
  calling c = {b, calls};
  VALUE result = rb_ensure(call_all, (VALUE)&c, stop, (VALUE)&c);
  RB_GC_GUARD(self);
  return result;
}

void ptb_init_batch(void) {
  id_each = rb_intern("each");
  id_call = rb_intern("call");
  id_handle_interrupt = rb_intern("handle_interrupt");
  sym_raise = PTB_SYMBOL("raise");
  sym_return = PTB_SYMBOL("return");
  sym_timeout = PTB_SYMBOL("timeout");
  never = rb_hash_new();
  rb_gc_register_mark_object(never);
  rb_hash_aset(never, rb_cObject, PTB_SYMBOL("never"));
  rb_obj_freeze(never);
  cBatch = rb_class_new(rb_cObject);
  rb_gc_register_mark_object(cBatch);
  rb_undef_alloc_func(cBatch);
  VALUE module = rb_define_module_under(ptb_mNative, "CallMany");
  rb_define_private_method(module, "perform_calls", service_perform_calls, 4);
}
