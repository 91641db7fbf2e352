/* The ways to put queens on a board of 10 by 10, by bit masks. */
#include "bench_guest.h"

static uint32_t ways(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
  if (columns == all) return 1;
  uint32_t sum = 0;
  for (uint32_t free = all & ~(columns | left | right); free != 0;) {
    const uint32_t bit = free & -free;
    free ^= bit;
    sum += ways(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return sum;
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  for (; rounds > 0; --rounds) sum = sum * 31 + ways((1 << 10) - 1, rounds & 1, 0, 0);
  return sum;
}

BENCH_MAIN(600)
