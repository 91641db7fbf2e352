/* Inflates (RFC 1951) a text of 6,000 bytes with codes of its own, and adds it up. */
#include "bench_guest.h"
#include "inflate_data.h"

enum { kSymbols = 288, kBits = 15 };

struct code {
  uint16_t count[kBits + 1]; /* Symbols of each length. */
  uint16_t symbol[kSymbols]; /* By length, then by number. */
};

static uint8_t out[8192];
static uint32_t out_length;
static const uint8_t* in;
static uint32_t held, held_bits;

static uint32_t bits(uint32_t count) {
  while (held_bits < count) held |= (uint32_t)*in++ << held_bits, held_bits += 8;
  const uint32_t value = held & ((1u << count) - 1);
  held >>= count, held_bits -= count;
  return value;
}

static void make_code(struct code* code, const uint8_t* lengths, uint32_t symbols) {
  uint16_t next[kBits + 1] = {0};
  memset(code->count, 0, sizeof code->count);
  for (uint32_t i = 0; i < symbols; ++i) ++code->count[lengths[i]];
  code->count[0] = 0;
  for (int i = 1; i < kBits; ++i) next[i + 1] = next[i] + code->count[i];
  for (uint32_t i = 0; i < symbols; ++i)
    if (lengths[i] != 0) code->symbol[next[lengths[i]]++] = (uint16_t)i;
}

static uint32_t symbol(const struct code* code) {
  int32_t value = 0, first = 0, index = 0;
  for (int length = 1; length <= kBits; ++length) {
    value |= (int32_t)bits(1);
    const int32_t count = code->count[length];
    if (value - first < count) return code->symbol[index + value - first];
    index += count, first = (first + count) << 1, value <<= 1;
  }
  abort();
}

static void block(const struct code* literals, const struct code* distances) {
  static const uint16_t kLength[] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                     15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                     67, 83, 99, 115, 131, 163, 195, 227, 258};
  static const uint16_t kDistance[] = {
      1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
      193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  for (;;) {
    uint32_t what = symbol(literals);
    if (what < 256) {
      out[out_length++] = (uint8_t)what;
      continue;
    }
    if (what == 256) return;
    what -= 257;
    uint32_t length = kLength[what];
    if (what >= 8 && what < 28) length += bits(what / 4 - 1);
    const uint32_t way = symbol(distances);
    const uint32_t distance = kDistance[way] + (way >= 4 ? bits(way / 2 - 1) : 0);
    for (; length > 0; --length, ++out_length) out[out_length] = out[out_length - distance];
  }
}

static void dynamic(void) {
  static const uint8_t kOrder[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                     11, 4,  12, 3, 13, 2, 14, 1, 15};
  static struct code literals, distances;
  uint8_t lengths[320] = {0};
  const uint32_t literal_count = bits(5) + 257, distance_count = bits(5) + 1;
  const uint32_t length_count = bits(4) + 4;
  for (uint32_t i = 0; i < length_count; ++i) lengths[kOrder[i]] = (uint8_t)bits(3);
  make_code(&literals, lengths, 19);
  memset(lengths, 0, sizeof lengths);
  for (uint32_t i = 0; i < literal_count + distance_count;) {
    const uint32_t what = symbol(&literals);
    if (what < 16) {
      lengths[i++] = (uint8_t)what;
      continue;
    }
    const uint8_t repeated = what == 16 ? lengths[i - 1] : 0;
    for (uint32_t n = what == 16   ? 3 + bits(2)
                      : what == 17 ? 3 + bits(3)
                                   : 11 + bits(7);
         n > 0; --n)
      lengths[i++] = repeated;
  }
  make_code(&literals, lengths, literal_count);
  make_code(&distances, lengths + literal_count, distance_count);
  block(&literals, &distances);
}

static uint32_t work(uint32_t rounds) {
  uint32_t a = 1, b = 0;
  for (; rounds > 0; --rounds) {
    in = kDeflated, held = held_bits = out_length = 0;
    uint32_t last;
    do {
      last = bits(1);
      if (bits(2) != 2) abort();
      dynamic();
    } while (!last);
    a = 1, b = 0;
    for (uint32_t i = 0; i < out_length; ++i) a += out[i], b += a;
  }
  return (b % 65521) << 16 | a % 65521;
}

BENCH_MAIN(2000)
