// Names of properties and verbs as small numbers: compared and hashed at no cost.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace cosmoo {

/// A name, ASCII upper and lower case the same. Good as long as its SymbolTable.
enum class Symbol : std::uint32_t {};

/// The names that every object answers to without a property: the first symbols of every table, in
/// this order.
enum class BuiltinProperty : std::uint32_t {
  name,
  owner,
  location,
  contents,
  parents,
  children,
  programmer,
  wizard,
  r,
  w,
  f,
  count
};

class SymbolTable {
 public:
  SymbolTable();
  Symbol intern(std::string_view name);
  /// For a name that was merely called, such as one that a verb called `x*` answers to: none if it
  /// is new and too long, or if there were too many of these. Symbols are never given back.
  std::optional<Symbol> intern_called(std::string_view name);
  /// The symbol of a name that was interned before: what asks about names but makes none uses this,
  /// so that strangers' words do not fill the table.
  std::optional<Symbol> find(std::string_view name) const;
  /// The name in the spelling first seen.
  const std::string& name_of(Symbol symbol) const {
    return names_[static_cast<std::size_t>(symbol)];
  }
  static bool is_builtin(Symbol symbol) {
    return static_cast<std::uint32_t>(symbol) < static_cast<std::uint32_t>(BuiltinProperty::count);
  }

 private:
  std::deque<std::string> names_;  // stable addresses: the keys below point into folded_
  std::deque<std::string> folded_;
  std::size_t called_ = 0;
  boost::unordered_flat_map<std::string_view, Symbol> by_name_;
};

/// ASCII lower case of `text`; other bytes stay.
std::string fold(std::string_view text);
/// Equal but for ASCII case.
bool same_name(std::string_view a, std::string_view b);

}  // namespace cosmoo
