#include "url.h"

#include <string.h>
#include <strings.h>

static bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

static bool is_ipv6_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
         c == '.' || c == '%';
}

/* Returns the length of the host at the start of `text`, 0 where there is none. */
static size_t host_length(const char *text, size_t len) {
  size_t i = 0;
  if (len > 0 && text[0] == '[') {
    for (i = 1; i < len && is_ipv6_char(text[i]); i++) {
    }
    return i > 2 && i < len && text[i] == ']' ? i + 1 : 0;
  }
  while (i < len && is_host_char(text[i])) i++;
  return i;
}

static const char *check_port(const char *text, size_t len, size_t *used) {
  long port = 0;
  size_t i = 0;
  for (; i < len && text[i] >= '0' && text[i] <= '9' && i < 6; i++) port = port * 10 + (text[i] - '0');
  *used = i;
  return i == 0 || port < 1 || port > 65535 ? "its port is not a number from 1 to 65535" : NULL;
}

static bool has_dot_segment(const char *path, size_t len) {
  size_t start = 0;
  for (size_t i = 0; i <= len; i++) {
    if (i < len && path[i] != '/' && path[i] != '?') continue;
    size_t segment = i - start;
    if ((segment == 1 && path[start] == '.') ||
        (segment == 2 && path[start] == '.' && path[start + 1] == '.')) {
      return true;
    }
    if (i < len && path[i] == '?') return false;
    start = i + 1;
  }
  return false;
}

bool ptn_url_path_ok(const char *path, size_t len) {
  if (len == 0 || path[0] != '/') return false;
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)path[i];
    if (c <= ' ' || c > '~' || c == '#' || c == '\\') return false;
  }
  return !has_dot_segment(path, len);
}

static const char *check_rest(const char *rest, size_t len) {
  if (len == 0) return NULL;
  if (memchr(rest, '?', len)) return "it has a query; only a path may follow the host";
  if (memchr(rest, '#', len)) return "it has a fragment; only a path may follow the host";
  return ptn_url_path_ok(rest, len) ? NULL : "its path holds characters that a URL can't hold";
}

const char *ptn_url_check(const char *text, size_t len, ptn_url *url) {
  size_t at;
  if (len > 8 && strncasecmp(text, "https://", 8) == 0) {
    url->tls = true;
    at = 8;
  } else if (len > 7 && strncasecmp(text, "http://", 7) == 0) {
    url->tls = false;
    at = 7;
  } else {
    return "it must begin with https:// or http:// and name a host";
  }
  size_t authority = at;
  while (authority < len && text[authority] != '/' && text[authority] != '?') authority++;
  if (memchr(text + at, '@', authority - at)) {
    return "it holds a user name or password; give the key as OPENAI_API_KEY or access_token";
  }
  size_t host = host_length(text + at, len - at);
  if (host == 0) return "its host is missing or holds characters that a host can't hold";
  at += host;
  if (at < len && text[at] == ':') {
    size_t used = 0;
    const char *bad = check_port(text + at + 1, len - at - 1, &used);
    if (bad) return bad;
    at += 1 + used;
  }
  if (at < len && text[at] != '/' && text[at] != '?' && text[at] != '#') {
    return "its host or port holds characters that it can't hold";
  }
  url->origin_len = at;
  const char *bad = check_rest(text + at, len - at);
  if (bad) return bad;
  while (len > at && text[len - 1] == '/') len--;
  url->len = len;
  return NULL;
}
