#include <string.h>

#include <curl/curl.h>

#include "fuzz.h"
#include "url.h"

static bool has_part(CURLU *parsed, CURLUPart part) {
  char *text = NULL;
  bool has = curl_url_get(parsed, part, &text, 0) == CURLUE_OK && text[0] != '\0';
  curl_free(text);
  return has;
}

/* libcurl's own reading of what we accepted: it names a host, and nothing that could change where a request goes. */
static void check_with_libcurl(const char *url, bool tls, bool with_path) {
  CURLU *parsed = curl_url();
  PROMISE(parsed != NULL);
  CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, CURLU_PATH_AS_IS);
  if (code == CURLUE_OK) { /* it may refuse what we took: the request then fails, with a message of its own */
    PROMISE(has_part(parsed, CURLUPART_HOST));
    PROMISE(!has_part(parsed, CURLUPART_USER) && !has_part(parsed, CURLUPART_PASSWORD));
    PROMISE(!has_part(parsed, CURLUPART_FRAGMENT));
    if (!with_path) PROMISE(!has_part(parsed, CURLUPART_QUERY));

    char *scheme = NULL;
    PROMISE(curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK);
    PROMISE(strcmp(scheme, tls ? "https" : "http") == 0);
    curl_free(scheme);
  }
  curl_url_cleanup(parsed);
}

static char *host_of(const char *url) {
  CURLU *parsed = curl_url();
  char *host = NULL;
  if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK) curl_url_get(parsed, CURLUPART_HOST, &host, 0);
  curl_url_cleanup(parsed);
  return host;
}

static void check_path(const char *path, size_t len) {
  if (!ptn_url_path_ok(path, len)) return;

  char *url = malloc(len + 64);
  PROMISE(url != NULL);
  memcpy(url, "https://api.example/v1", 22);
  memcpy(url + 22, path, len);
  url[22 + len] = '\0';
  check_with_libcurl(url, true, true);

  char *host = host_of(url);
  PROMISE(!host || strcmp(host, "api.example") == 0);
  curl_free(host);
  free(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_input in = {bytes, len};
  char *text = fuzz_rest(&in);

  ptn_url url = {0};
  const char *reason = ptn_url_check(text, len, &url);
  if (!reason) {
    PROMISE(url.origin_len <= url.len && url.len <= len);
    PROMISE(!memchr(text, '\0', url.len) && !memchr(text, '\r', url.len) && !memchr(text, '\n', url.len));
    char *copy = strndup(text, url.len);
    check_with_libcurl(copy, url.tls, false);
    free(copy);
  }
  check_path(text, len);
  free(text);
  return 0;
}
