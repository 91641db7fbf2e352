// Symbols of the names that scripts have just used, found by where Lua keeps the name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "vm/world/symbol.h"

namespace cosmoo::lua {

/// Lua keeps one copy of each short string, so that a name that a script uses again and again is
/// most often at the same place. The place is only a hint: what is there is compared, for Lua may
/// have put another string there.
class SymbolCache {
 public:
  explicit SymbolCache(const SymbolTable& symbols) : symbols_(symbols) {}

  /// As SymbolTable::find(). `name` is Lua's own copy.
  std::optional<Symbol> find(std::string_view name) {
    Entry& entry = entries_[reinterpret_cast<std::uintptr_t>(name.data()) / 16 % entries_.size()];
    if (!name.empty() && entry.name == name) return entry.symbol;
    const auto symbol = symbols_.find(name);
    if (symbol) entry = {symbols_.name_of(*symbol), *symbol};
    return symbol;
  }

 private:
  struct Entry {
    std::string_view name;  ///< As the table spells it: the table keeps it, and never gives it up.
    Symbol symbol{};
  };
  const SymbolTable& symbols_;
  std::array<Entry, 512> entries_{};
};

}  // namespace cosmoo::lua
