// What must hold for the codec whatever bytes it is given; for the fuzz target and the unit test.
#pragma once

#include <string>
#include <string_view>

#include "vm/world/codec.h"

namespace cosmoo::test {

/// Null, or the rule that these bytes break.
inline const char* broken_codec_rule(std::string_view bytes) {
  const Result<Value> value = decode(bytes);
  if (!value) {
    if (value.error().code != ErrorCode::file) return "refused bytes are E_FILE";
    if (value.error().message.rfind("byte ", 0) != 0) return "an error says where";
    return nullptr;
  }
  std::string again;
  encode(*value, again);
  if (again != bytes) return "what decodes encodes to the same bytes";
  return nullptr;
}

}  // namespace cosmoo::test
