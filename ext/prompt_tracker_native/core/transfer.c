#include "transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "deadline.h"
#include "libcurl.h"
#include "pacer.h"

enum { IDLE_HANDLES = 64, MAX_HEADERS = 256 * 1024 };
enum { OWN_BUFFER_BYTES = 2048, SHARED_BUFFER_BYTES = 16384, UPLOAD_BYTES = 16384 };

/* An idle connection is not used again after this many seconds: a server that closes it just as a request
 * goes out would leave us not knowing whether the request was read. */
enum { MAX_IDLE_S = 55 };

/* How long the body of a stream may stay open after the event that ends it. */
static const double linger_s = 0.25;

static CURL *idle[IDLE_HANDLES];
static int idle_count;

static struct {
  bool tells_when_connected, quits_quickly;
  long buffer_bytes;
  const char *ca_file;
} libcurl;

void ptn_transfer_load(void) {
  libcurl.tells_when_connected = ptn_libcurl_has(0x075000);
  libcurl.quits_quickly = ptn_libcurl_has(0x075700);
  /* Up to 8.6 each transfer has a receive buffer of its own, which is most of what a waiting one takes. With the one that all
   * share since then, small reads would only cost more system calls and window updates. */
  libcurl.buffer_bytes = ptn_libcurl_has(0x080700) ? SHARED_BUFFER_BYTES : OWN_BUFFER_BYTES;
  libcurl.ca_file = curl_version_info(CURLVERSION_NOW)->cainfo;
}

static bool cancelled(const ptn_exchange *x) {
  return __atomic_load_n(&x->cancelled, __ATOMIC_ACQUIRE) != PTN_OK;
}

/* The request is about to go out over a connection that is up. */
static void connected(ptn_exchange *x, const ptn_ends *ends) {
  if (x->sent_at > 0) x->repeated = true;
  x->sent_at = ptn_now();
  ptn_sockets_leave(x->connection); /* libcurl may send a request without a body once more */
  x->connection = ptn_sockets_enter(ends, x->fresh);
  x->fresh[0] = x->fresh[1] = CURL_SOCKET_BAD;
  if (x->origin->opener == x) x->origin->opener = NULL;
  ptn_deadline_stir(x);
}

/* The same where libcurl has no callback for it: found out as soon as anything happens. */
static void find_connection(ptn_exchange *x) {
  curl_off_t ready = 0;
  char *local_ip = NULL, *remote_ip = NULL;
  long local_port = 0, remote_port = 0;
  if (libcurl.tells_when_connected || x->sent_at > 0 || !x->easy) return;
  curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
  curl_easy_getinfo(x->easy, CURLINFO_LOCAL_IP, &local_ip);
  curl_easy_getinfo(x->easy, CURLINFO_LOCAL_PORT, &local_port);
  curl_easy_getinfo(x->easy, CURLINFO_PRIMARY_IP, &remote_ip);
  curl_easy_getinfo(x->easy, CURLINFO_PRIMARY_PORT, &remote_port);
  if (ready <= 0 && !x->sent) return;
  if (x->request->body_len == 0) x->sent = true;
  connected(x, &(ptn_ends){local_ip ? local_ip : "", remote_ip ? remote_ip : "", (int)local_port, (int)remote_port});
}

