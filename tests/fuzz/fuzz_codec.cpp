// Fuzz target: stored values. Run with tests/fuzz/corpus/codec.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/codec_rule.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const char* rule = cosmoo::test::broken_codec_rule(bytes)) {
    std::fprintf(stderr, "broken: %s\n", rule);
    std::abort();
  }
  return 0;
}
