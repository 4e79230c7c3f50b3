#include "origin.h"

#include <stdlib.h>
#include <string.h>

#include "exchange.h"

enum { STREAMS_PER_CONNECTION = 100 };

static ptn_origin *origins;

ptn_origin *ptn_origin_first(void) { return origins; }

ptn_origin *ptn_origin_of(const ptn_endpoint *endpoint) {
  for (ptn_origin *o = origins; o; o = o->next) {
    if (strcmp(o->name, endpoint->origin) == 0) return o;
  }
  ptn_origin *o = calloc(1, sizeof(*o));
  if (!o) return NULL;
  o->name = strdup(endpoint->origin);
  if (!o->name) {
    free(o);
    return NULL;
  }
  o->http = endpoint->tls ? PTN_HTTP_UNKNOWN : PTN_HTTP_1;
  o->next = origins;
  origins = o;
  return o;
}

bool ptn_origin_admits(const ptn_origin *o, bool *opens) {
  *opens = false;
  if (o->http == PTN_HTTP_1 || o->active < o->established * STREAMS_PER_CONNECTION) return true;
  *opens = true;
  return o->opener == NULL;
}

void ptn_origin_wait(ptn_origin *o, ptn_exchange *x) {
  x->queue_prev = o->last;
  x->queue_next = NULL;
  if (o->last) o->last->queue_next = x;
  else o->first = x;
  o->last = x;
}

void ptn_origin_stop_waiting(ptn_origin *o, ptn_exchange *x) {
  if (x->queue_prev) x->queue_prev->queue_next = x->queue_next;
  else o->first = x->queue_next;
  if (x->queue_next) x->queue_next->queue_prev = x->queue_prev;
  else o->last = x->queue_prev;
  x->queue_prev = x->queue_next = NULL;
}

void ptn_origin_did_not_share(ptn_origin *o) {
  if (o->http == PTN_HTTP_UNKNOWN && o->established > 0) o->http = PTN_HTTP_1;
}

void ptn_origin_speaks(ptn_origin *o, ptn_http http) { o->http = http; }
void ptn_origin_connection_opened(ptn_origin *o) { o->established++; }
void ptn_origin_connection_closed(ptn_origin *o) { o->established--; }
void ptn_origin_after_fork_child(void) { origins = NULL; }
