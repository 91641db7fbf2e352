// Where ticks and time go, by verb: each piece of a task's slices is counted for the activation
// that is on top while it runs, so that a verb's figures do not hold those of the verbs it calls.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <optional>
#include <vector>

#include "vm/lua/runtime.h"

namespace cosmoo::lua {

class Profiler {
 public:
  struct Row {
    ObjectId definer;            ///< kNothing: code that eval() ran.
    std::optional<Symbol> verb;  ///< As it was called; none: all that found no row of their own.
    std::int64_t calls = 0;
    std::int64_t ticks = 0;
    std::chrono::nanoseconds time{0};
  };

  /// A slice begins; what it does from here on is not counted yet.
  void begin(std::int64_t ticks_left);
  /// Everything since the last call was done by `worker`.
  void count(const Activation& worker, std::int64_t ticks_left);
  void count_call(const Activation& callee) { ++row(callee).calls; }

  /// Those that took the most time first.
  std::vector<Row> rows() const;

 private:
  struct Key {
    ObjectId definer;
    Symbol verb{};
    bool operator==(const Key&) const = default;
    friend std::size_t hash_value(const Key& key) noexcept {
      return (static_cast<std::size_t>(key.definer.number) << 24) ^
             static_cast<std::size_t>(key.verb);
    }
  };
  // What does not fit is counted as one: a script can call verbs by any number of names.
  static constexpr std::size_t kMostRows = 10'000;

  Row& row(const Activation& activation);

  boost::unordered_flat_map<Key, Row> rows_;
  Row others_{};
  Clock::time_point since_ = Clock::now();
  std::int64_t ticks_left_ = 0;
};

void open_profiler(lua_State* L);

}  // namespace cosmoo::lua
