#ifndef PTN_STATUS_H
#define PTN_STATUS_H

/* Every way an exchange can end: X(name, sentence fragment). */
#define PTN_STATUS_LIST(X)                                                            \
  X(OK, "success")                                                                    \
  X(E_NOMEM, "out of memory")                                                         \
  X(E_CONFIG, "a setting cannot work")                                                \
  X(E_URL, "the URL is malformed or not supported")                                   \
  X(E_RESOLVE, "could not resolve the host name")                                     \
  X(E_CONNECT, "could not connect")                                                   \
  X(E_CONNECT_TIMEOUT, "could not connect in time")                                   \
  X(E_TLS, "the TLS handshake or the check of the certificate failed")                \
  X(E_CA_FILE, "could not read the CA certificates")                                  \
  X(E_PROXY, "could not connect through the proxy")                                   \
  X(E_SEND, "the connection failed before the request was sent")                      \
  X(E_LOST, "the connection was lost after the request was, or may have been, sent")  \
  X(E_PARTIAL, "the answer ended before it was whole")                                \
  X(E_PROTOCOL, "the server did not answer in valid HTTP")                            \
  X(E_ENCODING, "the compressed answer could not be decoded")                         \
  X(E_TOO_LARGE, "the answer is larger than the limit")                               \
  X(E_TIMEOUT, "the time given was over")                                             \
  X(E_IDLE, "nothing was received for too long")                                      \
  X(E_CANCELLED, "cancelled")                                                         \
  X(E_STALE, "begun before the process forked")                                       \
  X(E_FDS, "no file descriptors left (raise the limit: see `ulimit -n`)")             \
  X(E_THREAD, "the engine thread could not start")                                    \
  X(E_STOPPED, "the process is exiting")                                              \
  X(E_OTHER, "an unexpected failure")

typedef enum {
#define PTN_STATUS_MEMBER(name, text) PTN_##name,
  PTN_STATUS_LIST(PTN_STATUS_MEMBER)
#undef PTN_STATUS_MEMBER
} ptn_status;

/* Both return a static string, for a value outside the list too. */
const char *ptn_status_name(ptn_status status); /* "PTN_E_CONNECT" */
const char *ptn_status_text(ptn_status status); /* "could not connect" */

#endif
