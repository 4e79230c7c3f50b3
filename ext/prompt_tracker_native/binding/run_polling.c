#include <math.h>

#include "clock.h"
#include "errors.h"
#include "item.h"
#include "prompt.h"
#include "result.h"
#include "run.h"

/* The classic requests, by duck typing: any client that answers threads, messages and runs will do. */

static ID id_create, id_retrieve, id_list, id_submit_tool_outputs;
static ID id_threads, id_messages, id_runs;
static VALUE sym_id, sym_thread_id, sym_run_id, sym_parameters, sym_limit, sym_order;

/* A client of ours gives up when the run does. */
static VALUE client_in_time(const ptb_run *run) {
  if (!ptb_client_is_ours(run->client)) return run->client;
  return rb_funcall(run->client, rb_intern("with_deadline"), 1, DBL2NUM(run->deadline));
}

static VALUE resource(const ptb_run *run, VALUE *slot, ID name) {
  if (NIL_P(*slot)) *slot = rb_funcall(client_in_time(run), name, 0);
  return *slot;
}

typedef struct {
  VALUE receiver, keywords; /* keywords: nil for none */
  ID method;
} question;

static VALUE put_question(VALUE arg) {
  question *q = (question *)arg;
  if (NIL_P(q->keywords)) return rb_funcall(q->receiver, q->method, 0);
  return rb_funcallv_kw(q->receiver, q->method, 1, &q->keywords, RB_PASS_KEYWORDS);
}

/* A stand-in may block; in a batch that is done outside of the item's Fiber. */
static VALUE ask(const ptb_run *run, VALUE receiver, ID method, VALUE keywords) {
  question q = {receiver, keywords, method};
  return ptb_client_is_ours(run->client) ? put_question((VALUE)&q) : ptb_at_home(put_question, (VALUE)&q);
}

static VALUE keywords(VALUE key1, VALUE value1, VALUE key2, VALUE value2) {
  VALUE hash = rb_hash_new();
  rb_hash_aset(hash, key1, value1);
  if (!NIL_P(key2)) rb_hash_aset(hash, key2, value2);
  return hash;
}

/* A 2xx answer without an id is a refusal in disguise. */
static VALUE id_of(VALUE answer, const char *what) {
  VALUE id = ptb_dig(answer, "id");
  if (ptb_is_server_id(id)) return id;
  VALUE message = ptb_error_fields_of(answer, Qnil).message;
  if (NIL_P(message)) rb_raise(ptb_eAnswer, "the server's answer has no id for the %s", what);
  rb_raise(ptb_eAnswer, "%" PRIsVALUE, message);
}

static void create_thread(ptb_run *run) {
  VALUE answer = ask(run, resource(run, &run->threads, id_threads), id_create, Qnil);
  run->thread_id = id_of(answer, "thread");
}

void ptb_run_create_thread(ptb_run *run) { ptb_run_step(run, "Failed to create thread", create_thread); }

static void add_message(ptb_run *run) {
  VALUE answer = ask(run, resource(run, &run->messages, id_messages), id_create,
                     keywords(sym_thread_id, run->thread_id, sym_parameters, ptb_run_user_message(run)));
  VALUE refusal = NIL_P(ptb_dig(answer, "id")) ? ptb_error_fields_of(answer, Qnil).message : Qnil;
  if (!NIL_P(refusal)) rb_raise(ptb_eAnswer, "%" PRIsVALUE, refusal);
}

static void start_run(ptb_run *run) {
  VALUE parameters = ptb_run_parameters(run, rb_hash_new());
  run->run = ask(run, resource(run, &run->runs, id_runs), id_create,
                 keywords(sym_thread_id, run->thread_id, sym_parameters, parameters));
  run->run_id = id_of(run->run, "run");
}

static void retrieve_run(ptb_run *run) {
  run->run = ask(run, resource(run, &run->runs, id_runs), id_retrieve,
                 keywords(sym_thread_id, run->thread_id, sym_id, run->run_id));
}

/* ---- waiting ---- */

static void submit_outputs(ptb_run *run) {
  VALUE arguments = keywords(sym_thread_id, run->thread_id, sym_run_id, run->run_id);
  rb_hash_aset(arguments, sym_parameters, ptb_run_tool_outputs(run));
  ask(run, resource(run, &run->runs, id_runs), id_submit_tool_outputs, arguments);
}

/* Asks at once, then with growing waits. `sleep` is called on the service, so that specs can stub it. */
static void poll(ptb_run *run) {
  ptb_waits waits = ptb_run_waits();
  double wait = waits.first;
  for (;;) {
    retrieve_run(run);
    if (ptb_run_settle(run, submit_outputs)) return;
    double left = run->deadline - ptn_now();
    if (left <= 0) ptb_run_time_out(run);
    ptb_pause(run->service, wait < left ? wait : left);
    if (ptn_now() >= run->deadline) ptb_run_time_out(run);
    wait = fmin(wait * 1.5, waits.longest);
  }
}

