// What must hold for a MOO pattern, whatever it is: for the fuzz target and the unit test.
#pragma once

#include <string>
#include <string_view>

#include "builtins/moo_pattern.h"
#include "builtins/regex.h"

namespace cosmoo::test {

/// Null, or the rule that is broken by a pattern, a newline and a subject. Without a newline, the
/// pattern is its own subject.
inline const char* broken_pattern_rule(std::string_view input) {
  constexpr std::int64_t kTicks = 1000;
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view pattern = input.substr(0, end);
  const std::string_view subject = end < input.size() ? input.substr(end + 1) : pattern;
  const Result<std::string> translated = translate_moo_pattern(pattern);
  if (!translated) {
    return translated.error().code == ErrorCode::invarg ? nullptr : "a bad pattern is E_INVARG";
  }
  RegexOptions options;
  options.syntax = RegexOptions::Syntax::moo;
  options.letter_case = Case::ignored;
  const Result<Regex> regex = Regex::compile(*translated, options);
  if (!regex) return pattern.size() < 200 ? "what translates compiles" : nullptr;
  RegexSearch first(*regex, subject, kTicks);
  const Result<bool> found = first.first(0);
  if (!found)
    return found.error().code == ErrorCode::quota ? nullptr : "searching may only take long";
  RegexSearch last(*regex, subject, kTicks);
  const Result<bool> found_last = last.last();
  if (!found_last) return nullptr;
  if (*found != *found_last) return "a first match is there if a last one is";
  if (!*found) return nullptr;
  if (last.group(0).begin < first.group(0).begin) return "the last match is not before the first";
  for (std::size_t i = 0; i < 10; ++i) {
    const RegexSearch::Span span = first.group(i);
    if (span.set() && (span.begin > span.end || span.end > subject.size())) {
      return "a group is within the subject";
    }
  }
  return nullptr;
}

}  // namespace cosmoo::test
