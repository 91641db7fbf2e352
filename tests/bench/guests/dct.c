/* What a JPEG decoder does to a block: undo the zigzag, scale, inverse cosine transform, clamp. */
#include "bench_guest.h"

enum { kBlocks = 256 };
static int16_t coefficients[kBlocks][64];
static uint8_t pixels[kBlocks][64];
static uint8_t zigzag[64], quantum[64];

static void make_blocks(void) {
  int x = 0, y = 0, up = 1;
  for (int i = 0; i < 64; ++i) {
    zigzag[i] = (uint8_t)(y * 8 + x);
    quantum[i] = (uint8_t)(3 + (x + y) * 2);
    if (up) {
      if (x == 7)
        ++y, up = 0;
      else if (y == 0)
        ++x, up = 0;
      else
        ++x, --y;
    } else {
      if (y == 7)
        ++x, up = 1;
      else if (x == 0)
        ++y, up = 1;
      else
        --x, ++y;
    }
  }
  for (int b = 0; b < kBlocks; ++b)
    for (int i = 0; i < 64; ++i)
      coefficients[b][i] = i < 20 ? (int16_t)((int)(bench_random() % 65) - 32) / (i / 2 + 1) : 0;
}

/* Cosines of k * pi / 16 with 11 bits of fraction. */
static const int32_t kCos[8] = {2048, 2009, 1892, 1703, 1448, 1138, 784, 400};

/* One row or column; `step` apart. The even and the odd half are put together at the end. */
static void transform(int32_t* v, int step, int shift) {
  const int32_t v0 = v[0], v1 = v[step], v2 = v[2 * step], v3 = v[3 * step];
  const int32_t v4 = v[4 * step], v5 = v[5 * step], v6 = v[6 * step], v7 = v[7 * step];
  const int32_t p = (v0 + v4) * kCos[4], q = (v0 - v4) * kCos[4];
  const int32_t r = v2 * kCos[2] + v6 * kCos[6], s = v2 * kCos[6] - v6 * kCos[2];
  const int32_t e0 = p + r, e3 = p - r, e1 = q + s, e2 = q - s;
  const int32_t o0 = v1 * kCos[1] + v3 * kCos[3] + v5 * kCos[5] + v7 * kCos[7];
  const int32_t o1 = v1 * kCos[3] - v3 * kCos[7] - v5 * kCos[1] - v7 * kCos[5];
  const int32_t o2 = v1 * kCos[5] - v3 * kCos[1] + v5 * kCos[7] + v7 * kCos[3];
  const int32_t o3 = v1 * kCos[7] - v3 * kCos[5] + v5 * kCos[3] - v7 * kCos[1];
  v[0] = (e0 + o0) >> shift, v[7 * step] = (e0 - o0) >> shift;
  v[step] = (e1 + o1) >> shift, v[6 * step] = (e1 - o1) >> shift;
  v[2 * step] = (e2 + o2) >> shift, v[5 * step] = (e2 - o2) >> shift;
  v[3 * step] = (e3 + o3) >> shift, v[4 * step] = (e3 - o3) >> shift;
}

static void decode(const int16_t* in, uint8_t* out) {
  int32_t block[64];
  for (int i = 0; i < 64; ++i) block[zigzag[i]] = in[i] * quantum[i];
  for (int i = 0; i < 8; ++i) transform(block + 8 * i, 1, 11);
  for (int i = 0; i < 8; ++i) transform(block + i, 8, 13);
  for (int i = 0; i < 64; ++i) {
    const int32_t level = block[i] + 128;
    out[i] = level < 0 ? 0 : level > 255 ? 255 : (uint8_t)level;
  }
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  make_blocks();
  for (; rounds > 0; --rounds) {
    for (int b = 0; b < kBlocks; ++b) decode(coefficients[b], pixels[b]);
    coefficients[rounds % kBlocks][0] ^= 3;
    for (int b = 0; b < kBlocks; ++b) sum = sum * 31 + pixels[b][rounds % 64];
  }
  return sum;
}

BENCH_MAIN(1800)
