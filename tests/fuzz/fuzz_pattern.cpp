// Fuzz target: MOO patterns. Run with tests/fuzz/corpus/pattern.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/pattern_rule.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const char* rule = cosmoo::test::broken_pattern_rule(text)) {
    std::fprintf(stderr, "broken: %s\n", rule);
    std::abort();
  }
  return 0;
}
