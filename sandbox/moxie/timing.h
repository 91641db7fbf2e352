// What a guest's run looks at the clock for. Nothing that a guest could notice depends on it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace cosmoo::moxie {

/// Says where time goes. A look at the clock costs as much as some hundred instructions: there is
/// one for each change, not for each slice.
class Stopwatch {
 public:
  ~Stopwatch() { count_for(nullptr); }
  /// From here on time counts for this; null: for nothing.
  void count_for(std::chrono::nanoseconds* what) {
    if (what == what_) return;
    const auto now = std::chrono::steady_clock::now();
    if (what_ != nullptr) *what_ += now - since_;
    since_ = now;
    what_ = what;
  }

 private:
  std::chrono::nanoseconds* what_ = nullptr;
  std::chrono::steady_clock::time_point since_;
};

/// How many instructions to execute before somebody looks up again: a fraction of a millisecond's,
/// whether each is done at once or waits for memory.
class Pace {
 public:
  std::uint64_t slice() const { return slice_; }
  /// So many have been executed.
  void ran(std::uint64_t instructions) {
    if (instructions < slice_ / 2) return;  // A slice that says nothing.
    const auto now = std::chrono::steady_clock::now();
    const auto took = now - since_;
    since_ = now;
    if (took > kLong) {
      slice_ = std::max(slice_ / 2, kLeast);
    } else if (took < kShort) {
      slice_ = std::min(slice_ * 2, kMost);
    }
  }

 private:
  static constexpr std::uint64_t kLeast = 5'000, kMost = 400'000;
  static constexpr std::chrono::microseconds kShort{80}, kLong{300};

  std::uint64_t slice_ = 50'000;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

}  // namespace cosmoo::moxie
