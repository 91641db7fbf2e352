/* Counts the words of a text in a hash table: string functions, short loops, many branches. */
#include "bench_guest.h"

enum { kText = 60000, kSlots = 4096 };
static char text[kText + 1];
static struct {
  char name[16];
  uint32_t count;
} slots[kSlots];

static void make_text(void) {
  size_t at = 0;
  while (at + 12 < kText) {
    const uint32_t word = bench_random() % 1500;
    uint32_t letters = word * 2654435761u;
    for (uint32_t i = 2 + word % 7; i > 0; --i, letters = letters >> 3 | letters << 29)
      text[at++] = (char)('a' + letters % 26);
    text[at++] = bench_random() % 9 == 0 ? '\n' : ' ';
  }
  text[at] = '\0';
}

static void add(const char* word) {
  uint32_t hash = 2166136261u;
  for (const char* byte = word; *byte != '\0'; ++byte) hash = (hash ^ (uint8_t)*byte) * 16777619u;
  for (uint32_t slot = hash % kSlots;; slot = (slot + 1) % kSlots) {
    if (slots[slot].count == 0) strcpy(slots[slot].name, word);
    if (strcmp(slots[slot].name, word) != 0) continue;
    ++slots[slot].count;
    return;
  }
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  make_text();
  for (; rounds > 0; --rounds) {
    memset(slots, 0, sizeof slots);
    for (const char* at = text; *at != '\0';) {
      char word[16];
      size_t length = 0;
      while (*at > ' ' && length + 1 < sizeof word) word[length++] = *at++;
      word[length] = '\0';
      if (length != 0) add(word);
      while (*at != '\0' && *at <= ' ') ++at;
    }
    for (int i = 0; i < kSlots; ++i)
      sum = sum * 31 + slots[i].count * (uint32_t)(strlen(slots[i].name) + 1);
  }
  return sum;
}

BENCH_MAIN(400)
