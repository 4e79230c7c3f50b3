/* The least that a call can cost: a plain C program on libcurl, one easy handle kept, one streamed POST a call, its
 * answer dropped. It reads numbers of calls from standard input, one a line, and prints for each a line of JSON with
 * what they took. Arguments: URL, body. SSL_CERT_FILE names the trusted certificates. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static size_t drop(char *data, size_t size, size_t count, void *arg) {
  (void)data;
  *(size_t *)arg += size * count;
  return size * count;
}

static double seconds(clockid_t clock) {
  struct timespec ts;
  clock_gettime(clock, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int call(CURL *curl, size_t *received) {
  long status = 0;
  *received = 0;
  if (curl_easy_perform(curl) != CURLE_OK) return 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return status == 200 && *received > 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  size_t received;
  char line[32];
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL *curl = curl_easy_init();
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Authorization: Bearer sk-bench-0123456789abcdefghij");
  headers = curl_slist_append(headers, "OpenAI-Beta: assistants=v2");
  headers = curl_slist_append(headers, "Accept: text/event-stream");
  if (!curl || !headers) return 1;
  curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, argv[2]);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  if (getenv("SSL_CERT_FILE")) curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));

  printf("{\"version\":\"%s\"}\n", curl_version());
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    long errors = 0, calls = strtol(line, NULL, 10);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    for (long i = 0; i < calls; i++) errors += !call(curl, &received);
    printf("{\"cpu\":%.9f,\"wall\":%.9f,\"errors\":%ld}\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           seconds(CLOCK_MONOTONIC) - wall, errors);
    fflush(stdout);
  }
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  curl_global_cleanup();
  return 0;
}
