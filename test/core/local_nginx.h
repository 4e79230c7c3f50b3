#ifndef PTN_TEST_LOCAL_NGINX_H
#define PTN_TEST_LOCAL_NGINX_H

#include <sys/types.h>

#include "local_server.h"

/* An nginx that speaks HTTP/2 over TLS and passes every request on to a local_server. */
typedef struct {
  pid_t master;
  int port;
  char url[64], folder[64], log[96];
} local_nginx;

/* `extra`: more lines for its server block. False, and a line that says so, where nginx is not installed. */
bool local_nginx_start(local_nginx *nginx, const local_server *behind, const local_tls *tls, const char *extra);
void local_nginx_stop(local_nginx *nginx); /* one that never started is fine */

/* What its log says of the requests for `target` ("GET /x") that have ended; NULL: of all. */
typedef struct {
  int requests;
  int connections;      /* that they came over */
  long last_connection; /* its serial number */
  pid_t last_worker;    /* the process that answered */
} local_nginx_report;
local_nginx_report local_nginx_read(const local_nginx *nginx, const char *target);

#endif
