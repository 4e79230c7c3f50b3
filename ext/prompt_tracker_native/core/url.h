#ifndef PTN_URL_H
#define PTN_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Where the parts of a base URL stand in the text they were found in. */
typedef struct {
  bool tls;          /* https */
  size_t origin_len; /* scheme, host and port: the text up to the path */
  size_t len;        /* the whole without trailing slashes */
} ptn_url;

/* Checks a base URL ("https://api.openai.com/v1"): http or https, a host, an optional port and path,
 * and nothing else. Returns NULL and fills `url`, or the reason why the text is refused. The reason
 * never quotes the text, which may hold a password. */
const char *ptn_url_check(const char *text, size_t len, ptn_url *url);

/* True where `path` ("/threads?limit=1") can follow a base URL: it begins with a slash and holds only
 * printable ASCII, no space and no fragment, and no "." or ".." segment. */
bool ptn_url_path_ok(const char *path, size_t len);

#endif
