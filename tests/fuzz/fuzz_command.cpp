// Fuzz target: what players type. Run with tests/fuzz/corpus/command.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/command_rule.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const cosmoo::test::CommandRule rule;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const char* broken = rule.broken_by(line)) {
    std::fprintf(stderr, "broken: %s\n", broken);
    std::abort();
  }
  return 0;
}
