/* AES-128 (FIPS 197) of 4 KiB, each block chained to the one before, by one table of words. */
#include "bench_guest.h"

static uint8_t sbox[256];
static uint32_t mix[256]; /* S-box and column mix of one byte. */
static uint32_t keys[44];

static uint32_t turned(uint32_t x, int by) { return x << by | x >> (32 - by); }
static uint8_t doubled(uint8_t x) { return (uint8_t)(x << 1 ^ (x & 0x80 ? 0x1b : 0)); }

static void make_tables(void) {
  uint8_t p = 1, q = 1; /* q is always the inverse of p. */
  do {
    p ^= doubled(p);
    q ^= q << 1, q ^= q << 2, q ^= q << 4;
    if (q & 0x80) q ^= 0x09;
    uint8_t x = q;
    for (int i = 1; i < 5; ++i) x ^= (uint8_t)(q << i | q >> (8 - i));
    sbox[p] = x ^ 0x63;
  } while (p != 1);
  sbox[0] = 0x63;
  for (int i = 0; i < 256; ++i) {
    const uint32_t s = sbox[i], s2 = doubled(sbox[i]);
    mix[i] = s2 << 24 | s << 16 | s << 8 | (s ^ s2);
  }
}

static uint32_t substituted(uint32_t x) {
  return (uint32_t)sbox[x >> 24] << 24 | sbox[x >> 16 & 255] << 16 | sbox[x >> 8 & 255] << 8 |
         sbox[x & 255];
}

static void make_keys(void) {
  uint8_t round = 1;
  for (int i = 0; i < 4; ++i) keys[i] = bench_random();
  for (int i = 4; i < 44; ++i) {
    uint32_t x = keys[i - 1];
    if (i % 4 == 0) x = substituted(turned(x, 8)) ^ (uint32_t)round << 24, round = doubled(round);
    keys[i] = keys[i - 4] ^ x;
  }
}

static void encrypt(uint32_t block[4]) {
  uint32_t s[4], t[4];
  for (int i = 0; i < 4; ++i) s[i] = block[i] ^ keys[i];
  for (int round = 1; round < 10; ++round) {
    for (int i = 0; i < 4; ++i)
      t[i] = mix[s[i] >> 24] ^ turned(mix[s[(i + 1) % 4] >> 16 & 255], 24) ^
             turned(mix[s[(i + 2) % 4] >> 8 & 255], 16) ^ turned(mix[s[(i + 3) % 4] & 255], 8) ^
             keys[round * 4 + i];
    memcpy(s, t, sizeof s);
  }
  for (int i = 0; i < 4; ++i)
    block[i] = keys[40 + i] ^ substituted((s[i] & 0xff000000) | (s[(i + 1) % 4] & 0xff0000) |
                                          (s[(i + 2) % 4] & 0xff00) | (s[(i + 3) % 4] & 0xff));
}

static uint32_t work(uint32_t rounds) {
  static uint32_t data[1024];
  uint32_t block[4] = {0, 0, 0, 0};
  make_tables();
  make_keys();
  for (int i = 0; i < 1024; ++i) data[i] = bench_random();
  for (; rounds > 0; --rounds)
    for (int i = 0; i < 1024; i += 4) {
      for (int j = 0; j < 4; ++j) block[j] ^= data[i + j];
      encrypt(block);
    }
  return block[0];
}

BENCH_MAIN(4000)
