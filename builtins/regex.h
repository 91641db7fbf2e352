// Regular expressions by PCRE2, searched on a task's budget.
//
// Rules
//  1. No pattern can run long. PCRE2's own match limit begins anew at each place it tries, and a
//     single step may look at the whole subject; so the pattern is compiled with a callout at each
//     of its items, which looks at the processor time used.
//  2. Its memory is bounded by PCRE2's heap limit, its compiled size by PCRE2 itself.
//  3. pcre2.h is included in regex.cpp alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "builtins/text_order.h"
#include "vm/error.h"

namespace cosmoo {

struct RegexOptions {
  enum class Syntax {
    moo,   ///< A translated MOO pattern: . matches every byte, $ the end alone.
    perl,  ///< PCRE2's own; (*UTF) at its beginning makes it match characters.
  };
  Syntax syntax = Syntax::perl;
  Case letter_case = Case::matters;
  bool multiline = false;
  bool dot_all = false;
  bool extended = false;
  bool ungreedy = false;
};

class Regex {
 public:
  /// E_INVARG says what is malformed, and where; E_QUOTA that the pattern is too long.
  static Result<Regex> compile(std::string_view pattern, const RegexOptions& options);

  std::size_t groups() const;  ///< Without the whole match.
  struct Name {
    std::string name;
    std::size_t group;
  };
  std::vector<Name> names() const;

 private:
  friend class RegexSearch;
  struct Free {
    void operator()(void* code) const;
  };
  explicit Regex(void* code) : code_(code) {}
  std::unique_ptr<void, Free> code_;
};

/// Searches in one subject, which must outlive it.
class RegexSearch {
 public:
  /// They may use `ticks` together.
  RegexSearch(const Regex& regex, std::string_view subject, std::int64_t ticks);
  ~RegexSearch();

  struct Span {
    static constexpr std::size_t kUnset = static_cast<std::size_t>(-1);
    std::size_t begin = kUnset;
    std::size_t end = kUnset;
    bool set() const { return begin != kUnset; }
  };

  /// The first match that begins at `from` or later. E_QUOTA: it took too long, or too much memory;
  /// E_INVARG: the subject is not what the pattern wants (UTF-8).
  Result<bool> first(std::size_t from);
  /// The match that begins latest.
  Result<bool> last();
  /// The match behind the last one that was found; an empty one there does not count.
  Result<bool> next();

  Span group(std::size_t number) const;  ///< Of the last match; 0: all of it.
  /// What was used up to now; more than it was given if that was not enough.
  std::int64_t spent() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cosmoo
