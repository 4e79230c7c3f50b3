/* The least that a call can cost: a plain C program on libcurl, the answer dropped. Four ways:
 *
 *   limit URL BODY           one easy handle kept, one call after the other
 *   limit URL BODY rested    the same, with 0.1 ms asleep before each, as long as a Ruby program is busy with its answers
 *   limit URL BODY engine    the same by a thread with a CURLM: another hands each call over to it, and waits
 *   limit URL BODY many      all calls at once on one CURLM, 100 of them a connection
 *
 * It reads numbers of calls from standard input, one a line, and prints for each a line of JSON with what they took.
 * SSL_CERT_FILE names the trusted certificates. */
#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { STREAMS_A_CONNECTION = 100, OWN_BUFFER_BYTES = 2048, SHARED_BUFFER = 0x080700 };

static struct curl_slist *headers;
static const char *url, *body;

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

/* A line of /proc/self/status, in kilobytes; 0 where there is none. */
static long memory(const char *name) {
  char line[256];
  long kilobytes = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status)) {
    if (strncmp(line, name, strlen(name)) == 0) kilobytes = strtol(line + strlen(name), NULL, 10);
  }
  if (status) fclose(status);
  return kilobytes;
}

static CURL *new_handle(size_t *received) {
  CURL *curl = curl_easy_init();
  if (!curl) exit(1);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, received);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  if (getenv("SSL_CERT_FILE")) curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
  return curl;
}

static int succeeded(CURL *curl, CURLcode code, size_t received) {
  long status = 0;
  if (code != CURLE_OK) return 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return status == 200 && received > 0;
}

static const struct timespec rest = {0, 100000};
static int rested;

static long one_by_one(long calls) {
  static CURL *curl;
  static size_t received;
  long errors = 0;
  if (!curl) curl = new_handle(&received);
  for (long i = 0; i < calls; i++) {
    received = 0;
    if (rested) nanosleep(&rest, NULL);
    CURLcode code = curl_easy_perform(curl);
    errors += !succeeded(curl, code, received);
  }
  return errors;
}

/* What the two threads share: the one has written it before it wakes the other. */
static struct {
  CURLM *multi;
  CURL *curl;
  size_t received;
  int done, succeeded;
  int wanted; /* atomic */
} engine;

static void finish_call(CURLMsg *message) {
  const uint64_t one = 1;
  engine.succeeded = succeeded(engine.curl, message->data.result, engine.received);
  curl_multi_remove_handle(engine.multi, engine.curl);
  if (write(engine.done, &one, sizeof one) != sizeof one) exit(1);
}

static void *run_engine(void *arg) {
  for (;;) {
    CURLMsg *message;
    int running, left;
    if (__atomic_exchange_n(&engine.wanted, 0, __ATOMIC_ACQ_REL)) curl_multi_add_handle(engine.multi, engine.curl);
    curl_multi_perform(engine.multi, &running);
    while ((message = curl_multi_info_read(engine.multi, &left))) finish_call(message);
    curl_multi_poll(engine.multi, NULL, 0, 1000, NULL);
  }
  return arg;
}

static void start_engine(void) {
  pthread_t thread;
  engine.multi = curl_multi_init();
  engine.curl = new_handle(&engine.received);
  engine.done = eventfd(0, EFD_CLOEXEC);
  if (!engine.multi || engine.done < 0 || pthread_create(&thread, NULL, run_engine, NULL) != 0) exit(1);
}

static long handed_over(long calls) {
  long errors = 0;
  if (!engine.multi) start_engine();
  for (long i = 0; i < calls; i++) {
    struct pollfd done = {engine.done, POLLIN, 0};
    uint64_t count;
    engine.received = 0;
    __atomic_store_n(&engine.wanted, 1, __ATOMIC_RELEASE);
    curl_multi_wakeup(engine.multi);
    if (poll(&done, 1, -1) != 1 || read(engine.done, &count, sizeof count) != sizeof count) exit(1);
    errors += !engine.succeeded;
  }
  return errors;
}

static long all_at_once(long calls) {
  static CURLM *multi;
  if (!multi) multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (calls + STREAMS_A_CONNECTION - 1) / STREAMS_A_CONNECTION);
  size_t *received = calloc((size_t)calls, sizeof *received);
  int own_buffers = curl_version_info(CURLVERSION_NOW)->version_num < SHARED_BUFFER;
  long errors = calls;
  int running;
  if (!multi || !received) exit(1);

  for (long i = 0; i < calls; i++) {
    CURL *curl = new_handle(&received[i]);
    curl_easy_setopt(curl, CURLOPT_PIPEWAIT, 1L);
    if (own_buffers) curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)OWN_BUFFER_BYTES);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, &received[i]);
    curl_multi_add_handle(multi, curl);
  }
  do {
    CURLMsg *message;
    int left;
    curl_multi_perform(multi, &running);
    while ((message = curl_multi_info_read(multi, &left))) {
      CURL *curl = message->easy_handle;
      size_t *bytes;
      curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&bytes);
      errors -= succeeded(curl, message->data.result, *bytes);
      curl_multi_remove_handle(multi, curl);
      curl_easy_cleanup(curl);
    }
    if (running) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  } while (running);
  free(received);
  return errors;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  char line[32];
  url = argv[1];
  body = argv[2];
  const char *way = argc > 3 ? argv[3] : "";
  long (*perform)(long) = strcmp(way, "many") == 0     ? all_at_once
                          : strcmp(way, "engine") == 0 ? handed_over
                                                       : one_by_one;
  rested = strcmp(way, "rested") == 0;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  headers = curl_slist_append(NULL, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Authorization: Bearer sk-bench-0123456789abcdefghij");
  headers = curl_slist_append(headers, "OpenAI-Beta: assistants=v2");
  headers = curl_slist_append(headers, "Accept: text/event-stream");

  printf("{\"version\":\"%s\"}\n", curl_version());
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    long calls = strtol(line, NULL, 10), before = memory("VmRSS:");
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    long errors = perform(calls);
    printf("{\"cpu\":%.9f,\"wall\":%.9f,\"memory\":%ld,\"errors\":%ld}\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           seconds(CLOCK_MONOTONIC) - wall, memory("VmHWM:") - before, errors);
    fflush(stdout);
  }
  return 0;
}
