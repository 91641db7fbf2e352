// Memory for the machine code made of one range of guest code, and the table that leads there.
//
// Rules: (1) code is written through a file that is mapped executable and never writable, so no
// page is ever both; (2) it is only added to: what was made stays where it is, and may be executed
// by other threads meanwhile; (3) code comes before the entries of the table that lead to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace cosmoo::moxie::translator {

class CodeCache {
 public:
  /// For code at `count` even addresses. Null: the system gives no such memory.
  static std::unique_ptr<CodeCache> make(std::uint32_t count);

  CodeCache(const CodeCache&) = delete;
  CodeCache& operator=(const CodeCache&) = delete;
  ~CodeCache();

  const std::uint8_t* code() const { return code_; }
  std::size_t used() const { return used_; }
  std::size_t room() const { return size_ - used_; }
  /// Whether this address of the host is in its code.
  bool has(std::uint64_t address) const {
    return address - reinterpret_cast<std::uint64_t>(code_) < size_;
  }

  /// Puts code behind what is there. False: no room, or no memory.
  [[nodiscard]] bool append(std::span<const std::uint8_t> bytes);

  /// For each even address where its code is in this process; 0 while there is none, or code()
  /// itself, if somebody has asked for that.
  const std::uint64_t* table() const { return table_; }
  /// Where the code is; null while there is none.
  const std::uint8_t* entry(std::uint32_t index) const {
    const std::uint64_t at = __atomic_load_n(&table_[index], __ATOMIC_ACQUIRE);
    return at == reinterpret_cast<std::uint64_t>(code_) ? nullptr
                                                        : reinterpret_cast<const std::uint8_t*>(at);
  }
  void set_entry(std::uint32_t index, std::uint32_t offset) {
    __atomic_store_n(&table_[index], reinterpret_cast<std::uint64_t>(code_ + offset),
                     __ATOMIC_RELEASE);
  }
  /// While there is no code, the table leads to the beginning of all code from now on.
  void lead_to_start(std::uint32_t index) {
    if (entry(index) == nullptr) set_entry(index, 0);
  }

  /// The most that a cache for so much code takes.
  static std::size_t most_bytes(std::uint32_t count);

 private:
  CodeCache() = default;

  int file_ = -1;
  std::uint8_t* code_ = nullptr;
  std::uint64_t* table_ = nullptr;
  std::size_t size_ = 0;  ///< Of the code; the table follows it.
  std::size_t mapped_ = 0;
  std::size_t used_ = 0;
};

}  // namespace cosmoo::moxie::translator
