/* Products modulo a number of 64 bits, by Montgomery's method: hard on a processor of 32. */
#include "bench_guest.h"

static void product(uint64_t a, uint64_t b, uint64_t* high, uint64_t* low) {
  const uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
  const uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
  const uint64_t middle = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
  *low = middle << 32 | (uint32_t)ll;
  *high = hh + (lh >> 32) + (hl >> 32) + (middle >> 32);
}

static uint64_t reduced(uint64_t high, uint64_t low, uint64_t modulus, uint64_t inverse) {
  uint64_t qh, ql;
  product(low * inverse, modulus, &qh, &ql);
  return high >= qh ? high - qh : high - qh + modulus;
}

static uint32_t work(uint32_t rounds) {
  const uint64_t modulus = 0xfffffffffffffc1bu;
  uint64_t inverse = modulus; /* Newton: each turn doubles the right bits. */
  for (int i = 0; i < 6; ++i) inverse *= 2 - modulus * inverse;
  uint64_t x = 0x123456789abcdefu, power = x;
  for (; rounds > 0; --rounds)
    for (int i = 0; i < 1000; ++i) {
      uint64_t high, low;
      product(power, x, &high, &low);
      power = reduced(high, low, modulus, inverse);
      x = x << 7 ^ x >> 9 ^ (power & 0xff);
    }
  return (uint32_t)(power >> 32) ^ (uint32_t)power;
}

BENCH_MAIN(6000)
