/* SHA-256 (FIPS 180-4), byte by byte or all at once. */
#ifndef SANDBOXRT_CRYPTO_H
#define SANDBOXRT_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHA256_BLOCK_SIZE 32 /* Bytes of a digest. */

typedef struct {
  uint32_t state[8];
  uint64_t length;     /* Bytes so far. */
  uint8_t pending[64]; /* The first length % 64 of them wait for a whole block. */
} SHA256_CTX;

void sha256_init(SHA256_CTX* ctx);
void sha256_update(SHA256_CTX* ctx, const uint8_t data[], size_t length);
/* Writes 32 bytes. The context must be initialised anew before it is used again. */
void sha256_final(SHA256_CTX* ctx, uint8_t digest[]);

#ifdef __cplusplus
}
#endif
#endif
