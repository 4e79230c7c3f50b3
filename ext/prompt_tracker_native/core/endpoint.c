#include "endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

static char *copy(const char *text) {
  size_t len = strlen(text) + 1;
  char *out = malloc(len);
  return out ? memcpy(out, text, len) : NULL;
}

static bool copy_into(char **slot, const char *text) {
  *slot = text ? copy(text) : NULL;
  return !text || *slot;
}

/* Two requests may share a connection only where all of this is the same. */
static char *origin_name(const ptn_endpoint_options *o) {
  const char *proxy = o->proxy ? o->proxy : "", *file = o->ca_file ? o->ca_file : "";
  const char *path = o->ca_path ? o->ca_path : "";
  size_t len = o->origin_len + strlen(proxy) + strlen(file) + strlen(path) + 8;
  char *name = malloc(len);
  if (name) {
    snprintf(name, len, "%.*s %s %s %s %d", (int)o->origin_len, o->base_url, proxy, file, path,
             o->verify_tls);
  }
  return name;
}

ptn_endpoint *ptn_endpoint_new(const ptn_endpoint_options *o) {
  ptn_endpoint *e = calloc(1, sizeof(*e));
  if (!e) return NULL;
  e->refs = 1;
  e->tls = o->tls;
  e->verify_tls = o->verify_tls;
  e->connect_timeout_ms = o->connect_timeout_ms;
  e->idle_timeout_s = o->idle_timeout_s;
  e->max_body = o->max_body;
  e->paced = o->paced;
  e->base_url = malloc(o->base_url_len + 1);
  e->origin = origin_name(o);
  if (!e->base_url || !e->origin || !copy_into(&e->ca_file, o->ca_file) ||
      !copy_into(&e->ca_path, o->ca_path) || !copy_into(&e->proxy, o->proxy ? o->proxy : "") ||
      !copy_into(&e->no_proxy, o->no_proxy ? o->no_proxy : "")) {
    ptn_endpoint_release(e);
    return NULL;
  }
  e->account = ptn_hash(PTN_HASH_SEED, e->origin, strlen(e->origin));
  memcpy(e->base_url, o->base_url, o->base_url_len);
  e->base_url[o->base_url_len] = '\0';
  return e;
}

bool ptn_endpoint_add_header(ptn_endpoint *e, const char *name, size_t name_len, const char *value,
                             size_t value_len) {
  struct curl_slist *node = malloc(sizeof(*node));
  char *line = malloc(name_len + value_len + 3);
  if (!node || !line) {
    free(node);
    free(line);
    return false;
  }
  memcpy(line, name, name_len);
  /* "Name;" is libcurl's way to send a header without a value; "Name:" would take it out. */
  line[name_len] = value_len ? ':' : ';';
  if (value_len) {
    line[name_len + 1] = ' ';
    memcpy(line + name_len + 2, value, value_len);
  }
  line[name_len + (value_len ? 2 + value_len : 1)] = '\0';
  node->data = line;
  e->account = ptn_hash(e->account, line, strlen(line));
  node->next = e->headers;
  e->headers = node;
  return true;
}

ptn_endpoint *ptn_endpoint_retain(ptn_endpoint *e) {
  __atomic_add_fetch(&e->refs, 1, __ATOMIC_RELAXED);
  return e;
}

void ptn_endpoint_release(ptn_endpoint *e) {
  if (!e || __atomic_sub_fetch(&e->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
  for (struct curl_slist *node = e->headers, *next; node; node = next) {
    next = node->next;
    free(node->data);
    free(node);
  }
  free(e->base_url);
  free(e->origin);
  free(e->ca_file);
  free(e->ca_path);
  free(e->proxy);
  free(e->no_proxy);
  free(e);
}

size_t ptn_endpoint_size(const ptn_endpoint *e) {
  size_t size = sizeof(*e) + strlen(e->base_url) + strlen(e->origin) + 2;
  for (const struct curl_slist *node = e->headers; node; node = node->next) {
    size += sizeof(*node) + strlen(node->data) + 1;
  }
  return size;
}
