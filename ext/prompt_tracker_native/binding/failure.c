#include "failure.h"

#include "headers.h"
#include "intercept.h"
#include "json.h"
#include "utf8.h"

VALUE ptb_flight_header(const ptb_flight *f, const char *name) {
  const char *value;
  size_t len;
  if (!f->done || !ptn_headers_find(f->headers.data, f->headers.len, name, &value, &len)) {
    return Qnil;
  }
  return ptb_text_join(ptb_text_new(value, len));
}

ptb_error_fields ptb_flight_fields(const ptb_flight *f) {
  VALUE parsed = f->inbox.len > 0 ? ptb_json_try(f->inbox.data, f->inbox.len) : Qnil;
  VALUE text = f->inbox.len > 0 ? ptb_text_join(ptb_text_new(f->inbox.data, f->inbox.len)) : Qnil;
  return ptb_error_fields_of(parsed == Qundef ? Qnil : parsed, text);
}

bool ptb_flight_failed(const ptb_flight *f) {
  int status = ptb_flight_http_status(f);
  return f->status != PTN_OK || status < 200 || status > 299;
}

static VALUE error_class(const ptb_flight *f) {
  switch (f->status) {
  case PTN_E_TIMEOUT: case PTN_E_IDLE: case PTN_E_CONNECT_TIMEOUT: return ptb_eTimeout;
  case PTN_E_TOO_LARGE: case PTN_E_ENCODING: case PTN_E_PROTOCOL: return ptb_eAnswer;
  case PTN_E_CONFIG: case PTN_E_URL: case PTN_E_CA_FILE: return ptb_eConfiguration;
  default: return ptb_eConnection;
  }
}

static const char *advice(const ptb_transport *t, const ptb_flight *f) {
  switch (f->status) {
  case PTN_E_CA_FILE: return t->endpoint->ca_file ? t->endpoint->ca_file : "libcurl's default bundle";
  default: return f->error;
  }
}

static VALUE failure_message(const ptb_transport *t, const ptb_flight *f) {
  VALUE message = rb_utf8_str_new_cstr(ptn_status_text(f->status));
  const char *more = advice(t, f);
  if (f->status == PTN_E_TOO_LARGE) {
    rb_str_catf(message, " of %lu bytes (max_body_bytes)", (unsigned long)t->endpoint->max_body);
  } else if (*more) {
    rb_str_catf(message, ": %s", more);
  }
  return rb_str_catf(message, " (%.*s)", (int)t->host_len, t->endpoint->base_url + t->host_at);
}

static bool is_redirect(int status) { return status >= 300 && status < 400; }

static VALUE http_message(const ptb_flight *f, const ptb_error_fields *fields, VALUE request_id) {
  int status = ptb_flight_http_status(f);
  VALUE message = NIL_P(fields->message) ? rb_utf8_str_new_cstr("the server gave no reason") : rb_str_dup(fields->message);
  if (is_redirect(status)) {
    VALUE location = ptb_flight_header(f, "location");
    message = rb_sprintf("the server redirects to %" PRIsVALUE ", which is not followed: check the base URL",
                         NIL_P(location) ? rb_str_new_cstr("nowhere") : location);
  }
  rb_str_catf(message, " (HTTP %d", status);
  if (!NIL_P(request_id)) rb_str_catf(message, ", request %" PRIsVALUE, request_id);
  return rb_str_cat_cstr(message, ")");
}

VALUE ptb_flight_headers(const ptb_flight *f) {
  VALUE hash = rb_hash_new();
  const char *name, *value;
  size_t name_len, value_len, pos = 0;
  if (!f->done) return hash;
  while (ptn_headers_next(f->headers.data, f->headers.len, &pos, &name, &name_len, &value, &value_len)) {
    VALUE key = rb_funcall(ptb_text_join(ptb_text_new(name, name_len)), rb_intern("downcase"), 0);
    VALUE text = ptb_text_join(ptb_text_new(value, value_len)), before = rb_hash_aref(hash, key);
    if (!NIL_P(before)) text = rb_sprintf("%" PRIsVALUE ", %" PRIsVALUE, before, text);
    rb_hash_aset(hash, key, text);
  }
  return hash;
}

/* A server may say the key wherever it says something. */
static VALUE without_secrets(VALUE self, VALUE value) {
  return RB_TYPE_P(value, T_STRING) ? ptb_transport_redact(self, value) : value;
}

static int clean_header(VALUE name, VALUE value, VALUE arg) {
  VALUE *into = (VALUE *)arg;
  rb_hash_aset(into[0], name, without_secrets(into[1], value));
  return ST_CONTINUE;
}

static VALUE headers_without_secrets(VALUE self, const ptb_flight *f) {
  VALUE into[] = {rb_hash_new(), self};
  rb_hash_foreach(ptb_flight_headers(f), clean_header, (VALUE)into);
  return into[0];
}

static void set_details(VALUE self, VALUE error, const ptb_flight *f, const ptb_error_fields *fields, VALUE request_id) {
  int status = ptb_flight_http_status(f);
  ptb_error_set(error, "status", status ? INT2FIX(status) : Qnil);
  ptb_error_set(error, "code", without_secrets(self, fields->code));
  ptb_error_set(error, "type", without_secrets(self, fields->type));
  ptb_error_set(error, "param", without_secrets(self, fields->param));
  ptb_error_set(error, "request_id", without_secrets(self, request_id));
  if (f->status != PTN_OK) ptb_error_set(error, "failure", rb_utf8_str_new_cstr(ptn_status_name(f->status)));
  if (status) ptb_error_set(error, "headers", headers_without_secrets(self, f));
  if (f->done && f->body_kind != PTN_BODY_EVENTS && f->inbox.len > 0) {
    ptb_error_set(error, "body", ptb_transport_redact(self, ptb_text_new(f->inbox.data, f->inbox.len)));
  }
  ptb_error_set_retryable(error, f->retryable);
}

VALUE ptb_transport_error(VALUE self, VALUE flight) {
  const ptb_transport *t = ptb_transport_get(self);
  ptb_flight *f = ptb_flight_get(flight);
  if (!ptb_flight_failed(f)) return Qnil;
  if (f->status == PTN_E_NOMEM) rb_memerror();
  ptb_error_fields fields = {Qnil, Qnil, Qnil, Qnil, false};
  VALUE request_id = ptb_flight_header(f, "x-request-id");
  VALUE klass = f->status == PTN_OK ? ptb_eHTTP : error_class(f), message;
  if (f->status == PTN_OK) {
    fields = ptb_flight_fields(f);
    message = http_message(f, &fields, request_id);
  } else {
    message = failure_message(t, f);
  }
  if (f->ambiguous && !f->named) rb_str_cat_cstr(message, "; the request may have been carried out: a run may have been started");
  VALUE error = rb_exc_new_str(klass, ptb_transport_redact(self, message));
  set_details(self, error, f, &fields, request_id);
  ptb_intercept_mark(error, ptb_flight_ticket(flight));
  RB_GC_GUARD(flight);
  return error;
}
