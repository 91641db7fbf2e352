/* A library whose constructor does what its file was compiled to do. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void at_start(void) {
#if defined CRASHES
  fputs("going down\n", stderr);
  raise(SIGSEGV);
#elif defined EXITS
  _exit(7);
#elif defined HANGS
  for (;;) pause();
#elif defined PRINTS
  printf("from the constructor\n");
#elif defined SPEAKS
  /* What a host says, from within. */
  for (int fd = 3; fd < 64; ++fd) write(fd, "all lies, all lies, all lies, all lies", 38);
#endif
}

int works(void) {
  puts("it works");
  return 0;
}
