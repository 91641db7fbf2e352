/* Powers modulo a number of 512 bits, in limbs of 32 (Montgomery), the exponent four bits at a
 * time: what a signature takes. */
#include "bench_guest.h"

enum { kLimbs = 16 };

static uint32_t modulus[kLimbs]; /* Least limb first, as everywhere. */
static uint32_t inverse;         /* What the modulus times this has as its least limb is -1. */

static int at_least(const uint32_t* a, const uint32_t* b) {
  for (int i = kLimbs - 1; i >= 0; --i)
    if (a[i] != b[i]) return a[i] > b[i];
  return 1;
}

static void subtract(uint32_t* a, const uint32_t* b) {
  uint32_t borrow = 0;
  for (int i = 0; i < kLimbs; ++i) {
    const uint32_t taken = b[i] + borrow;
    borrow = taken < borrow || a[i] < taken;
    a[i] -= taken;
  }
}

static void twice(uint32_t* a) {
  const uint32_t over = a[kLimbs - 1] >> 31;
  for (int i = kLimbs - 1; i > 0; --i) a[i] = a[i] << 1 | a[i - 1] >> 31;
  a[0] <<= 1;
  if (over || at_least(a, modulus)) subtract(a, modulus);
}

/* out = a * b / 2^512; any of them may be the same. */
static void product(uint32_t* out, const uint32_t* a, const uint32_t* b) {
  uint32_t t[kLimbs + 2] = {0};
  for (int i = 0; i < kLimbs; ++i) {
    uint64_t carry = 0;
    for (int j = 0; j < kLimbs; ++j) {
      carry += (uint64_t)a[j] * b[i] + t[j];
      t[j] = (uint32_t)carry;
      carry >>= 32;
    }
    carry += t[kLimbs];
    t[kLimbs] = (uint32_t)carry, t[kLimbs + 1] = (uint32_t)(carry >> 32);
    const uint32_t times = t[0] * inverse;
    carry = ((uint64_t)times * modulus[0] + t[0]) >> 32;
    for (int j = 1; j < kLimbs; ++j) {
      carry += (uint64_t)times * modulus[j] + t[j];
      t[j - 1] = (uint32_t)carry;
      carry >>= 32;
    }
    carry += t[kLimbs];
    t[kLimbs - 1] = (uint32_t)carry, t[kLimbs] = t[kLimbs + 1] + (uint32_t)(carry >> 32);
  }
  if (t[kLimbs] != 0 || at_least(t, modulus)) subtract(t, modulus);
  memcpy(out, t, sizeof modulus);
}

static void power(uint32_t* base, const uint32_t* exponent) {
  uint32_t powers[16][kLimbs], one[kLimbs] = {1};
  memset(powers[0], 0, sizeof powers[0]); /* 2^512 modulo the modulus, which stands for 1. */
  subtract(powers[0], modulus);
  memcpy(powers[1], base, sizeof powers[1]);
  for (int i = 0; i < 32 * kLimbs; ++i) twice(powers[1]);
  for (int i = 2; i < 16; ++i) product(powers[i], powers[i - 1], powers[1]);
  memcpy(base, powers[0], sizeof powers[0]);
  for (int i = 8 * kLimbs - 1; i >= 0; --i) {
    for (int k = 0; k < 4; ++k) product(base, base, base);
    const uint32_t digit = exponent[i / 8] >> i % 8 * 4 & 15;
    if (digit != 0) product(base, base, powers[digit]);
  }
  product(base, base, one);
}

static uint32_t work(uint32_t rounds) {
  uint32_t number[kLimbs], exponent[kLimbs], sum = 0;
  for (int i = 0; i < kLimbs; ++i)
    modulus[i] = bench_random(), number[i] = bench_random(), exponent[i] = bench_random();
  modulus[0] |= 1, modulus[kLimbs - 1] |= 0x80000000u, number[kLimbs - 1] &= 0x7fffffffu;
  inverse = 1;
  for (int i = 0; i < 5; ++i) inverse *= 2 + modulus[0] * inverse; /* Newton. */
  for (; rounds > 0; --rounds) {
    power(number, exponent);
    exponent[rounds % kLimbs] ^= number[0];
    sum = sum * 31 + number[kLimbs - 1];
  }
  return sum;
}

BENCH_MAIN(230)
