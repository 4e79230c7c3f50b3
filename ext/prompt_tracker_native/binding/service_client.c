#include "service_client.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "names.h"
#include "settings.h"

static bool inherits(VALUE klass, VALUE from) { return RB_TYPE_P(klass, T_CLASS) && RTEST(rb_class_inherited_p(klass, from)); }

static bool is_stubbed(VALUE klass) { return !rb_method_basic_definition_p(CLASS_OF(klass), rb_intern("new")); }

static VALUE constant(VALUE module, ID name) { return rb_const_defined(module, name) ? rb_const_get(module, name) : Qnil; }

/* OpenAI::Client where it is this gem's, or where its `new` has been stubbed (a spec's stub is a method of its
 * singleton class), so that specs that stub it go on working. */
static VALUE client_class(VALUE ours) {
  VALUE openai = constant(rb_cObject, rb_intern("OpenAI"));
  VALUE theirs = RB_TYPE_P(openai, T_MODULE) ? constant(openai, rb_intern("Client")) : Qnil;
  if (NIL_P(theirs)) return ours;
  return inherits(theirs, ours) || is_stubbed(theirs) ? theirs : ours;
}

static VALUE new_client(VALUE klass, VALUE key) {
  VALUE keywords = rb_hash_new();
  ptb_set(keywords, "access_token", key);
  return rb_funcallv_kw(klass, rb_intern("new"), 1, &keywords, RB_PASS_KEYWORDS);
}

/* ---- the one that is shared ---- */

/* The last client, and what it was made from. Making one and its transport costs about as much as all the rest of a call,
 * so where nobody can tell the difference the services share one, each with a copy of its own. */
static struct {
  VALUE snapshot, defaults, klass, key, client;
} shared;

static bool is_shared(VALUE snapshot, VALUE defaults, VALUE klass, VALUE key) {
  return shared.snapshot == snapshot && shared.klass == klass && rb_equal(shared.key, key) && rb_equal(shared.defaults, defaults);
}

static VALUE shared_client(VALUE klass, VALUE key) {
  VALUE snapshot = ptb_setting("snapshot"), defaults = rb_funcall(klass, rb_intern("defaults"), 0), client = shared.client;
  if (!is_shared(snapshot, defaults, klass, key)) {
    client = new_client(klass, key);
    rb_funcall(client, rb_intern("transport"), 0);
    VALUE kept = NIL_P(key) ? Qnil : rb_str_new_frozen(key);
    shared.snapshot = snapshot;
    shared.defaults = defaults;
    shared.klass = klass;
    shared.key = kept;
    shared.client = client;
  }
  return rb_funcall(client, rb_intern("dup"), 0);
}

VALUE ptb_service_client(VALUE key) {
  VALUE ours = rb_const_get(ptb_mNative, rb_intern("Client")), klass = client_class(ours);
  return inherits(klass, ours) && !is_stubbed(klass) ? shared_client(klass, key) : new_client(klass, key);
}

/* ---- the environment ---- */

static bool is_now(VALUE name, VALUE value) {
  const char *now = getenv(StringValueCStr(name));
  if (!now || NIL_P(value)) return !now && NIL_P(value);
  return strlen(now) == (size_t)RSTRING_LEN(value) && memcmp(now, RSTRING_PTR(value), strlen(now)) == 0;
}

/* Whether variables have these values now. Each call asks, so nothing is made for it.
 *
 * @api private
 * @param names [Array<String>]
 * @param values [Array<String, nil>] as ENV.values_at gave them
 * @return [Boolean]
 */
static VALUE native_environment_p(VALUE self, VALUE names, VALUE values) {
  (void)self;
  for (long i = 0; i < RARRAY_LEN(names); i++) {
    if (!is_now(rb_ary_entry(names, i), rb_ary_entry(values, i))) return Qfalse;
  }
  return Qtrue;
}

void ptb_init_service_client(void) {
  VALUE *const kept[] = {&shared.snapshot, &shared.defaults, &shared.klass, &shared.key, &shared.client};
  for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
    *kept[i] = Qnil;
    rb_gc_register_address(kept[i]);
  }
  rb_define_singleton_method(ptb_mNative, "environment?", native_environment_p, 2);
}
