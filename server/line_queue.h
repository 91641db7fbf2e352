// The lines that a client has sent and that wait for their turn, packed one behind the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cosmoo {

class LineQueue {
 public:
  enum class Kind : std::uint8_t {
    text,
    too_long  ///< Stands where a line over the limit was; it has no text.
  };

  void push(std::string_view text, Kind kind = Kind::text) {
    bytes_.append(text);
    entries_.push_back({static_cast<std::uint32_t>(bytes_.size()), kind});
  }

  bool empty() const { return head_ == entries_.size(); }
  std::size_t size() const { return entries_.size() - head_; }
  /// What is held, in bytes, the bookkeeping included.
  std::size_t bytes() const { return bytes_.size() - start_ + size() * sizeof(Entry); }

  Kind front_kind() const { return entries_[head_].kind; }
  /// Good until the next push or pop.
  std::string_view front() const { return at(0); }
  std::string_view at(std::size_t index) const {
    const std::size_t begin = index == 0 ? start_ : entries_[head_ + index - 1].end;
    return std::string_view(bytes_).substr(begin, entries_[head_ + index].end - begin);
  }

  void pop() { pop(1); }
  void pop(std::size_t count) {
    head_ += count;
    start_ = entries_[head_ - 1].end;
    if (empty()) {
      clear();
    } else if (head_ > kCompactAfter) {
      compact();
    }
  }

  /// Forgets everything; lets go of memory that a burst has left.
  void clear() {
    bytes_.clear();
    entries_.clear();
    head_ = start_ = 0;
    if (bytes_.capacity() > kKeep) bytes_.shrink_to_fit();
    if (entries_.capacity() > kKeep / sizeof(Entry)) entries_.shrink_to_fit();
  }

 private:
  static constexpr std::size_t kCompactAfter = 4096;
  static constexpr std::size_t kKeep = 4096;
  struct Entry {
    std::uint32_t end;  // where its text ends in bytes_
    Kind kind;
  };

  void compact() {
    bytes_.erase(0, start_);
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    for (Entry& entry : entries_) entry.end -= static_cast<std::uint32_t>(start_);
    head_ = start_ = 0;
  }

  std::string bytes_;
  std::vector<Entry> entries_;
  std::size_t head_ = 0;   // the first entry that is left
  std::size_t start_ = 0;  // where its text begins
};

}  // namespace cosmoo
