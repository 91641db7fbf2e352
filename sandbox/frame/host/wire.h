// Whole words over the pipes, and the strings in them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sandbox/frame/host/protocol.h"

namespace cosmoo::sandbox::frame_host {

inline constexpr int kFirstOwn = 20;  ///< Descriptors of the host's own begin there.

/// Orders as they come. Reads ahead, so that a small one is one read().
class Orders {
 public:
  explicit Orders(int fd) : fd_(fd) {}
  /// False: the server is gone.
  bool read(void* to, std::size_t size);
  /// Writes the next `size` bytes into a file.
  bool copy(std::uint64_t size, int file);
  /// The next `size` bytes where they are, if all of them have been read ahead; else null. They
  /// stay until more is read than that.
  char* ahead(std::size_t size) { return end_ - begin_ >= size ? ahead_ + begin_ : nullptr; }
  void skip(std::size_t size) { begin_ += size; }

 private:
  bool fill();

  int fd_;
  std::size_t begin_ = 0, end_ = 0;
  char ahead_[64 * 1024];
};

/// Sends `word` with a struct and what follows it. False: the server is gone.
bool answer(int fd, Word word, const void* bytes, std::size_t size);

/// Sends what can be read from `file` now as one word; nothing if that is nothing. False at its
/// end, or when there is no more at once.
bool relay(int fd, Word word, int file);

bool write_all(int fd, const void* bytes, std::size_t size);

}  // namespace cosmoo::sandbox::frame_host
