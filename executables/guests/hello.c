/* The least that a guest can do: leave a text. */
#include "sandboxrt.h"

int main(void) {
  static const char text[] = "Hello from a processor of its own.\n";
  setreturn((void*)text, sizeof text - 1);
  return 0;
}