static size_t on_read(char *into, size_t size, size_t count, void *arg) {
  ptn_exchange *x = arg;
  if (cancelled(x)) return CURL_READFUNC_ABORT;
  size_t room = size * count, left = x->request->body_len - x->body_sent;
  size_t n = left < room ? left : room;
  if (n) memcpy(into, x->request->body + x->body_sent, n);
  x->body_sent += n;
  x->sent = true;
  find_connection(x);
  ptn_deadline_stir(x);
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
    if (line[i] < '0' || line[i] > '9' || x->http_status > 99) break;
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
  x->sent = true;
  find_connection(x);
  ptn_deadline_stir(x);
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
  if (x->head_whole && x->http_status >= 200) ptn_pacer_answered(x);
  return len;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *arg) {
  ptn_exchange *x = arg;
  if (cancelled(x) || !ptn_exchange_receive(x, bytes, size * count)) return 0;
  ptn_deadline_stir(x);
  if (x->ended) ptn_deadline_set(x, ptn_now() + linger_s, PTN_OK);
  ptn_exchange_publish(x);
  return size * count;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
  ptn_exchange *x = arg;
  (void)purpose;
  if (cancelled(x)) return CURL_SOCKET_BAD;
  if (!x->opens && !x->opened && !ptn_origin_lets_open(x->origin)) {
    x->crowded_out = true;
    return CURL_SOCKET_BAD;
  }
  x->opened = true;
  curl_socket_t fd = ptn_sockets_open(address, x->origin);
  if (fd == CURL_SOCKET_BAD) {
    x->fds_exhausted = errno == EMFILE || errno == ENFILE;
    return fd;
  }
  x->fresh[1] = x->fresh[0];
  x->fresh[0] = fd;
  return fd;
}

static int on_close(void *arg, curl_socket_t fd) {
  (void)arg;
  return ptn_sockets_close(fd);
}

#if PTN_LIBCURL >= 0x075000
static int on_connected(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port) {
  ptn_exchange *x = arg;
  bool again = x->sent && ptn_request_creates(x->request); /* where there is no body, nothing asks on_seek */
  connected(x, &(ptn_ends){local_ip ? local_ip : "", remote_ip ? remote_ip : "", local_port, remote_port});
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
  curl_easy_setopt(h, CURLOPT_BUFFERSIZE, libcurl.buffer_bytes);
  curl_easy_setopt(h, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BYTES);
  curl_easy_setopt(h, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(h, CURLOPT_MAXAGE_CONN, (long)MAX_IDLE_S);
  /* With a limit, libcurl looks at the transfer each second, and sees what it had missed: 8.14 does not see that it has reset
   * a stream itself, for what the server sent on it, until something else happens. */
  curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(h, CURLOPT_USERAGENT, "prompt_tracker-native");
  curl_easy_setopt(h, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(h, CURLOPT_SEEKFUNCTION, on_seek);
  curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(h, CURLOPT_CLOSESOCKETFUNCTION, on_close);
#if PTN_LIBCURL >= 0x075000
  curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, on_connected);
#endif
#if PTN_LIBCURL >= 0x075500
  curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(h, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if PTN_LIBCURL >= 0x075700
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
#if PTN_LIBCURL >= 0x075000
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

/* The same file under another name, so that libcurl takes none of the connections that were made with the one before:
 * the slash before the last part of the path, `spelling` times more. NULL where there is no room for it. */
static const char *spelled(const char *path, unsigned char spelling, char *room, size_t size) {
  const char *slash = strrchr(path, '/');
  int n = slash ? (int)(slash - path) + 1 : 0;
  char slashes[256];
  memset(slashes, '/', spelling);
  if (spelling == 0) return path;
  n = snprintf(room, size, "%.*s%.*s%s", n, n ? path : "./", (int)spelling, slashes, slash ? slash + 1 : path);
  return n > 0 && (size_t)n < size ? room : path;
}

static const char *ca_file_of(const ptn_endpoint *e) { return e->ca_file ? e->ca_file : libcurl.ca_file; }

static void set_server(CURL *h, const ptn_endpoint *e, unsigned char spelling) {
  char room[4096];
  const char *ca_file = ca_file_of(e);
  curl_easy_setopt(h, CURLOPT_PROXY, e->proxy);
  curl_easy_setopt(h, CURLOPT_NOPROXY, e->no_proxy);
  curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, e->connect_timeout_ms);
  /* Where nothing tells when the silence begins, libcurl has to look out for it, which may take it seconds longer. */
  if (!libcurl.tells_when_connected) curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, e->idle_timeout_s);
  if (!e->tls) return;
  curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, e->verify_tls ? 1L : 0L);
  curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, e->verify_tls ? 2L : 0L);
  /* A CAPATH, which some builds set by default, keeps libcurl from caching the parsed certificates. */
  curl_easy_setopt(h, CURLOPT_CAPATH, e->ca_path);
  curl_easy_setopt(h, CURLOPT_CAINFO, ca_file ? spelled(ca_file, spelling, room, sizeof(room)) : NULL);
}

