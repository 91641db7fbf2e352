/* fork_floor N: forks so often, one after the other, children that end at once, and prints how many
 * microseconds each took. What any call in a process of its own costs at least. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return 1e6 * (double)time.tv_sec + (double)time.tv_nsec / 1e3;
}

int main(int argc, char** argv) {
  const int times = argc > 1 ? atoi(argv[1]) : 100;
  const double began = now();
  for (int i = 0; i < times; ++i) {
    const pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) _exit(0);
    if (waitpid(child, NULL, 0) != child) return 1;
  }
  printf("%f\n", (now() - began) / times);
  return 0;
}
