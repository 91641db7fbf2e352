/* One source, two programs: a guest for the sandbox, and a native one to hold it against. A program
 * defines work(), which does the same for each of `rounds` and returns a checksum, and kRounds, as
 * many as take a native build about a tenth of a second. Other rounds: the first data file, or the
 * first argument, in decimal digits. The output is the checksum in eight hexadecimal digits. */
#ifndef BENCH_GUEST_H
#define BENCH_GUEST_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint32_t work(uint32_t rounds);

/* The same numbers everywhere: xorshift of 32 bits. */
static uint32_t bench_random_state = 2463534242u;
static inline uint32_t bench_random(void) {
  uint32_t x = bench_random_state;
  x ^= x << 13, x ^= x >> 17, x ^= x << 5;
  return bench_random_state = x;
}

static inline void bench_digits(uint32_t sum, char digits[9]) {
  for (int i = 0; i < 8; ++i) digits[i] = "0123456789abcdef"[sum >> (28 - 4 * i) & 15];
  digits[8] = '\n';
}

#ifdef __moxie__
#include "sandboxrt.h"
#define BENCH_MAIN(kRounds)                                                         \
  int main(void) {                                                                  \
    uint32_t rounds = kRounds;                                                      \
    const struct moxie_memory_map_ent* const data = sandbox_data(0);                \
    if (data != NULL) {                                                             \
      const char* const text = data->addr;                                          \
      rounds = 0;                                                                   \
      for (size_t i = 0; i < data->length && text[i] >= '0' && text[i] <= '9'; ++i) \
        rounds = rounds * 10 + (uint32_t)(text[i] - '0');                           \
    }                                                                               \
    static char digits[9];                                                          \
    bench_digits(work(rounds), digits);                                             \
    setreturn(digits, sizeof digits);                                               \
    return 0;                                                                       \
  }
#else
#include <stdio.h>
#define BENCH_MAIN(kRounds)                                                                \
  int main(int argc, char** argv) {                                                        \
    char digits[9];                                                                        \
    bench_digits(work(argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : kRounds), digits); \
    return fwrite(digits, 1, sizeof digits, stdout) != sizeof digits;                      \
  }
#endif
#endif
