#ifndef PTN_REQUEST_H
#define PTN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"

typedef enum { PTN_GET, PTN_POST, PTN_DELETE } ptn_method;

typedef struct {
  const char *name, *value;
  size_t name_len, value_len;
} ptn_header;

/* One request, whole and unchanging: a single block that holds its own copy of the URL, the headers and
 * the body, so that the engine never reads memory of its caller. */
typedef struct {
  ptn_endpoint *endpoint; /* a reference of the request's own */
  ptn_method method;
  bool stream;     /* the answer may be an event stream */
  uint64_t lane;   /* names server, account and model to the pacer; 0: not paced */
  const char *url; /* these point into the block */
  struct curl_slist *headers;
  const char *body; /* NULL: none */
  size_t body_len;
} ptn_request;

typedef struct {
  ptn_method method;
  bool stream;
  const char *path; /* has passed ptn_url_path_ok */
  size_t path_len;
  const ptn_header *headers;
  size_t header_count;
  const char *body; /* NULL: none. JSON, unless a Content-Type is among the headers */
  size_t body_len;
} ptn_request_options;

/* Copies everything it is given and takes a reference to `endpoint`. NULL: out of memory. */
ptn_request *ptn_request_new(ptn_endpoint *endpoint, const ptn_request_options *options);
void ptn_request_free(ptn_request *request); /* NULL is fine */

/* True for a request that may make something at the server: only these are never repeated blindly. */
bool ptn_request_creates(const ptn_request *request);

#endif
