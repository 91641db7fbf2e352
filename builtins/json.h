// JSON (RFC 8259) and values.
//
//   JSON       value                          value      JSON
//   null       E_NONE                         nil        null
//   true       true                           float      with a . or e, so that it comes back as
//   one number     integer if it has no . or e    object     "#4" string     string (UTF-8) error
//   "E_PERM"; E_NONE is null array      list                           list       array; so {} is
//   [] object     map, keys are strings          map        object, keys become strings
//
// Why E_NONE: nil in a list would be a hole. With embedded types, what JSON cannot say is written
// into strings: "#4|obj", "E_PERM|err", in keys "1|int", "1.5|float", "true|bool"; and "x|obj|str"
// for a string that looks like one of these. It all comes back as it was.
#pragma once

#include <string>
#include <string_view>

#include "vm/value.h"

namespace cosmoo {

enum class JsonTypes { common_subset, embedded };

struct JsonLimits {
  std::size_t items = 100'000;
  std::size_t bytes = 64u << 20;  ///< Of generated text.
  std::size_t depth = 90;
};

/// E_INVARG says what is wrong with the text, and where; E_QUOTA what there is too much of.
Result<Value> parse_json(std::string_view text, JsonTypes types, const JsonLimits& limits);

/// E_INVARG for what JSON cannot hold: strings that are not UTF-8, infinities and NaN, two keys of
/// a map that become one, keys that are lists or maps. E_QUOTA when it gets too long.
Result<std::string> generate_json(const Value& value, JsonTypes types, const JsonLimits& limits);

}  // namespace cosmoo
