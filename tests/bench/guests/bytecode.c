/* An interpreter in an interpreter: a stack machine that finds primes with a sieve. */
#include "bench_guest.h"

enum op {
  op_push,
  op_load,
  op_store,
  op_get,
  op_put,
  op_add,
  op_sub,
  op_mul,
  op_less,
  op_jump,
  op_if_zero,
  op_end
};
enum { kSieve = 5000, n, i, j, count };

/* count = 0; for (i = 2; i < n; ++i) if (!sieve[i]) { ++count; for (j = i * 2; j < n; j += i)
 * sieve[j] = 1; } */
static const int32_t kProgram[] = {
    op_push,          0,      op_store, count,      op_push, 2,          op_store, i,
    /* 8 */ op_load,  i,      op_load,  n,          op_less, op_if_zero, 68,
    /* 15 */ op_load, i,      op_get,   op_if_zero, 22,      op_jump,    59,
    /* 22 */ op_load, count,  op_push,  1,          op_add,  op_store,   count,
    /* 29 */ op_load, i,      op_push,  2,          op_mul,  op_store,   j,
    /* 36 */ op_load, j,      op_load,  n,          op_less, op_if_zero, 59,
    /* 43 */ op_push, 1,      op_load,  j,          op_put,
    /* 48 */ op_load, j,      op_load,  i,          op_add,  op_store,   j,        op_jump, 36,
    op_end,           op_end,
    /* 59 */ op_load, i,      op_push,  1,          op_add,  op_store,   i,        op_jump, 8,
    /* 68 */ op_load, count,  op_end};

static uint8_t sieve[kSieve];

static int32_t run(const int32_t* code) {
  int32_t stack[16], variables[kSieve + 5], *top = stack;
  variables[n] = kSieve;
  for (const int32_t* pc = code;;) {
    switch ((enum op) * pc++) {
      case op_push:
        *top++ = *pc++;
        break;
      case op_load:
        *top++ = variables[*pc++];
        break;
      case op_store:
        variables[*pc++] = *--top;
        break;
      case op_get:
        top[-1] = sieve[top[-1]];
        break;
      case op_put:
        top -= 2, sieve[top[1]] = (uint8_t)top[0];
        break;
      case op_add:
        --top, top[-1] += top[0];
        break;
      case op_sub:
        --top, top[-1] -= top[0];
        break;
      case op_mul:
        --top, top[-1] *= top[0];
        break;
      case op_less:
        --top, top[-1] = top[-1] < top[0];
        break;
      case op_jump:
        pc = code + *pc;
        break;
      case op_if_zero:
        pc = *--top == 0 ? code + *pc : pc + 1;
        break;
      case op_end:
        return *--top;
    }
  }
}

static uint32_t work(uint32_t rounds) {
  uint32_t sum = 0;
  for (; rounds > 0; --rounds) {
    memset(sieve, 0, sizeof sieve);
    sum = sum * 31 + (uint32_t)run(kProgram);
  }
  return sum;
}

BENCH_MAIN(250)
