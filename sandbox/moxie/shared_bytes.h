// Bytes that many guests have in their memory at once, kept once: each maps them, and gets a page
// of its own when it writes to one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <tl/expected.hpp>

#include "sandbox/moxie/fault.h"

namespace cosmoo::moxie {

class SharedBytes {
 public:
  /// A copy of `bytes`, zeros behind it up to the page's end. Fails when the system gives no
  /// memory.
  static tl::expected<std::unique_ptr<const SharedBytes>, LoadError> copy(
      std::span<const std::uint8_t> bytes);

  SharedBytes(const SharedBytes&) = delete;
  SharedBytes& operator=(const SharedBytes&) = delete;
  ~SharedBytes();

  /// As they were given; valid as long as this.
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }

  /// Puts `length` bytes from `offset`, both whole pages, at `place`, privately and writable.
  [[nodiscard]] bool map_at(void* place, std::size_t offset, std::size_t length) const;

 private:
  SharedBytes(int descriptor, const std::uint8_t* data, std::size_t size)
      : descriptor_(descriptor), data_(data), size_(size) {}

  int descriptor_;
  const std::uint8_t* data_;
  std::size_t size_;
};

}  // namespace cosmoo::moxie
