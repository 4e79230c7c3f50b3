#include "transfer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "sockets.h"

enum { IDLE_HANDLES = 64, MAX_HEADERS = 256 * 1024, BUFFER_BYTES = 4096, UPLOAD_BYTES = 16384 };

/* An idle connection is not used again after this many seconds: a server that closes it just as a request
 * goes out would leave us not knowing whether the request was read. */
enum { MAX_IDLE_S = 55 };

/* How long the body of a stream may stay open after the event that ends it. */
static const double linger_s = 0.25;

static CURL *idle[IDLE_HANDLES];
static int idle_count;
static ptn_exchange *lingering;

static struct {
  unsigned version;
  const char *ca_file;
} libcurl;

void ptn_transfer_load(void) {
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  libcurl.version = info->version_num;
  libcurl.ca_file = info->cainfo;
}

static bool cancelled(const ptn_exchange *x) {
  return __atomic_load_n(&x->cancelled, __ATOMIC_ACQUIRE) != PTN_OK;
}

/* The request is about to go out over a connection that is up. */
static void connected(ptn_exchange *x) {
  x->sent_at = ptn_now();
  for (int i = 0; i < 2; i++) ptn_sockets_established(x->fds[i]);
  if (x->origin->opener == x) x->origin->opener = NULL;
}

static size_t on_read(char *into, size_t size, size_t count, void *arg) {
  ptn_exchange *x = arg;
  if (cancelled(x)) return CURL_READFUNC_ABORT;
  if (x->sent_at == 0) connected(x);
  size_t room = size * count, left = x->request->body_len - x->body_sent;
  size_t n = left < room ? left : room;
  if (n) memcpy(into, x->request->body + x->body_sent, n);
  x->body_sent += n;
  x->sent = true;
  return n;
}

/* libcurl asks to rewind when it wants to send a request again on a new connection. For a request that
 * creates something the answer is no: the server may have acted on the first. */
static int on_seek(void *arg, curl_off_t offset, int origin) {
  ptn_exchange *x = arg;
  (void)offset;
  (void)origin;
  x->rewinds = true;
  return CURL_SEEKFUNC_FAIL;
}

static void on_status_line(ptn_exchange *x, const char *line, size_t len) {
  ptn_buffer_clear(&x->headers); /* of an interim response */
  const char *space = memchr(line, ' ', len);
  x->http_status = 0;
  x->head_whole = false;
  for (size_t i = space ? (size_t)(space - line) + 1 : len; i < len; i++) {
    if (line[i] < '0' || line[i] > '9') break;
    x->http_status = x->http_status * 10 + (line[i] - '0');
  }
  if (x->request->endpoint->tls) {
    ptn_origin_speaks(x->origin, len > 5 && line[5] == '1' ? PTN_HTTP_1 : PTN_HTTP_2);
  }
}

static size_t on_header(char *line, size_t size, size_t count, void *arg) {
  ptn_exchange *x = arg;
  size_t len = size * count;
  if (cancelled(x)) return 0;
  if (x->sent_at == 0) connected(x);
  x->sent = true;
  if (len > 5 && memcmp(line, "HTTP/", 5) == 0) on_status_line(x, line, len);
  if (line[0] == '\r' || line[0] == '\n') x->head_whole = true;
  if (len > MAX_HEADERS - x->headers.len) {
    x->too_large = true;
    return 0;
  }
  if (!ptn_buffer_append(&x->headers, line, len)) {
    x->no_memory = true;
    return 0;
  }
  return len;
}

static void linger(ptn_exchange *x) {
  if (x->linger_until > 0) return;
  x->linger_until = ptn_now() + linger_s;
  x->linger_next = lingering;
  lingering = x;
}

static void stop_lingering(const ptn_exchange *x) {
  for (ptn_exchange **at = &lingering; *at; at = &(*at)->linger_next) {
    if (*at != x) continue;
    *at = x->linger_next;
    return;
  }
}

ptn_exchange *ptn_transfer_overdue(void) {
  if (!lingering) return NULL;
  double now = ptn_now();
  for (ptn_exchange *x = lingering; x; x = x->linger_next) {
    if (x->linger_until <= now) return x;
  }
  return NULL;
}

bool ptn_transfer_lingers(void) { return lingering != NULL; }

static size_t on_write(char *bytes, size_t size, size_t count, void *arg) {
  ptn_exchange *x = arg;
  if (cancelled(x) || !ptn_exchange_receive(x, bytes, size * count)) return 0;
  if (x->ended) linger(x);
  ptn_exchange_publish(x);
  return size * count;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
  ptn_exchange *x = arg;
  (void)purpose;
  if (cancelled(x)) return CURL_SOCKET_BAD;
  if (!x->opens && !x->opened) ptn_origin_did_not_share(x->origin);
  x->opened = true;
  curl_socket_t fd = ptn_sockets_open(address, x->origin);
  if (fd == CURL_SOCKET_BAD) {
    x->fds_exhausted = errno == EMFILE || errno == ENFILE;
    return fd;
  }
  x->fds[1] = x->fds[0];
  x->fds[0] = fd;
  return fd;
}

