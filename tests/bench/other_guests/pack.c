/* Packs a text of 32 KB by what came before in it (LZ77: hash chains, a byte of patience before a
 * match is taken), and unpacks it again. */
#include "bench_guest.h"

enum { kText = 32768, kWindow = 8192, kHashBits = 12, kLeast = 4, kMost = 131, kTries = 16 };

static uint8_t text[kText], unpacked[kText], packed[kText + kText / 64];
static int32_t heads[1 << kHashBits], links[kWindow]; /* Places of the same hash; -1: none. */

struct match {
  int32_t length, distance; /* A distance of 0: none. */
};

static void make_text(void) {
  for (int32_t at = 0; at < kText;) {
    const uint32_t most = 1 + bench_random() % 400, word = bench_random() % most;
    uint32_t letters = (word + 1) * 0x9e3779b1u;
    for (uint32_t i = 2 + word % 6; i > 0 && at < kText; --i, letters = letters * 5 + word)
      text[at++] = (uint8_t)('a' + (letters >> 24) % 26);
    if (at < kText) text[at++] = bench_random() % 12 == 0 ? '\n' : ' ';
  }
}

static uint32_t hash_of(const uint8_t* at) {
  const uint32_t four =
      at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
  return four * 2654435761u >> (32 - kHashBits);
}

static void remember(int32_t at) {
  if (at + kLeast > kText) return;
  int32_t* const head = &heads[hash_of(text + at)];
  links[at % kWindow] = *head;
  *head = at;
}

static struct match longest(int32_t at) {
  struct match best = {kLeast - 1, 0};
  if (at + kLeast > kText) return best;
  const int32_t most = kText - at < kMost ? kText - at : kMost;
  const int32_t oldest = at < kWindow ? 0 : at - kWindow;
  int32_t there = heads[hash_of(text + at)];
  for (int tries = kTries; tries > 0 && there >= oldest; --tries) {
    if (text[there + best.length] == text[at + best.length]) {
      int32_t length = 0;
      while (length < most && text[there + length] == text[at + length]) ++length;
      if (length > best.length) best.length = length, best.distance = at - there;
      if (length == most) break;
    }
    there = links[there % kWindow];
  }
  return best;
}

/* Below 128 a byte says how many more than one follow as they are; from 128 on how many more than
 * kLeast to repeat, and two bytes say from where. */
static size_t pack(void) {
  uint8_t *out = packed, *run = NULL;
  memset(heads, -1, sizeof heads);
  for (int32_t at = 0; at < kText;) {
    struct match found = longest(at);
    remember(at);
    if (found.distance != 0 && longest(at + 1).length > found.length) found.distance = 0;
    if (found.distance == 0) {
      if (run == NULL || *run == 127)
        run = out++, *run = 0;
      else
        ++*run;
      *out++ = text[at++];
      continue;
    }
    *out++ = (uint8_t)(128 + found.length - kLeast);
    *out++ = (uint8_t)(found.distance >> 8), *out++ = (uint8_t)found.distance;
    for (int32_t i = 1; i < found.length; ++i) remember(at + i);
    at += found.length;
    run = NULL;
  }
  return (size_t)(out - packed);
}

static size_t unpack(const uint8_t* in, size_t length) {
  const uint8_t* const end = in + length;
  uint8_t* out = unpacked;
  while (in < end) {
    const int control = *in++;
    if (control < 128) {
      memcpy(out, in, (size_t)control + 1);
      out += control + 1, in += control + 1;
    } else {
      const uint8_t* from = out - (in[0] << 8 | in[1]);
      in += 2;
      for (int i = control - 128 + kLeast; i > 0; --i) *out++ = *from++;
    }
  }
  return (size_t)(out - unpacked);
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  make_text();
  for (; rounds > 0; --rounds) {
    text[bench_random() % kText] = (uint8_t)('A' + rounds % 26);
    const size_t length = pack();
    if (unpack(packed, length) != kText || memcmp(text, unpacked, kText) != 0) abort();
    sum = sum * 31 + (uint32_t)length;
    for (size_t i = 0; i < length; i += 16) sum = sum * 31 + packed[i];
  }
  return sum;
}

BENCH_MAIN(140)
