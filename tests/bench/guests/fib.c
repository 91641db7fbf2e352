/* Calls and nothing else: Fibonacci numbers the slow way. */
#include "bench_guest.h"

static __attribute__((noinline)) uint32_t fib(uint32_t n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  for (; rounds > 0; --rounds) sum = sum * 31 + fib(27 + rounds % 2);
  return sum;
}

BENCH_MAIN(100)
