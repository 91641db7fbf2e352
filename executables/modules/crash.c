/* Functions that go wrong on request, to see what becomes of it: each ends its own call, and the
 * next one works.
 *
 *   ;frame.exec("dlib/crash.so/segfault")         => status "killed", signal "SIGSEGV"
 *   ;frame.exec("dlib/crash.so/hangs", {}, "", {}, {timeout = 1})      => "timed_out" */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cosmoo_module.h"

int segfault(void) {
  puts("about to crash");
  fflush(stdout);
  volatile int* volatile nowhere = (volatile int*)8;
  *nowhere = 1;
  return 0;
}

int aborts(void) { abort(); }

int divides(int argc) {
  volatile int zero = argc - argc;
  return argc / zero;
}

int hangs(void) {
  for (volatile unsigned i = 0;; ++i) continue;
}

int sleeps(void) {
  for (;;) pause();
}

/* exit(N), in the middle of what it does. */
int exits(int argc, char** argv) {
  puts("leaving");
  exit(argc > 1 ? atoi(argv[1]) : 3);
}

static int deeper(volatile char* above) {
  volatile char room[4096];
  room[0] = *above;
  if (room[0] == 0) return 0;  /* never */
  return deeper(room) + room[0];
}

int overflows(void) {
  volatile char bottom = 1;
  return deeper(&bottom);
}

int closes_output(void) {
  close(1);
  close(2);
  return 4;
}

/* Leaves a process behind that has a session of its own. */
int forks(void) {
  fflush(NULL);
  if (fork() == 0) {
    setsid();
    for (;;) pause();
  }
  puts("forked");
  return 0;
}

/* Returns twice. */
int returns_twice(void) {
  fflush(NULL);
  fork();
  return 5;
}

int floods(void) {
  for (;;) puts("This goes on and on, and nobody reads it.");
}

int eats_memory(void) {
  for (size_t i = 0; i < 1u << 20; ++i) {
    char* const block = malloc(1 << 20);
    if (!block) return 1;
    memset(block, 1, 1 << 20);
  }
  return 0;
}

/* How often it was called in this process: always once, unless the library is kept. */
int counts(void) {
  static int calls = 0;
  printf("%d\n", ++calls);
  return 0;
}

/* Not a function. */
int number = 42;
