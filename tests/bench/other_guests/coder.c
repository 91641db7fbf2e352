/* An adaptive arithmetic coder: 8 KB, bit by bit, predicted from the byte before and the two
 * before; written, and read back. */
#include "bench_guest.h"

enum { kBytes = 8192, kSlots = 65536 };

static uint8_t plain[kBytes], coded[2 * kBytes], again[kBytes];

/* Chances, in 65536, that a bit is 1: by the byte before and the bits of this one, and by a hash of
 * two bytes and these bits. */
static uint16_t near[256 * 256], far[kSlots];

struct model {
  uint32_t before, begun; /* The two bytes before; 1 and the bits so far of this one. */
  uint16_t *by_one, *by_two;
};

struct interval {
  uint32_t low, high; /* Both belong to it. */
};

static void look(struct model* model) {
  model->by_one = &near[(model->before & 255) << 8 | model->begun];
  model->by_two = &far[(model->before * 40503u + model->begun * 277u) % kSlots];
}

static void begin(struct model* model) {
  for (size_t i = 0; i < sizeof near / sizeof *near; ++i) near[i] = 32768;
  for (size_t i = 0; i < sizeof far / sizeof *far; ++i) far[i] = 32768;
  model->before = 0, model->begun = 1;
  look(model);
}

/* The last number of the part of the interval that stands for 1. */
static uint32_t border(const struct model* model, const struct interval* now) {
  const uint32_t chance = (*model->by_one + *model->by_two * 3u) >> 2;
  const uint32_t width = now->high - now->low;
  return now->low + (width >> 16) * chance + ((width & 0xffff) * chance >> 16);
}

static uint16_t nearer(uint16_t chance, int bit, int rate) {
  return (uint16_t)(bit ? chance + ((65535 - chance) >> rate) : chance - (chance >> rate));
}

static void learn(struct model* model, int bit) {
  *model->by_one = nearer(*model->by_one, bit, 5);
  *model->by_two = nearer(*model->by_two, bit, 4);
  model->begun = model->begun << 1 | (uint32_t)bit;
  if (model->begun >= 256)
    model->before = (model->before << 8 | (model->begun & 255)) & 0xffff, model->begun = 1;
  look(model);
}

static size_t encode(void) {
  struct model model;
  struct interval now = {0, 0xffffffffu};
  uint8_t* out = coded;
  begin(&model);
  for (int i = 0; i < kBytes; ++i)
    for (int shift = 7; shift >= 0; --shift) {
      const int bit = plain[i] >> shift & 1;
      const uint32_t middle = border(&model, &now);
      if (bit)
        now.high = middle;
      else
        now.low = middle + 1;
      learn(&model, bit);
      while ((now.low ^ now.high) >> 24 == 0) {
        *out++ = (uint8_t)(now.high >> 24);
        now.low <<= 8, now.high = now.high << 8 | 255;
      }
    }
  for (int shift = 24; shift >= 0; shift -= 8) *out++ = (uint8_t)(now.low >> shift);
  return (size_t)(out - coded);
}

static void decode(void) {
  struct model model;
  struct interval now = {0, 0xffffffffu};
  const uint8_t* in = coded;
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | *in++;
  begin(&model);
  for (int i = 0; i < kBytes; ++i) {
    uint32_t byte = 0;
    for (int k = 0; k < 8; ++k) {
      const uint32_t middle = border(&model, &now);
      const int bit = value <= middle;
      if (bit)
        now.high = middle;
      else
        now.low = middle + 1;
      learn(&model, bit);
      byte = byte << 1 | (uint32_t)bit;
      while ((now.low ^ now.high) >> 24 == 0) {
        now.low <<= 8, now.high = now.high << 8 | 255;
        value = value << 8 | *in++;
      }
    }
    again[i] = (uint8_t)byte;
  }
}

/* Measurements as somebody would log them: names that return, numbers that wander. */
static void make_plain(void) {
  static const char kNames[] = "wind rain snow ";
  uint32_t level = 500;
  for (int at = 0; at < kBytes;) {
    const char* const name = kNames + bench_random() % 3 * 5;
    level += bench_random() % 21 - 10;
    for (int i = 0; i < 5 && at < kBytes; ++i) plain[at++] = (uint8_t)name[i];
    for (uint32_t unit = 100; unit > 0 && at < kBytes; unit /= 10)
      plain[at++] = (uint8_t)('0' + level / unit % 10);
    if (at < kBytes) plain[at++] = '\n';
  }
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  make_plain();
  for (; rounds > 0; --rounds) {
    plain[bench_random() % kBytes] = (uint8_t)rounds;
    const size_t length = encode();
    decode();
    if (memcmp(plain, again, kBytes) != 0) abort();
    sum = sum * 31 + (uint32_t)length;
    for (size_t i = 0; i < length; i += 8) sum = sum * 31 + coded[i];
  }
  return sum;
}

BENCH_MAIN(60)
