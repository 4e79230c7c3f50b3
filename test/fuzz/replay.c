#include "fuzz.h"

/* Runs a target over files, with any compiler: the stored corpus as an ordinary test. */
static void replay(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(1);
  }
  static uint8_t bytes[1 << 20];
  size_t len = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  LLVMFuzzerTestOneInput(bytes, len);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) replay(argv[i]);
  printf("%d inputs, each promise kept\n", argc - 1);
  return argc > 1 ? 0 : 1;
}
