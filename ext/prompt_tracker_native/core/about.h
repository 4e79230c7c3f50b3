#ifndef PTN_ABOUT_H
#define PTN_ABOUT_H

#include <stdbool.h>

/* What libcurl says of itself; static strings. */
const char *ptn_about_libcurl(void); /* "libcurl/7.88.1 OpenSSL/3.0.15 zlib/1.2.13 nghttp2/1.52.0 …" */
const char *ptn_about_ca_file(void); /* its default bundle of certificates; NULL where it names none */
bool ptn_about_http2(void);

#endif
