#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "json_scan.h"
#include <strings.h>

/* Every request says that it does not wait for "100 Continue": libcurl would, for a second, before a body
 * of over 1 MB. */
static char no_expect[] = "Expect:";
static char json_type[] = "Content-Type: application/json";
static char event_stream[] = "Accept: text/event-stream, application/json";

enum { OWN_HEADERS = 3 };

static size_t block_size(size_t base_len, const ptn_request_options *o) {
  size_t size = sizeof(ptn_request) + (o->header_count + OWN_HEADERS) * sizeof(struct curl_slist);
  size += base_len + o->path_len + 1;
  for (size_t i = 0; i < o->header_count; i++) {
    size += o->headers[i].name_len + o->headers[i].value_len + 3;
  }
  if (o->body && o->body_len > SIZE_MAX - size) return 0;
  return size + (o->body ? o->body_len : 0);
}

static char *put(char *at, const char *text, size_t len) {
  if (len) memcpy(at, text, len);
  return at + len;
}

static char *put_header(char *at, const ptn_header *h) {
  at = put(at, h->name, h->name_len);
  *at++ = h->value_len ? ':' : ';';
  if (h->value_len) {
    *at++ = ' ';
    at = put(at, h->value, h->value_len);
  }
  *at++ = '\0';
  return at;
}

static void chain(struct curl_slist **list, struct curl_slist *node, char *line) {
  node->data = line;
  node->next = *list;
  *list = node;
}

static bool names_its_type(const ptn_request_options *o) {
  for (size_t i = 0; i < o->header_count; i++) {
    const ptn_header *h = &o->headers[i];
    if (h->name_len == 12 && strncasecmp(h->name, "content-type", 12) == 0) return true;
  }
  return false;
}

/* Limits are those of an account with a server, mostly for each model. */
static uint64_t lane_of(const ptn_endpoint *endpoint, const ptn_request_options *o) {
  const char *model;
  size_t len;
  if (!endpoint->paced || !o->body) return 0;
  uint64_t lane = endpoint->account;
  if (ptn_json_top_string(o->body, o->body_len, "model", &model, &len)) lane = ptn_hash(lane, model, len);
  return lane ? lane : 1;
}

ptn_request *ptn_request_new(ptn_endpoint *endpoint, const ptn_request_options *o) {
  size_t base_len = strlen(endpoint->base_url);
  size_t size = block_size(base_len, o);
  ptn_request *r = size ? malloc(size) : NULL;
  if (!r) return NULL;
  struct curl_slist *nodes = (struct curl_slist *)(r + 1);
  char *at = (char *)(nodes + o->header_count + OWN_HEADERS);

  r->endpoint = ptn_endpoint_retain(endpoint);
  r->method = o->method;
  r->stream = o->stream;
  r->lane = lane_of(endpoint, o);
  /* The request's own headers come first and go on into the endpoint's list, which libcurl only reads. */
  r->headers = endpoint->headers;
  chain(&r->headers, nodes++, no_expect);
  if (o->body && !names_its_type(o)) chain(&r->headers, nodes++, json_type);
  if (o->stream) chain(&r->headers, nodes++, event_stream);
  for (size_t i = 0; i < o->header_count; i++) {
    char *line = at;
    at = put_header(at, &o->headers[i]);
    chain(&r->headers, nodes++, line);
  }
  r->url = at;
  at = put(at, endpoint->base_url, base_len);
  at = put(at, o->path, o->path_len);
  *at++ = '\0';
  r->body = o->body ? at : NULL;
  r->body_len = o->body ? o->body_len : 0;
  if (o->body) put(at, o->body, o->body_len);
  return r;
}

void ptn_request_free(ptn_request *r) {
  if (!r) return;
  ptn_endpoint_release(r->endpoint);
  free(r);
}

bool ptn_request_creates(const ptn_request *r) { return r->method == PTN_POST; }
