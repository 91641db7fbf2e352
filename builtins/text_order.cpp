#include "builtins/text_order.h"

#include <cstring>

namespace cosmoo {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::strong_ordering compare_bytes(char a, char b) {
  return static_cast<unsigned char>(a) <=> static_cast<unsigned char>(b);
}

// Takes a number off the front; its digits without leading zeros.
std::string_view take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

}  // namespace

std::string folded(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = folded(c);
  return lower;
}

std::strong_ordering compare_texts(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (a[i] == b[i]) continue;
    if (const auto order = compare_bytes(folded(a[i]), folded(b[i])); order != 0) return order;
  }
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::strong_ordering compare_naturally(std::string_view a, std::string_view b) {
  std::string_view x = a;
  std::string_view y = b;
  while (!x.empty() && !y.empty()) {
    if (is_digit(x.front()) && is_digit(y.front())) {
      const std::string_view m = take_number(x);
      const std::string_view n = take_number(y);
      if (m.size() != n.size()) return m.size() <=> n.size();
      if (const int order = m.compare(n); order != 0) return order <=> 0;
      continue;
    }
    const auto order = compare_bytes(folded(x.front()), folded(y.front()));
    if (order != 0) return order;
    x.remove_prefix(1);
    y.remove_prefix(1);
  }
  if (x.empty() != y.empty())
    return x.empty() ? std::strong_ordering::less : std::strong_ordering::greater;
  return a.compare(b) <=> 0;
}

std::size_t find_bytes(std::string_view text, std::string_view what, std::size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (what.empty()) return from;
  const void* found = ::memmem(text.data() + from, text.size() - from, what.data(), what.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace cosmoo