/* An opener does not share, even where libcurl still thinks that it could. And without a body, nothing would ask whether
 * a request may be sent again when a used connection turns out to be dead; on_connected refuses that, and where there is
 * none no used connection is taken. */
static bool needs_new_connection(const ptn_exchange *x) {
  const ptn_request *r = x->request;
  return x->opens || (!libcurl.tells_when_connected && ptn_request_creates(r) && r->body_len == 0);
}

bool ptn_transfer_prepare(ptn_exchange *x) {
  const ptn_request *r = x->request;
  CURL *h = idle_count > 0 ? idle[--idle_count] : new_handle();
  if (!h) return false;
  x->easy = h;
  set_callback_data(h, x);
  set_method(h, r);
  set_server(h, r->endpoint, x->origin->spelling);
  x->opens = needs_new_connection(x);
  curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, x->opens ? 1L : 0L);
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, r->headers);
  curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, r->stream ? "identity" : "");
  curl_easy_setopt(h, CURLOPT_HTTP_VERSION,
                   (long)(r->endpoint->tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(h, CURLOPT_PIPEWAIT, r->endpoint->tls && x->origin->http != PTN_HTTP_1 ? 1L : 0L);
  return curl_easy_setopt(h, CURLOPT_URL, r->url) == CURLE_OK;
}

/* What libcurl leaves in a handle: as of 8.14 the wish to rewind, which fails the next request, where it was told no, and a
 * name that could not be looked up, which the next look-up then leaks; as of 7.88 how often it sent a request again, which
 * counts over the life of the handle, and the sixth time is one too many. */
static bool is_clean(const ptn_exchange *x) {
  bool repeated = libcurl.tells_when_connected ? x->repeated : x->opened;
  return !x->rewinds && !repeated && x->sent_at > 0;
}

void ptn_transfer_release(ptn_exchange *x) {
  CURL *h = x->easy;
  x->easy = NULL;
  ptn_sockets_leave(x->connection);
  x->connection = PTN_NO_CONNECTION;
  if (!h) return;
  if (is_clean(x) && idle_count < IDLE_HANDLES) {
    set_callback_data(h, NULL);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, NULL); /* the request that owns it is about to go */
    idle[idle_count++] = h;
  } else {
    curl_easy_cleanup(h);
  }
}

void ptn_transfer_again(ptn_exchange *x) {
  ptn_transfer_release(x);
  x->opened = x->crowded_out = x->fds_exhausted = false;
  x->error[0] = '\0';
}

/* Where others are on the connection it is left to them, as the server may just be slow; but no more are given to it. */
void ptn_transfer_timed_out(ptn_exchange *x) {
  find_connection(x);
  if (x->sent_at == 0 || !ptn_sockets_silent(x->connection, ptn_now() - x->sent_at)) return;
  if (ptn_sockets_users(x->connection) == 1) {
    ptn_sockets_shut(x->connection);
  } else if (ca_file_of(x->request->endpoint)) {
    ptn_sockets_retire(x->origin);
    x->origin->spelling++;
  }
}

void ptn_transfer_look(ptn_exchange *x) { find_connection(x); }

void ptn_transfer_ended(ptn_exchange *x, CURLcode code) {
  find_connection(x);
  /* What libcurl says then is about its own callbacks. */
  if (code == CURLE_SEND_FAIL_REWIND || code == CURLE_ABORTED_BY_CALLBACK) x->error[0] = '\0';
}

bool ptn_transfer_can_stop(ptn_exchange *x) {
  if (libcurl.quits_quickly) return true;
  find_connection(x);
  return x->sent_at > 0 || x->opened;
}

void ptn_transfer_after_fork_child(void) { idle_count = 0; }
