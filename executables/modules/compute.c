/* Functions that compute: what a module of the first style looks like.
 *
 *   ;frame.exec("dlib/compute.so/sum", {"1", "2.5"}).stdout
 *   ;frame.exec("dlib/compute.so/primes", {"30"}).stdout */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cosmoo_module.h"

/* Does nothing: what a call costs. */
int nothing(int argc, char** argv, char** envp) {
  (void)argc, (void)argv, (void)envp;
  return 0;
}

static int is_number(const char* text, double* number) {
  char* end;
  *number = strtod(text, &end);
  return end != text && *end == '\0';
}

/* The sum of its arguments. */
int sum(int argc, char** argv) {
  double total = 0, number;
  for (int i = 1; i < argc; ++i) {
    if (!is_number(argv[i], &number)) {
      fprintf(stderr, "%s: %s is not a number\n", argv[0], argv[i]);
      return 2;
    }
    total += number;
  }
  printf("%.17g\n", total);
  return 0;
}

/* The primes up to its argument, a line each. */
int primes(int argc, char** argv) {
  char* end = "";
  errno = 0;
  const long most = argc == 2 ? strtol(argv[1], &end, 10) : -1;
  if (most < 0 || most > 100000000 || *end != '\0' || errno != 0) {
    fprintf(stderr, "usage: %s N, up to 100000000\n", argv[0]);
    return 2;
  }
  unsigned char* const composite = calloc((size_t)most + 1, 1);
  if (!composite) return 1;
  for (long i = 2; i <= most; ++i) {
    if (composite[i]) continue;
    printf("%ld\n", i);
    for (long j = i * i; j <= most; j += i) composite[j] = 1;
  }
  free(composite);
  return 0;
}
