// How values that JSON has no type for are written into its strings: "#4|obj".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vm/value.h"

namespace cosmoo {

struct EmbeddedSuffix {
  std::string_view text;
  Value::Type type;
};
inline constexpr EmbeddedSuffix kEmbeddedSuffixes[] = {
    {"|obj", Value::Type::object},   {"|err", Value::Type::error},
    {"|int", Value::Type::integer},  {"|float", Value::Type::float_},
    {"|bool", Value::Type::boolean}, {"|str", Value::Type::string}};

/// The suffix that the text ends in, or null.
inline const EmbeddedSuffix* embedded_type(std::string_view text) {
  for (const EmbeddedSuffix& suffix : kEmbeddedSuffixes) {
    if (text.ends_with(suffix.text)) return &suffix;
  }
  return nullptr;
}

/// The text with the suffix of `type`; without one for types that need none.
inline std::string with_type(std::string text, Value::Type type) {
  for (const EmbeddedSuffix& suffix : kEmbeddedSuffixes) {
    if (suffix.type == type) text += suffix.text;
  }
  return text;
}

}  // namespace cosmoo
