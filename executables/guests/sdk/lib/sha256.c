/* SHA-256 as FIPS 180-4 has it. */
#include <string.h>

#include "sandboxrt_crypto.h"

static const uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t rotated(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void add_block(uint32_t state[8], const uint8_t* in) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i, in += 4)
    w[i] = (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
  for (int i = 16; i < 64; ++i) {
    const uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) + w[i - 7] +
           (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; ++i) {
    const uint32_t one = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) +
                         (g ^ (e & (f ^ g))) + kRound[i] + w[i];
    const uint32_t two =
        (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) | (c & (a | b)));
    h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void sha256_init(SHA256_CTX* ctx) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(ctx->state, start, sizeof start);
  ctx->length = 0;
}

void sha256_update(SHA256_CTX* ctx, const uint8_t data[], size_t length) {
  const size_t used = ctx->length % 64;
  ctx->length += length;
  if (used != 0) {
    const size_t part = length < 64 - used ? length : 64 - used;
    memcpy(ctx->pending + used, data, part);
    if (used + part < 64) return;
    add_block(ctx->state, ctx->pending);
    data += part, length -= part;
  }
  for (; length >= 64; data += 64, length -= 64) add_block(ctx->state, data);
  memcpy(ctx->pending, data, length);
}

void sha256_final(SHA256_CTX* ctx, uint8_t digest[]) {
  const uint64_t bits = ctx->length * 8;
  size_t used = ctx->length % 64;
  ctx->pending[used++] = 0x80;
  if (used > 56) {
    memset(ctx->pending + used, 0, 64 - used);
    add_block(ctx->state, ctx->pending);
    used = 0;
  }
  memset(ctx->pending + used, 0, 56 - used);
  for (int i = 0; i < 8; ++i) ctx->pending[56 + i] = (uint8_t)(bits >> (56 - 8 * i));
  add_block(ctx->state, ctx->pending);
  for (int i = 0; i < 32; ++i) digest[i] = (uint8_t)(ctx->state[i / 4] >> (24 - 8 * (i % 4)));
}
