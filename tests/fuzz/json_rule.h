// What must hold for JSON whatever text is given; for the fuzz target and the unit test.
#pragma once

#include <string>
#include <string_view>

#include "builtins/json.h"

namespace cosmoo::test {

/// Null, or the rule that this text breaks.
inline const char* broken_json_rule(std::string_view text) {
  for (const JsonTypes types : {JsonTypes::common_subset, JsonTypes::embedded}) {
    JsonLimits limits;
    limits.items = 1000;
    const Result<Value> value = parse_json(text, types, limits);
    if (!value) {
      const ErrorCode code = value.error().code;
      if (code != ErrorCode::invarg && code != ErrorCode::quota)
        return "refused is E_INVARG or E_QUOTA";
      continue;
    }
    const Result<std::string> written = generate_json(*value, types, limits);
    if (!written) return "what was read can be written";
    const Result<Value> again = parse_json(*written, types, limits);
    if (!again) return "what was written can be read";
    if (*again != *value) return "it is what it was";
  }
  return nullptr;
}

}  // namespace cosmoo::test
