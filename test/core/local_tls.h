#ifndef PTN_TEST_LOCAL_TLS_H
#define PTN_TEST_LOCAL_TLS_H

#include <openssl/ssl.h>

/* A self-signed certificate for 127.0.0.1 and localhost, made anew by each test program. */
typedef struct {
  char folder[64], cert_file[96], key_file[96]; /* PEM */
  SSL_CTX *context;                             /* of a server that speaks HTTP/1.1 only */
} local_tls;

void local_tls_make(local_tls *tls);
void local_tls_free(local_tls *tls);

#endif
