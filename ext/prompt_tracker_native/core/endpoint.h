#ifndef PTN_ENDPOINT_H
#define PTN_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

/* A server and how to reach it: what many requests have in common. It never changes once it is made,
 * so that the caller's threads and the engine share it without a lock; counted references own it. */
typedef struct ptn_endpoint {
  int refs; /* atomic */
  bool tls;
  bool verify_tls;
  bool paced;       /* requests wait where the server's answers say that it would refuse them */
  uint64_t account; /* a hash of the origin and all headers: who asks whom */
  char *base_url; /* without a trailing slash */
  char *origin;   /* names the connections that requests may share: scheme, host, port, proxy, TLS */
  char *ca_file, *ca_path; /* NULL: none */
  char *proxy, *no_proxy;  /* "" where there is none, so that libcurl never asks the environment */
  struct curl_slist *headers;
  long connect_timeout_ms; /* 0: libcurl's own */
  long idle_timeout_s;     /* 0: none */
  size_t max_body;         /* decoded bytes of one response */
} ptn_endpoint;

typedef struct {
  const char *base_url; /* has passed ptn_url_check */
  size_t base_url_len;  /* ptn_url.len */
  size_t origin_len;
  bool tls, verify_tls;
  const char *ca_file, *ca_path, *proxy, *no_proxy; /* NULL: none */
  long connect_timeout_ms, idle_timeout_s;
  size_t max_body;
  bool paced;
} ptn_endpoint_options;

/* Copies everything it is given. NULL: out of memory. */
ptn_endpoint *ptn_endpoint_new(const ptn_endpoint_options *options);

/* Adds a header that every request carries; only before the first request. Name and value have passed
 * ptn_header_name_ok and ptn_header_value_ok. False: out of memory. */
bool ptn_endpoint_add_header(ptn_endpoint *endpoint, const char *name, size_t name_len,
                             const char *value, size_t value_len);

ptn_endpoint *ptn_endpoint_retain(ptn_endpoint *endpoint);
void ptn_endpoint_release(ptn_endpoint *endpoint); /* NULL is fine */

/* Bytes that the endpoint holds, for ObjectSpace. */
size_t ptn_endpoint_size(const ptn_endpoint *endpoint);

#endif
