// Fuzz target: JSON that scripts read. Run with tests/fuzz/corpus/json.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/json_rule.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const char* rule = cosmoo::test::broken_json_rule(text)) {
    std::fprintf(stderr, "broken: %s\n", rule);
    std::abort();
  }
  return 0;
}
