#ifndef PTN_HASH_H
#define PTN_HASH_H

#include <stddef.h>
#include <stdint.h>

static const uint64_t PTN_HASH_SEED = 0xcbf29ce484222325u;

/* FNV-1a, gone on from `hash`. For telling apart, not against people who would make two the same. */
static inline uint64_t ptn_hash(uint64_t hash, const char *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
  return hash;
}

#endif
