/* CRC-32 of 64 KiB, a byte at a time through a table. */
#include "bench_guest.h"

static uint8_t data[65536];
static uint32_t table[256];

static uint32_t work(uint32_t rounds) {
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  for (size_t i = 0; i < sizeof data; ++i) data[i] = (uint8_t)bench_random();
  uint32_t crc = 0xffffffff;
  for (; rounds > 0; --rounds)
    for (size_t i = 0; i < sizeof data; ++i) crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
  return ~crc;
}

BENCH_MAIN(800)