static int on_close(void *arg, curl_socket_t fd) {
  (void)arg;
  return ptn_sockets_close(fd);
}

#if LIBCURL_VERSION_NUM >= 0x075000
static int on_connected(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port) {
  ptn_exchange *x = arg;
  (void)remote_ip;
  (void)local_ip;
  (void)remote_port;
  bool again = x->sent && ptn_request_creates(x->request); /* where there is no body, nothing asks on_seek */
  connected(x);
  x->local_port = local_port;
  /* A body-less POST never calls on_read. */
  if (x->request->body_len == 0) x->sent = true;
  return again || cancelled(x) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}
#endif

/* What no request ever changes. */
static CURL *new_handle(void) {
  CURL *h = curl_easy_init();
  if (!h) return NULL;
  curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(h, CURLOPT_NOPROGRESS, 1L);
  curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  curl_easy_setopt(h, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
  curl_easy_setopt(h, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BYTES);
  curl_easy_setopt(h, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(h, CURLOPT_MAXAGE_CONN, (long)MAX_IDLE_S);
  curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(h, CURLOPT_USERAGENT, "prompt_tracker-native");
  curl_easy_setopt(h, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(h, CURLOPT_SEEKFUNCTION, on_seek);
  curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(h, CURLOPT_CLOSESOCKETFUNCTION, on_close);
#if LIBCURL_VERSION_NUM >= 0x075000
  curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, on_connected);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
  if (libcurl.version >= 0x075500) curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(h, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
#endif
  return h;
}

static void set_callback_data(CURL *h, ptn_exchange *x) {
  curl_easy_setopt(h, CURLOPT_PRIVATE, x);
  curl_easy_setopt(h, CURLOPT_READDATA, x);
  curl_easy_setopt(h, CURLOPT_SEEKDATA, x);
  curl_easy_setopt(h, CURLOPT_HEADERDATA, x);
  curl_easy_setopt(h, CURLOPT_WRITEDATA, x);
  curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, x);
#if LIBCURL_VERSION_NUM >= 0x075000
  curl_easy_setopt(h, CURLOPT_PREREQDATA, x);
#endif
  curl_easy_setopt(h, CURLOPT_ERRORBUFFER, x ? x->error : NULL);
}

static void set_method(CURL *h, const ptn_request *r) {
  curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, r->method == PTN_DELETE ? "DELETE" : NULL);
  if (r->method == PTN_POST) {
    curl_easy_setopt(h, CURLOPT_POST, 1L);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, NULL); /* the body comes through on_read, never re-sent */
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
  } else {
    curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
  }
}

static void set_server(CURL *h, const ptn_endpoint *e) {
  curl_easy_setopt(h, CURLOPT_PROXY, e->proxy);
  curl_easy_setopt(h, CURLOPT_NOPROXY, e->no_proxy);
  curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, e->connect_timeout_ms);
  curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, e->idle_timeout_s);
  if (!e->tls) return;
  curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, e->verify_tls ? 1L : 0L);
  curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, e->verify_tls ? 2L : 0L);
  /* A CAPATH, which some builds set by default, keeps libcurl from caching the parsed certificates. */
  curl_easy_setopt(h, CURLOPT_CAPATH, e->ca_path);
  curl_easy_setopt(h, CURLOPT_CAINFO, e->ca_file ? e->ca_file : libcurl.ca_file);
}

bool ptn_transfer_prepare(ptn_exchange *x) {
  const ptn_request *r = x->request;
  CURL *h = idle_count > 0 ? idle[--idle_count] : new_handle();
  if (!h) return false;
  x->easy = h;
  set_callback_data(h, x);
  set_method(h, r);
  set_server(h, r->endpoint);
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, r->headers);
  curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, r->stream ? "identity" : "");
  curl_easy_setopt(h, CURLOPT_HTTP_VERSION,
                   (long)(r->endpoint->tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(h, CURLOPT_PIPEWAIT, r->endpoint->tls && x->origin->http != PTN_HTTP_1 ? 1L : 0L);
  return curl_easy_setopt(h, CURLOPT_URL, r->url) == CURLE_OK;
}

/* What libcurl 8.14 leaves in a handle: the wish to rewind, which fails the next request, where it was told no; and a
 * name that could not be looked up, which the next look-up then leaks. */
static bool is_clean(const ptn_exchange *x) { return !x->rewinds && x->sent_at > 0; }

void ptn_transfer_release(ptn_exchange *x) {
  CURL *h = x->easy;
  x->easy = NULL;
  if (!h) return;
  if (x->linger_until > 0) stop_lingering(x);
  if (is_clean(x) && idle_count < IDLE_HANDLES) {
    set_callback_data(h, NULL);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, NULL); /* the request that owns it is about to go */
    idle[idle_count++] = h;
  } else {
    curl_easy_cleanup(h);
  }
}

