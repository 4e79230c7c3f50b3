#include "about.h"

#include <curl/curl.h>
#include <stddef.h>

const char *ptn_about_libcurl(void) { return curl_version(); }

const char *ptn_about_ca_file(void) {
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  return info->age >= CURLVERSION_SEVENTH ? info->cainfo : NULL;
}

bool ptn_about_http2(void) { return curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2; }