void ptb_run_poll(ptb_run *run) { ptb_run_step(run, "Error waiting for completion", poll); }

/* ---- the answer ---- */

static VALUE list_messages(ptb_run *run, VALUE parameters) {
  VALUE list = ask(run, resource(run, &run->messages, id_messages), id_list,
                   keywords(sym_thread_id, run->thread_id, sym_parameters, parameters));
  VALUE data = ptb_dig(list, "data");
  if (RB_TYPE_P(data, T_ARRAY)) return data;
  VALUE message = ptb_error_fields_of(list, Qnil).message;
  if (NIL_P(message)) rb_raise(ptb_eAnswer, "the server's list of messages has no data");
  rb_raise(ptb_eAnswer, "%" PRIsVALUE, message);
}

/* Stand-ins leave role and run_id out, some servers set them to null: that does not speak against a message. */
static bool belongs_to_run(const ptb_run *run, VALUE message) {
  if (RB_SPECIAL_CONST_P(message) || RB_TYPE_P(message, T_STRING) || RB_TYPE_P(message, T_ARRAY)) return false;
  VALUE role = ptb_dig(message, "role"), run_id = ptb_dig(message, "run_id");
  if (RB_TYPE_P(role, T_STRING) && rb_str_cmp(role, rb_str_new_cstr("assistant")) != 0) return false;
  return !RB_TYPE_P(run_id, T_STRING) || rb_str_cmp(run_id, run->run_id) == 0;
}

static bool is_later(VALUE a, VALUE b) {
  VALUE at = ptb_dig(a, "created_at"), bt = ptb_dig(b, "created_at");
  return RB_INTEGER_TYPE_P(at) && RB_INTEGER_TYPE_P(bt) && RTEST(rb_funcall(at, '>', 1, bt));
}

/* The newest of the run's messages. Lists are asked for newest first, but not every server heeds that. One
 * that names this run goes before one that names none. */
static VALUE pick(const ptb_run *run, VALUE data) {
  VALUE best = Qnil;
  bool best_named = false;
  for (long i = 0; i < RARRAY_LEN(data); i++) {
    VALUE message = rb_ary_entry(data, i);
    if (!belongs_to_run(run, message)) continue;
    bool named = RB_TYPE_P(ptb_dig(message, "run_id"), T_STRING);
    if (NIL_P(best) || (named && !best_named) || (named == best_named && is_later(message, best))) {
      best = message;
      best_named = named;
    }
  }
  return best;
}

static VALUE list_parameters(int limit) {
  return keywords(sym_limit, INT2FIX(limit), sym_order, rb_utf8_str_new_cstr("desc"));
}

static void fetch_message(ptb_run *run) {
  run->message = pick(run, list_messages(run, list_parameters(1)));
  if (NIL_P(run->message)) run->message = pick(run, list_messages(run, list_parameters(100)));
}

void ptb_run_fetch_message(ptb_run *run) {
  if (NIL_P(run->message)) ptb_run_step(run, "Failed to retrieve response", fetch_message);
}

VALUE ptb_run_polled(ptb_run *run) {
  if (NIL_P(run->thread_id)) ptb_run_create_thread(run);
  ptb_run_step(run, "Failed to add message", add_message);
  ptb_run_step(run, "Failed to run assistant", start_run);
  ptb_run_poll(run);
  ptb_run_step(run, "Failed to retrieve response", retrieve_run);
  return ptb_run_result(run);
}

VALUE ptb_run_resume(ptb_run *run) {
  ptb_run_poll(run);
  VALUE assistant_id = ptb_dig(run->run, "assistant_id");
  if (NIL_P(run->assistant_id) && RB_TYPE_P(assistant_id, T_STRING)) run->assistant_id = assistant_id;
  return ptb_run_result(run);
}

void ptb_init_run_polling(void) {
  id_create = rb_intern("create");
  id_retrieve = rb_intern("retrieve");
  id_list = rb_intern("list");
  id_submit_tool_outputs = rb_intern("submit_tool_outputs");
  id_threads = rb_intern("threads");
  id_messages = rb_intern("messages");
  id_runs = rb_intern("runs");
  sym_id = PTB_SYMBOL("id");
  sym_thread_id = PTB_SYMBOL("thread_id");
  sym_run_id = PTB_SYMBOL("run_id");
  sym_parameters = PTB_SYMBOL("parameters");
  sym_limit = PTB_SYMBOL("limit");
  sym_order = PTB_SYMBOL("order");
}
