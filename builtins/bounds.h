// What keeps a builtin's work and its result within what the task may use. Arguments are bounded
// and charged before a builtin runs, its result after it; what could grow between the two is here.
#pragma once

#include <string_view>

#include "vm/builtin.h"

namespace cosmoo {

/// What one builtin makes at most: values in a list or map, and bytes.
inline constexpr std::size_t kMostItems = 100'000;
inline constexpr std::size_t kMostBytes = 64u << 20;

/// Charges for work before it is done. False: the task cannot pay, so it is not to be begun; what
/// the builtin returns then is not seen, because the task ends.
inline bool afford(Call& call, std::int64_t ticks) {
  call.spend(ticks);
  return call.ticks_left() >= 0;
}

/// The ticks for going through that many bytes once, at a nanosecond each.
constexpr std::int64_t ticks_for_bytes(std::size_t bytes) {
  constexpr std::size_t kBytesPerTick = 1024;
  return static_cast<std::int64_t>(bytes / kBytesPerTick);
}

// A result that is too large was made in vain, but made: it is charged.
inline Error too_many_items(Call& call, std::string_view builtin) {
  constexpr std::size_t kItemsPerTick = 64;
  call.spend(kMostItems / kItemsPerTick);
  return Error(ErrorCode::quota, std::string(builtin) + "(): the result has more than " +
                                     std::to_string(kMostItems) + " parts");
}

inline Error too_many_bytes(Call& call, std::string_view builtin) {
  call.spend(ticks_for_bytes(kMostBytes));
  return Error(ErrorCode::quota, std::string(builtin) + "(): the result is larger than " +
                                     std::to_string(kMostBytes >> 20) + " MiB");
}

/// A list that is gathered from values which it may hold many times: values are shared here, but
/// a script gets copies.
class Gathered {
 public:
  Gathered(Call& call, std::string_view builtin) : call_(call), builtin_(builtin) {}

  /// E_QUOTA when the list gets too large.
  Result<void> add(Value value) {
    if (list_.size() == kMostItems) return tl::unexpected(too_many_items(call_, builtin_));
    bytes_ += value.bytes();
    if (bytes_ > kMostBytes) return tl::unexpected(too_many_bytes(call_, builtin_));
    list_.push_back(std::move(value));
    return {};
  }
  List take() { return std::move(list_); }

 private:
  Call& call_;
  const std::string_view builtin_;
  List list_;
  std::size_t bytes_ = 0;
};

}  // namespace cosmoo
