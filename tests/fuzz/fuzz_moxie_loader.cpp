// Fuzz target: files that claim to be programs for Moxie. Run with tests/fuzz/corpus/moxie_loader.
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "sandbox/moxie/machine.h"

using namespace cosmoo::moxie;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto program = Program::load({data, size});
  if (!program) {
    if (program.error().message.empty()) std::abort();
    return 0;
  }
  Setup setup;
  setup.programs = {*program};
  setup.memory_bytes = 1 << 24;
  const auto machine = Machine::create(setup);
  if (!machine) return 0;
  (*machine)->run(2000);
  if ((*machine)->state().instructions > 2000) {
    std::fprintf(stderr, "broken: more instructions than allowed\n");
    std::abort();
  }
  (void)(*machine)->output(1 << 16);
  return 0;
}
