/* Products of matrices of 96 by 96 numbers of 32 bits. */
#include "bench_guest.h"

enum { kSide = 96 };
static int32_t a[kSide][kSide], b[kSide][kSide], c[kSide][kSide];

static uint32_t work(uint32_t rounds) {
  for (int i = 0; i < kSide; ++i)
    for (int j = 0; j < kSide; ++j)
      a[i][j] = (int32_t)(bench_random() % 2001) - 1000, b[i][j] = (int32_t)(bench_random() % 2001);
  for (; rounds > 0; --rounds) {
    for (int i = 0; i < kSide; ++i)
      for (int j = 0; j < kSide; ++j) {
        uint32_t sum = 0;
        for (int k = 0; k < kSide; ++k) sum += (uint32_t)a[i][k] * (uint32_t)b[k][j];
        c[i][j] = (int32_t)sum;
      }
    for (int i = 0; i < kSide; ++i) a[i][rounds % kSide] = c[i][i] >> 12;
  }
  uint32_t sum = 0;
  for (int i = 0; i < kSide; ++i) sum = sum * 31 + (uint32_t)c[i][kSide - 1 - i];
  return sum;
}

BENCH_MAIN(400)