/* Whether not even two are left: libcurl has given back by now what it had, and needs a pair for some things. */
static bool out_of_descriptors(void) {
  int one = dup(0), two = one < 0 ? -1 : dup(0);
  bool out = two < 0 && (errno == EMFILE || errno == ENFILE);
  if (one >= 0) close(one);
  if (two >= 0) close(two);
  return out;
}

static ptn_status lost(const ptn_exchange *x) {
  if (!x->sent) return x->sent_at > 0 ? PTN_E_SEND : PTN_E_CONNECT;
  return x->http_status ? PTN_E_PARTIAL : PTN_E_LOST;
}

ptn_status ptn_transfer_status(const ptn_exchange *x, CURLcode code) {
  int asked = __atomic_load_n(&x->cancelled, __ATOMIC_ACQUIRE);
  if (asked != PTN_OK) return (ptn_status)asked;
  if (x->too_large) return PTN_E_TOO_LARGE;
  if (x->no_memory) return PTN_E_NOMEM;
  if (x->ended) return PTN_OK; /* all that matters had come */
  if (x->fds_exhausted && !x->sent) return PTN_E_FDS;
  /* A request without a body may have been sent before libcurl tried a new connection for it. */
  bool unclear = x->sent && ptn_request_creates(x->request);
  switch (code) {
  case CURLE_OK: return x->head_whole ? PTN_OK : PTN_E_PARTIAL; /* a head that is cut is no error to libcurl */
  case CURLE_URL_MALFORMAT: case CURLE_UNSUPPORTED_PROTOCOL:
    return x->sent_at > 0 ? PTN_E_PROTOCOL : PTN_E_URL;
  case CURLE_COULDNT_RESOLVE_HOST:
    if (unclear) return PTN_E_LOST;
    return out_of_descriptors() ? PTN_E_FDS : PTN_E_RESOLVE;
  case CURLE_COULDNT_RESOLVE_PROXY: return unclear ? PTN_E_LOST : PTN_E_PROXY;
  case CURLE_COULDNT_CONNECT: return unclear ? PTN_E_LOST : PTN_E_CONNECT;
  case CURLE_OPERATION_TIMEDOUT: return x->sent_at > 0 ? PTN_E_IDLE : PTN_E_CONNECT_TIMEOUT;
  case CURLE_PEER_FAILED_VERIFICATION: case CURLE_SSL_CERTPROBLEM: case CURLE_SSL_CIPHER:
  case CURLE_SSL_ISSUER_ERROR: case CURLE_SSL_INVALIDCERTSTATUS: case CURLE_SSL_ENGINE_NOTFOUND:
    return PTN_E_TLS;
  case CURLE_SSL_CACERT_BADFILE: return out_of_descriptors() ? PTN_E_FDS : PTN_E_CA_FILE;
  case CURLE_SSL_CONNECT_ERROR: /* also: reset while shaking hands */
  case CURLE_SEND_ERROR: case CURLE_RECV_ERROR: case CURLE_HTTP2: case CURLE_HTTP2_STREAM:
  case CURLE_PARTIAL_FILE: /* over HTTP/2 also: nothing came */
    return lost(x);
  case CURLE_SEND_FAIL_REWIND: case CURLE_GOT_NOTHING: return PTN_E_LOST;
  case CURLE_ABORTED_BY_CALLBACK: return PTN_E_LOST; /* on_connected: it was about to be sent again */
#if LIBCURL_VERSION_NUM >= 0x080600
  case CURLE_TOO_LARGE: return PTN_E_TOO_LARGE; /* one header line */
#endif
  case CURLE_WEIRD_SERVER_REPLY: return PTN_E_PROTOCOL;
  case CURLE_BAD_CONTENT_ENCODING: return PTN_E_ENCODING;
  case CURLE_OUT_OF_MEMORY: return PTN_E_NOMEM;
  default: return out_of_descriptors() ? PTN_E_FDS : PTN_E_OTHER;
  }
}

void ptn_transfer_timed_out(const ptn_exchange *x) {
  if (x->sent_at > 0) ptn_sockets_shut_silent(x->local_port, ptn_now() - x->sent_at);
}

bool ptn_transfer_can_stop(const ptn_exchange *x) {
#if LIBCURL_VERSION_NUM >= 0x075700
  if (libcurl.version >= 0x075700) return true;
#endif
  return x->sent_at > 0 || x->opened;
}

void ptn_transfer_after_fork_child(void) {
  idle_count = 0;
  lingering = NULL;
}
