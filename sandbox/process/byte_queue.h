// Bytes that come at one end and are taken at the other.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace cosmoo::sandbox {

/// Taking a little of a lot, again and again, costs in all what there is.
class ByteQueue {
 public:
  ByteQueue() = default;
  explicit ByteQueue(std::string bytes) : bytes_(std::move(bytes)) {}

  std::size_t size() const { return bytes_.size() - begin_; }
  bool empty() const { return size() == 0; }
  /// What is there, until the next call of anything else.
  std::string_view view() const { return std::string_view(bytes_).substr(begin_); }

  /// The capacity grows by doubling; throws std::bad_alloc.
  void append(std::string_view bytes) { bytes_.append(bytes); }
  void reserve(std::size_t bytes) { bytes_.reserve(begin_ + bytes); }
  std::size_t capacity() const { return bytes_.capacity(); }

  /// Takes the first `most` bytes, or all that there are.
  std::string take(std::size_t most) {
    if (begin_ == 0 && most >= bytes_.size()) return std::exchange(bytes_, {});
    std::string taken = bytes_.substr(begin_, most);
    begin_ += taken.size();
    if (begin_ == bytes_.size()) {
      bytes_ = {};
      begin_ = 0;
    } else if (begin_ > bytes_.size() / 2) {
      bytes_.erase(0, std::exchange(begin_, 0));
    }
    return taken;
  }
  std::string take_all() { return take(size()); }

 private:
  std::string bytes_;
  std::size_t begin_ = 0;
};

}  // namespace cosmoo::sandbox
