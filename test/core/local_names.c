#include "local_names.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int released, waiting;

void local_names_release(bool release) { __atomic_store_n(&released, release, __ATOMIC_RELEASE); }
int local_names_waiting(void) { return __atomic_load_n(&waiting, __ATOMIC_ACQUIRE); }

typedef struct {
  struct addrinfo info;
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } address;
} entry;

static struct addrinfo *new_entry(int family, const char *service, struct addrinfo *next) {
  entry *e = calloc(1, sizeof *e);
  if (!e) abort();
  e->info = (struct addrinfo){.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
  e->info.ai_addr = &e->address.any;
  e->info.ai_next = next;
  in_port_t port = htons((uint16_t)(service ? atoi(service) : 0));
  if (family == AF_INET) {
    e->info.ai_addrlen = sizeof e->address.v4;
    e->address.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    e->address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    e->info.ai_addrlen = sizeof e->address.v6;
    e->address.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
    e->address.v6.sin6_addr = in6addr_loopback;
  }
  return &e->info;
}

static void wait_for_release(void) {
  const struct timespec pause = {0, 2000000};
  __atomic_add_fetch(&waiting, 1, __ATOMIC_ACQ_REL);
  while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE)) nanosleep(&pause, NULL);
  __atomic_sub_fetch(&waiting, 1, __ATOMIC_ACQ_REL);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res) {
  (void)hints;
  bool slow = node && strncmp(node, "slow", 4) == 0, two = node && strcmp(node, "two.test") == 0;
  if (slow) wait_for_release();
  bool local = node && (strcmp(node, "local.test") == 0 || strcmp(node, "localhost") == 0);
  if (!slow && !two && !local) return EAI_NONAME;
  *res = new_entry(AF_INET, service, NULL);
  if (two) *res = new_entry(AF_INET6, service, *res);
  return 0;
}

void freeaddrinfo(struct addrinfo *info) {
  for (struct addrinfo *next; info; info = next) {
    next = info->ai_next;
    free(info);
  }
}
