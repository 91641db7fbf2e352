/* How a guest ends: exit(), abort(), a failed assert(). */
#include <stddef.h>

#include "sandboxrt.h"

#pragma weak atexit
#pragma weak exit
#pragma weak abort
#pragma weak __assert_func

enum { kHandlers = 32, kAborted = 128 + 6 };
static void (*handlers[kHandlers])(void);
static int handler_count;

int atexit(void (*handler)(void)) {
  if (handler_count == kHandlers) return -1;
  handlers[handler_count++] = handler;
  return 0;
}

/* Writes what standard output still holds; there only where a program uses it. */
extern int fflush(void* stream) __attribute__((weak));

void exit(int status) {
  while (handler_count > 0) handlers[--handler_count]();
  if (fflush != NULL) fflush(NULL);
  _exit(status);
}

void abort(void) { _exit(kAborted); }

void __assert_func(const char* file, int line, const char* function, const char* expression) {
  (void)function;
  sandbox_puts(file);
  sandbox_puts(":");
  sandbox_put_number(line);
  sandbox_puts(": assertion failed: ");
  sandbox_puts(expression);
  sandbox_puts("\n");
  abort();
}
