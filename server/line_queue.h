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

  /// Ahead of all others; takes as long as there are bytes that wait.
  void push_front(std::string_view text) {
    bytes_.insert(start_, text);
    for (std::size_t i = head_; i < entries_.size(); ++i) {
      entries_[i].end += static_cast<std::uint32_t>(text.size());
    }
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(head_),
                    {static_cast<std::uint32_t>(start_ + text.size()), Kind::text});
  }

  bool empty() const { return head_ == entries_.size(); }
  std::size_t size() const { return entries_.size() - head_; }
  /// What is held, in bytes, the bookkeeping included.
  std::size_t bytes() const { return bytes_.size() - start_ + size() * sizeof(Entry); }

  Kind kind(std::size_t index) const { return entries_[head_ + index].kind; }
  /// Good until the next change.
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

  /// Takes one out of their midst.
  void remove(std::size_t index) {
    if (index == 0) return pop();
    const std::size_t size = at(index).size();
    bytes_.erase(entries_[head_ + index - 1].end, size);
    const auto entry = entries_.begin() + static_cast<std::ptrdiff_t>(head_ + index);
    for (auto after = entries_.erase(entry); after != entries_.end(); ++after) {
      after->end -= static_cast<std::uint32_t>(size);
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
