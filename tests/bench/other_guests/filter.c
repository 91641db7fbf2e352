/* Filters of 3 by 3 in fixed point over a grey picture of 160 by 120: smoothed, sharpened, its
 * edges found, its levels spread. */
#include "bench_guest.h"

enum { kWidth = 160, kHeight = 120 };

struct filter {
  int16_t weights[3][3];
  int shift; /* What the sum is divided by, as a power of two. */
};

static const struct filter kSmooth = {{{1, 2, 1}, {2, 4, 2}, {1, 2, 1}}, 4};
static const struct filter kSharpen = {{{0, -24, 0}, {-24, 160, -24}, {0, -24, 0}}, 6};
static const struct filter kAcross = {{{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}}, 2};
static const struct filter kDown = {{{-1, -2, -1}, {0, 0, 0}, {1, 2, 1}}, 2};

static uint8_t picture[kHeight][kWidth], smooth[kHeight][kWidth], sharp[kHeight][kWidth];
static uint8_t edges[kHeight][kWidth];

static int within(int x, int least, int most) { return x < least ? least : x > most ? most : x; }

/* Beyond a border the picture goes on as it ends. */
static int weighted(const struct filter* filter, uint8_t from[kHeight][kWidth], int x, int y) {
  int sum = 0;
  for (int j = -1; j <= 1; ++j) {
    const uint8_t* const row = from[within(y + j, 0, kHeight - 1)];
    for (int i = -1; i <= 1; ++i)
      sum += filter->weights[j + 1][i + 1] * row[within(x + i, 0, kWidth - 1)];
  }
  return sum >> filter->shift;
}

static void apply(const struct filter* filter, uint8_t from[kHeight][kWidth],
                  uint8_t to[kHeight][kWidth]) {
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      to[y][x] = (uint8_t)within(weighted(filter, from, x, y), 0, 255);
}

static void find_edges(uint8_t from[kHeight][kWidth], uint8_t to[kHeight][kWidth]) {
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      const int slope = abs(weighted(&kAcross, from, x, y)) + abs(weighted(&kDown, from, x, y));
      to[y][x] = (uint8_t)(slope > 255 ? 255 : slope);
    }
}

/* Levels that are frequent come further apart. */
static void spread(uint8_t levels[kHeight][kWidth]) {
  uint32_t counts[256] = {0}, below = 0;
  uint8_t becomes[256];
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) ++counts[levels[y][x]];
  for (int i = 0; i < 256; ++i) {
    becomes[i] = (uint8_t)(below * 255 / (kWidth * kHeight));
    below += counts[i];
  }
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) levels[y][x] = becomes[levels[y][x]];
}

static void make_picture(void) {
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      const int dx = x - 90, dy = y - 50, inside = dx * dx + dy * dy < 1600;
      picture[y][x] = (uint8_t)((inside ? 150 + dx : x + y / 2) + (int)(bench_random() % 16));
    }
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  make_picture();
  for (; rounds > 0; --rounds) {
    apply(&kSmooth, picture, smooth);
    apply(&kSharpen, smooth, sharp);
    find_edges(sharp, edges);
    spread(edges);
    for (int y = 0; y < kHeight; ++y) {
      sum = sum * 31 + edges[y][rounds % kWidth];
      picture[y][rounds * 7 % kWidth] ^= edges[y][rounds % kWidth] >> 4;
    }
  }
  return sum;
}

BENCH_MAIN(60)
