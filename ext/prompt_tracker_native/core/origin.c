#include "origin.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "exchange.h"

enum { STREAMS_PER_CONNECTION = 100, OPENERS = 3, KEPT = 64 };

/* After so many failures, how long those that wait rely on the connections that there are. */
static const double pause_s = 1;

/* How long a server may take, besides two round trips, to say how many streams it takes: streams past that are refused,
 * and a creating request with them. Its answer to the first request ends the wait, too. */
static const double settle_s = 0.01, longest_settle_s = 0.2;

static ptn_origin *origins;

/* What is known of a server that nobody is asking is forgotten where there are many: an app may be given any number of
 * base URLs. */
static void forget_idle(void) {
  int count = 0;
  for (ptn_origin **at = &origins, *o; (o = *at);) {
    bool idle = o->active == 0 && o->sockets == 0 && !o->first && !o->opener;
    if (!idle || ++count < KEPT) {
      at = &o->next;
      continue;
    }
    *at = o->next;
    free(o->name);
    free(o);
  }
}

ptn_origin *ptn_origin_first(void) { return origins; }

ptn_origin *ptn_origin_of(const ptn_endpoint *endpoint) {
  for (ptn_origin *o = origins; o; o = o->next) {
    if (strcmp(o->name, endpoint->origin) == 0) return o;
  }
  forget_idle();
  ptn_origin *o = calloc(1, sizeof(*o));
  if (!o) return NULL;
  o->name = strdup(endpoint->origin);
  if (!o->name) {
    free(o);
    return NULL;
  }
  o->http = endpoint->tls ? PTN_HTTP_UNKNOWN : PTN_HTTP_1;
  o->streams = STREAMS_PER_CONNECTION;
  o->next = origins;
  origins = o;
  return o;
}

bool ptn_origin_admits(const ptn_origin *o, bool *opens) {
  *opens = false;
  if (o->http != PTN_HTTP_1 && o->settles_at > 0 && ptn_now() < o->settles_at) return false;
  if (o->http == PTN_HTTP_1 || (!o->full && o->active < o->established * o->streams)) return true;
  *opens = true;
  return o->opener == NULL && (o->opens_again_at == 0 || o->established == 0 || ptn_now() >= o->opens_again_at);
}

bool ptn_origin_lets_open(ptn_origin *o) {
  int busiest = ptn_sockets_busiest(o);
  if (o->http == PTN_HTTP_UNKNOWN && busiest > 1) o->http = PTN_HTTP_2;
  if (o->http == PTN_HTTP_UNKNOWN && o->established > 0) o->http = PTN_HTTP_1;
  if (o->http != PTN_HTTP_2 || o->established == 0) return true;
  if (busiest > 0 && busiest < o->streams) o->streams = busiest;
  o->full = true;
  return false;
}

void ptn_origin_left(ptn_origin *o) {
  o->active--;
  o->full = false;
  if (o->active == 0) o->streams = STREAMS_PER_CONNECTION; /* servers change their minds */
}

bool ptn_origin_opener_failed(ptn_origin *o) {
  if (++o->failures < OPENERS) return false;
  if (o->established > 0) {
    o->opens_again_at = ptn_now() + pause_s;
    return false;
  }
  o->failures = 0;
  return true;
}

void ptn_origin_wait(ptn_origin *o, ptn_exchange *x) {
  x->queue_prev = o->last;
  x->queue_next = NULL;
  if (o->last) o->last->queue_next = x;
  else o->first = x;
  o->last = x;
}

void ptn_origin_wait_again(ptn_origin *o, ptn_exchange *x) {
  x->queue_prev = NULL;
  x->queue_next = o->first;
  if (o->first) o->first->queue_prev = x;
  else o->last = x;
  o->first = x;
}

void ptn_origin_stop_waiting(ptn_origin *o, ptn_exchange *x) {
  if (x->queue_prev) x->queue_prev->queue_next = x->queue_next;
  else o->first = x->queue_next;
  if (x->queue_next) x->queue_next->queue_prev = x->queue_prev;
  else o->last = x->queue_prev;
  x->queue_prev = x->queue_next = NULL;
}

void ptn_origin_speaks(ptn_origin *o, ptn_http http) {
  o->http = http;
  o->settles_at = 0;
}

int ptn_origin_pause(int limit) {
  double now = ptn_now();
  for (const ptn_origin *o = origins; o; o = o->next) {
    double until = o->settles_at > now ? o->settles_at : o->opens_again_at;
    if (o->first && until > now && (until - now) * 1000 < limit) limit = (int)((until - now) * 1000) + 1;
  }
  return limit;
}

void ptn_origin_connection_opened(ptn_origin *o, double round_trip) {
  double settles = settle_s + 2 * round_trip;
  bool first = o->established == 0 && o->http != PTN_HTTP_1;
  if (first) o->settles_at = ptn_now() + (settles < longest_settle_s ? settles : longest_settle_s);
  o->established++;
  o->full = false;
  o->failures = 0;
  o->opens_again_at = 0;
}

void ptn_origin_connection_closed(ptn_origin *o) { o->established--; }
void ptn_origin_after_fork_child(void) { origins = NULL; }
