// Tables of what a script may name, such as fields: rows that have a `name`.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>

#include "vm/value.h"

namespace cosmoo {

/// "a, b and c"
template <typename Rows>
std::string names_in(const Rows& rows) {
  std::string names;
  for (const auto& row : rows) {
    names += names.empty() ? "" : &row == std::end(rows) - 1 ? " and " : ", ";
    names += row.name;
  }
  return names;
}

/// The row of that name, or null.
template <typename Rows>
const auto* find_row(const Rows& rows, const Value& name) {
  const auto* const row = std::find_if(std::begin(rows), std::end(rows), [&](const auto& known) {
    return name.is_string() && known.name == name.string();
  });
  return row == std::end(rows) ? nullptr : row;
}

}  // namespace cosmoo
