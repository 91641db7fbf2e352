/* A guest's view of what it was given, and the output that grows. */
#include "sandboxrt.h"

struct moxie_memory_map_ent* moxie_memmap;

const struct moxie_memory_map_ent* sandbox_data(unsigned index) {
  for (const struct moxie_memory_map_ent* range = moxie_memmap; range->tags[0] != '\0'; ++range) {
    if (memcmp(range->tags, "ro,data", 7) == 0 && index-- == 0) return range;
  }
  return NULL;
}

static char* output;
static size_t output_length, output_room;

void sandbox_write(const void* data, size_t length) {
  if (length > output_room - output_length) {
    size_t room = output_room * 2;
    if (room < output_length + length) room = output_length + length;
    if (room < 256) room = 256;
    char* const larger = room < length ? NULL : realloc(output, room);
    if (larger == NULL) _exit(1);
    output = larger;
    output_room = room;
  }
  memcpy(output + output_length, data, length);
  output_length += length;
  setreturn(output, output_length);
}

void sandbox_puts(const char* text) { sandbox_write(text, strlen(text)); }

void sandbox_put_number(long number) {
  char digits[12], *at = digits + sizeof digits;
  unsigned long rest = number < 0 ? -(unsigned long)number : (unsigned long)number;
  do *--at = '0' + rest % 10;
  while ((rest /= 10) != 0);
  if (number < 0) *--at = '-';
  sandbox_write(at, digits + sizeof digits - at);
}
