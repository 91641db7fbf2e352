// Lua's patterns, matched under a budget.
//
// Lua's own matcher runs inside C, where no hook reaches it: a pattern of a few stars can keep it
// busy for hours. This one takes the same patterns apart once and spends ticks while it searches.
#pragma once

#include <array>
#include <bitset>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/error.h"

namespace cosmoo::lua {

struct Capture {
  static constexpr std::size_t kPosition = static_cast<std::size_t>(-1);
  std::size_t start = 0;
  std::size_t length = 0;  ///< kPosition: `()`, whose value is start + 1.
};

class Pattern {
 public:
  /// E_INVARG says what is malformed, and where.
  static Result<Pattern> compile(std::string_view text);

  bool anchored() const { return anchored_; }
  int captures() const { return captures_; }
  std::size_t bytes() const;  ///< What it holds, in bytes.

  friend class Matcher;

 private:
  using Set = std::bitset<256>;
  enum class Kind : std::uint8_t { set, open, position, close, backref, balanced, frontier, end };
  enum class Repeat : std::uint8_t { once, optional, any, some, fewest };
  struct Node {
    Kind kind = Kind::set;
    Repeat repeat = Repeat::once;
    unsigned char a = 0;  ///< balanced: opening; backref, open, close: the capture
    unsigned char b = 0;  ///< balanced: closing
    Set set;
  };
  class Parser;

  std::vector<Node> nodes_;
  int captures_ = 0;
  bool anchored_ = false;
};

/// One search. `spend` is called about once in a thousand steps and may throw.
class Matcher {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  Matcher(const Pattern& pattern, std::string_view subject, std::function<void()> spend)
      : pattern_(pattern), subject_(subject), spend_(std::move(spend)) {}

  /// The end of the match that begins at `at`, or kNone.
  std::size_t match_at(std::size_t at);
  /// The first match from `from` on: its start, with `end` set; or kNone.
  std::size_t search(std::size_t from, std::size_t& end);

  /// Of the last match. At least one: the whole match if the pattern captures nothing.
  std::vector<Capture> captures(std::size_t start, std::size_t end) const;

 private:
  using Node = Pattern::Node;
  std::size_t run(std::size_t node, std::size_t at);
  std::size_t run_repeat(std::size_t node, std::size_t at);
  std::size_t run_balanced(const Node& node, std::size_t at);
  bool has(const Node& node, std::size_t at) const {
    return at < subject_.size() && node.set[static_cast<unsigned char>(subject_[at])];
  }
  bool frontier(const Node& node, std::size_t at) const;
  void step() {
    if (++steps_ < 1024) return;
    steps_ = 0;
    spend_();
  }

  const Pattern& pattern_;
  std::string_view subject_;
  std::function<void()> spend_;
  std::uint64_t steps_ = 0;
  std::array<Capture, 32> captured_;
};

}  // namespace cosmoo::lua
