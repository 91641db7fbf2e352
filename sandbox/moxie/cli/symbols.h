// The names that an ELF file gives to its code, for people who read traces and listings.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace cosmoo::moxie::cli {

class Symbols {
 public:
  /// Adds the functions and labels of a file. What is malformed adds nothing.
  void add(std::span<const std::uint8_t> elf);

  /// "memcpy", "memcpy+0x1a"; empty where no name is known.
  std::string at(std::uint32_t address) const;

  /// The name that begins here, or empty.
  std::string starting_at(std::uint32_t address) const;

  /// The next address above this one that has a name; behind the last: the end of all addresses.
  std::uint64_t next_after(std::uint32_t address) const;

 private:
  struct Symbol {
    std::string name;
    std::uint32_t length = 0;  ///< 0: up to the next one.
  };
  std::map<std::uint32_t, Symbol> symbols_;
};

}  // namespace cosmoo::moxie::cli
