#include "outcome.h"

#include <errno.h>
#include <unistd.h>

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

/* libcurl 8.14 says of a proxy's name at times that it is the host's that was not found. */
static bool is_through_proxy(const ptn_exchange *x) {
  long used = 0;
#if LIBCURL_VERSION_NUM >= 0x080700
  if (curl_easy_getinfo(x->easy, CURLINFO_USED_PROXY, &used) != CURLE_OK) return false;
#else
  (void)x;
#endif
  return used != 0;
}

static ptn_status name_not_found(const ptn_exchange *x) {
  if (out_of_descriptors()) return PTN_E_FDS;
  return is_through_proxy(x) ? PTN_E_PROXY : PTN_E_RESOLVE;
}

/* No connection came about. A body-less request may have gone out over one before: libcurl tries again by itself. */
static ptn_status not_connected(const ptn_exchange *x, CURLcode code) {
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST: return name_not_found(x);
  case CURLE_COULDNT_RESOLVE_PROXY: case CURLE_PROXY: return PTN_E_PROXY;
  case CURLE_SSL_CACERT_BADFILE: return out_of_descriptors() ? PTN_E_FDS : PTN_E_CA_FILE;
  case CURLE_COULDNT_CONNECT: return PTN_E_CONNECT;
  default: return PTN_E_TLS;
  }
}

static ptn_status meaning(const ptn_exchange *x, CURLcode code) {
  switch (code) {
  case CURLE_OK: return x->head_whole ? PTN_OK : PTN_E_PARTIAL; /* a head that is cut is no error to libcurl */
  case CURLE_URL_MALFORMAT: case CURLE_UNSUPPORTED_PROTOCOL:
    return x->sent_at > 0 ? PTN_E_PROTOCOL : PTN_E_URL;
  case CURLE_COULDNT_RESOLVE_HOST: case CURLE_COULDNT_RESOLVE_PROXY: case CURLE_COULDNT_CONNECT: case CURLE_PROXY:
  case CURLE_PEER_FAILED_VERIFICATION: case CURLE_SSL_CERTPROBLEM: case CURLE_SSL_CIPHER:
  case CURLE_SSL_ISSUER_ERROR: case CURLE_SSL_INVALIDCERTSTATUS: case CURLE_SSL_ENGINE_NOTFOUND:
  case CURLE_SSL_CACERT_BADFILE:
    return x->sent && ptn_request_creates(x->request) ? PTN_E_LOST : not_connected(x, code);
  case CURLE_OPERATION_TIMEDOUT: return x->sent_at > 0 ? PTN_E_IDLE : PTN_E_CONNECT_TIMEOUT;
  case CURLE_SSL_CONNECT_ERROR: /* also: reset while shaking hands */
  case CURLE_SEND_ERROR: case CURLE_RECV_ERROR: case CURLE_HTTP2: case CURLE_HTTP2_STREAM:
  case CURLE_PARTIAL_FILE: /* over HTTP/2 also: nothing came */
    return lost(x);
  case CURLE_SEND_FAIL_REWIND: /* it wanted to send it again, and may not: also where a stream was refused unread */
  case CURLE_ABORTED_BY_CALLBACK: /* the same for a request without a body */
  case CURLE_GOT_NOTHING:
    return PTN_E_LOST;
#if LIBCURL_VERSION_NUM >= 0x080600
  case CURLE_TOO_LARGE: return PTN_E_TOO_LARGE; /* one header line */
#endif
  case CURLE_WEIRD_SERVER_REPLY: return PTN_E_PROTOCOL;
  case CURLE_BAD_CONTENT_ENCODING: return PTN_E_ENCODING;
  case CURLE_OUT_OF_MEMORY: return PTN_E_NOMEM;
  default: return !x->sent && out_of_descriptors() ? PTN_E_FDS : PTN_E_OTHER;
  }
}

ptn_status ptn_outcome(const ptn_exchange *x, CURLcode code) {
  int asked = __atomic_load_n(&x->cancelled, __ATOMIC_ACQUIRE);
  if (asked != PTN_OK) return (ptn_status)asked;
  if (x->too_large) return PTN_E_TOO_LARGE;
  if (x->no_memory) return PTN_E_NOMEM;
  if (x->ended) return PTN_OK; /* all that matters had come */
  if (x->fds_exhausted && !x->sent) return PTN_E_FDS;
  return meaning(x, code);
}
