// The names that an ELF file gives to its code: for people who read traces and listings, and for
// who calls one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cosmoo::moxie {

class Symbols {
 public:
  /// Adds the functions and labels of a file. What is malformed adds nothing.
  void add(std::span<const std::uint8_t> elf);

  /// "memcpy", "memcpy+0x1a"; empty where no name is known.
  std::string at(std::uint32_t address) const;

  /// The name that begins here, or empty.
  std::string starting_at(std::uint32_t address) const;

  /// Where a function of this name begins that other files may call.
  std::optional<std::uint32_t> function(std::string_view name) const;
  /// The names of all such functions, sorted.
  std::vector<std::string> functions() const;

  /// The next address above this one that has a name; behind the last: the end of all addresses.
  std::uint64_t next_after(std::uint32_t address) const;

 private:
  struct Symbol {
    std::string name;
    std::uint32_t length = 0;  ///< 0: up to the next one.
  };
  std::map<std::uint32_t, Symbol> symbols_;
  std::map<std::string, std::uint32_t, std::less<>> functions_;
};

}  // namespace cosmoo::moxie
