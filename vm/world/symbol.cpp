// Names as numbers: the table, and ASCII case folding.
#include "vm/world/symbol.h"

#include <algorithm>
#include <array>

namespace cosmoo {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(BuiltinProperty::count)> kBuiltins{
    "name",       "owner",  "location", "contents", "parents", "children",
    "programmer", "wizard", "r",        "w",        "f"};

constexpr char fold_char(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Calls `use` with the folded name; a name of everyday length costs no allocation.
template <typename Use>
auto with_folded(std::string_view name, Use use) {
  std::array<char, 64> buffer;
  if (name.size() > buffer.size()) return use(std::string_view(fold(name)));
  std::transform(name.begin(), name.end(), buffer.begin(), fold_char);
  return use(std::string_view(buffer.data(), name.size()));
}

}  // namespace

SymbolTable::SymbolTable() {
  for (const std::string_view name : kBuiltins) intern(name);
}

Symbol SymbolTable::intern(std::string_view name) {
  return with_folded(name, [&](std::string_view folded) {
    if (const auto it = by_name_.find(folded); it != by_name_.end()) return it->second;
    const auto symbol = static_cast<Symbol>(names_.size());
    names_.emplace_back(name);
    by_name_.emplace(folded_.emplace_back(folded), symbol);
    return symbol;
  });
}

std::optional<Symbol> SymbolTable::intern_called(std::string_view name) {
  constexpr std::size_t kLongest = 255;
  constexpr std::size_t kMost = 100'000;
  if (const auto known = find(name)) return known;
  if (name.size() > kLongest || called_ == kMost) return std::nullopt;
  ++called_;
  return intern(name);
}

std::optional<Symbol> SymbolTable::find(std::string_view name) const {
  return with_folded(name, [&](std::string_view folded) -> std::optional<Symbol> {
    const auto it = by_name_.find(folded);
    if (it == by_name_.end()) return std::nullopt;
    return it->second;
  });
}

std::string fold(std::string_view text) {
  std::string folded(text);
  std::transform(folded.begin(), folded.end(), folded.begin(), fold_char);
  return folded;
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return fold_char(x) == fold_char(y);
         });
}

}  // namespace cosmoo
