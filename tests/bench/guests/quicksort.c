/* Sorts 50,000 numbers: quicksort by the middle of three, insertion sort for short runs. */
#include "bench_guest.h"

enum { kCount = 50000 };
static uint32_t numbers[kCount];

static void sort(uint32_t* first, uint32_t* last) {
  while (last - first > 12) {
    uint32_t *middle = first + (last - first) / 2, swap;
    if (*middle < *first) swap = *middle, *middle = *first, *first = swap;
    if (*last < *middle) swap = *last, *last = *middle, *middle = swap;
    if (*middle < *first) swap = *middle, *middle = *first, *first = swap;
    const uint32_t pivot = *middle;
    uint32_t *i = first, *j = last;
    while (i <= j) {
      while (*i < pivot) ++i;
      while (*j > pivot) --j;
      if (i > j) break;
      swap = *i, *i++ = *j, *j-- = swap;
    }
    if (j - first < last - i) {
      sort(first, j);
      first = i;
    } else {
      sort(i, last);
      last = j;
    }
  }
  for (uint32_t* i = first + 1; i <= last; ++i) {
    const uint32_t x = *i;
    uint32_t* j = i;
    for (; j > first && j[-1] > x; --j) *j = j[-1];
    *j = x;
  }
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  for (; rounds > 0; --rounds) {
    for (int i = 0; i < kCount; ++i) numbers[i] = bench_random();
    sort(numbers, numbers + kCount - 1);
    for (int i = 1; i < kCount; ++i)
      if (numbers[i - 1] > numbers[i]) return 0;
    sum = sum * 31 + numbers[rounds % kCount];
  }
  return sum;
}

BENCH_MAIN(30)
