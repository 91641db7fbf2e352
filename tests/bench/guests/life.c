/* Conway's game of life on a torus of 64 by 64, a byte a cell. */
#include "bench_guest.h"

enum { kSide = 64 };
static uint8_t now[kSide][kSide], then[kSide][kSide];

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) now[y][x] = bench_random() % 3 == 0;
  for (; rounds > 0; --rounds) {
    for (int y = 0; y < kSide; ++y) {
      const uint8_t *up = now[(y + kSide - 1) % kSide], *row = now[y], *down = now[(y + 1) % kSide];
      for (int x = 0; x < kSide; ++x) {
        const int l = (x + kSide - 1) % kSide, r = (x + 1) % kSide;
        const int near = up[l] + up[x] + up[r] + row[l] + row[r] + down[l] + down[x] + down[r];
        then[y][x] = near == 3 || (near == 2 && row[x]);
        sum += then[y][x];
      }
    }
    memcpy(now, then, sizeof now);
    now[rounds % kSide][rounds * 7 % kSide] ^= 1;
  }
  return sum;
}

BENCH_MAIN(7000)
