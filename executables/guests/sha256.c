/* The SHA-256 of each data file, one a line, in hexadecimal digits. */
#include "sandboxrt.h"
#include "sandboxrt_crypto.h"

int main(void) {
  const struct moxie_memory_map_ent* data;
  for (unsigned file = 0; (data = sandbox_data(file)) != NULL; ++file) {
    SHA256_CTX context;
    uint8_t digest[SHA256_BLOCK_SIZE];
    sha256_init(&context);
    sha256_update(&context, data->addr, data->length);
    sha256_final(&context, digest);
    char line[2 * SHA256_BLOCK_SIZE + 1];
    for (unsigned i = 0; i < 2 * SHA256_BLOCK_SIZE; ++i)
      line[i] = "0123456789abcdef"[i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15];
    line[sizeof line - 1] = '\n';
    sandbox_write(line, sizeof line);
  }
  return 0;
}
