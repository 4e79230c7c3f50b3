#ifndef PTN_LIBCURL_H
#define PTN_LIBCURL_H

#include <stdbool.h>

#include <curl/curl.h>

/* What of libcurl may be used: what it was built against has, but for tests that are built with PTN_LIBCURL_FLOOR,
 * which do with what the oldest supported one has. */
#ifdef PTN_LIBCURL_FLOOR
#define PTN_LIBCURL 0x074a00
#else
#define PTN_LIBCURL LIBCURL_VERSION_NUM
#endif

/* And of the one that was found at run time. */
static inline bool ptn_libcurl_has(unsigned version) {
  return PTN_LIBCURL >= version && curl_version_info(CURLVERSION_NOW)->version_num >= version;
}

#endif
