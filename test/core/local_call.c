#include "local_call.h"

#include <poll.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "local_server.h"
#include "url.h"

void local_load(void) {
  if (ptn_engine_load() != PTN_OK) abort();
  local_make_room();
  alarm(HANG_SECONDS);
}

ptn_endpoint *local_endpoint(const char *base_url, const ptn_endpoint_options *more) {
  ptn_url url;
  ptn_endpoint_options options = {.verify_tls = true, .max_body = 1 << 20};
  if (more) options = *more;
  if (ptn_url_check(base_url, strlen(base_url), &url)) abort();
  options.base_url = base_url;
  options.base_url_len = url.len;
  options.origin_len = url.origin_len;
  options.tls = url.tls;
  if (options.max_body == 0) options.max_body = 1 << 20;
  ptn_endpoint *endpoint = ptn_endpoint_new(&options);
  if (!endpoint) abort();
  return endpoint;
}

void local_start(local_call *c, ptn_endpoint *endpoint, const local_ask *ask) {
  ptn_request_options options = {.method = ask->method,
                                 .stream = ask->stream,
                                 .path = ask->path,
                                 .path_len = strlen(ask->path),
                                 .headers = ask->headers,
                                 .header_count = ask->header_count,
                                 .body = ask->body,
                                 .body_len = ask->body_len};
  if (ask->body && !ask->body_len) options.body_len = strlen(ask->body);
  memset(c, 0, sizeof *c);
  ptn_buffer_init(&c->body);
  c->notifier = ptn_notifier_take(&c->submitted);
  if (!c->notifier) return;
  ptn_request *request = ptn_request_new(endpoint, &options);
  c->x = request ? ptn_exchange_new(request, c->notifier, ask->progress) : NULL;
  if (c->x) c->x->patience = ask->patience;
  c->submitted = c->x ? ptn_engine_submit(c->x) : PTN_E_NOMEM;
}

void local_get(local_call *c, ptn_endpoint *endpoint, const char *path) {
  local_start(c, endpoint, &(local_ask){.method = PTN_GET, .path = path});
}

void local_post(local_call *c, ptn_endpoint *endpoint, const char *path, const char *body) {
  local_start(c, endpoint, &(local_ask){.method = PTN_POST, .path = path, .body = body});
}

void local_stream(local_call *c, ptn_endpoint *endpoint, const char *path) {
  local_start(c, endpoint,
              &(local_ask){.method = PTN_POST, .path = path, .body = "{}", .stream = true, .progress = true});
}

/* What comes is added to `body`. */
static bool take(local_call *c) {
  ptn_buffer more;
  ptn_buffer_init(&more);
  ptn_notifier_drain(c->notifier);
  c->done = ptn_exchange_take(c->x, &more);
  if (!ptn_buffer_append(&c->body, more.data, more.len)) abort();
  ptn_buffer_free(&more);
  return c->done;
}

bool local_wait(local_call *c, double seconds) {
  double until = ptn_now() + seconds;
  if (!c->x || c->submitted != PTN_OK) return false;
  while (!c->done && !take(c)) {
    double left = until - ptn_now();
    struct pollfd poll_fd = {.fd = ptn_notifier_fd(c->notifier), .events = POLLIN};
    if (left <= 0) return false;
    poll(&poll_fd, 1, (int)(left * 1000) + 1);
  }
  return true;
}

void local_free(local_call *c) {
  ptn_exchange_release(c->x);
  ptn_notifier_release(c->notifier);
  ptn_buffer_free(&c->body);
}

ptn_status local_get_status(ptn_endpoint *endpoint, const char *path) {
  local_call call;
  local_get(&call, endpoint, path);
  ptn_status status = call.submitted;
  if (status == PTN_OK) status = local_wait(&call, SOON) ? call.x->status : PTN_E_OTHER;
  local_free(&call);
  return status;
}

void local_nap(int ms) {
  struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
  nanosleep(&time, NULL);
}

int local_child_status(pid_t pid) {
  int status = -1;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}
