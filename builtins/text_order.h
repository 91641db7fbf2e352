// How texts compare where MOO does not mind case. Case is ASCII's: strings are bytes.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace cosmoo {

enum class Case { matters, ignored };

/// The byte in lower case if it is an ASCII letter.
constexpr char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string folded(std::string_view text);

/// Without regard to case; texts that differ only in it are ordered by their bytes.
std::strong_ordering compare_texts(std::string_view a, std::string_view b);

/// As people count: a run of digits is a number, so that "file9" comes before "file10".
std::strong_ordering compare_naturally(std::string_view a, std::string_view b);

/// The first place of `what` in `text` from `from` on, or npos. Linear in their sizes, whatever
/// they are.
std::size_t find_bytes(std::string_view text, std::string_view what, std::size_t from);

}  // namespace cosmoo
