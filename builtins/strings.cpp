// Strings: finding, replacing, taking apart and joining. Strings are bytes and places count from 1;
// case is ASCII's, and does not matter unless a caller says so, as in MOO.
#include <array>

#include "builtins/bounds.h"
#include "builtins/common.h"
#include "builtins/families.h"
#include "builtins/text_order.h"

namespace cosmoo {
namespace {

// A subject and what is looked for in it, both folded unless case matters.
class Search {
 public:
  Search(const Call& call, std::size_t flag)
      : exact_(is_on(call[flag])),
        text_(exact_ ? std::string() : folded(call[0].string())),
        what_(exact_ ? std::string() : folded(call[1].string())),
        original_text_(call[0].string()),
        original_what_(call[1].string()) {}

  std::string_view text() const { return exact_ ? original_text_ : std::string_view(text_); }
  std::string_view what() const { return exact_ ? original_what_ : std::string_view(what_); }
  std::size_t find(std::size_t from) const { return find_bytes(text(), what(), from); }

 private:
  const bool exact_;
  const std::string text_;
  const std::string what_;
  const std::string_view original_text_;
  const std::string_view original_what_;
};

// What finding may cost: memmem compares a short text at many places.
bool afford_search(Call& call, std::string_view what) {
  constexpr std::size_t kLongestCompared = 256;
  const std::size_t compared = std::min(what.size(), kLongestCompared);
  return afford(call, ticks_for_bytes(call[0].string().size() * (1 + compared / 32)));
}

std::int64_t place_of(std::size_t found) {
  return found == std::string_view::npos ? 0 : static_cast<std::int64_t>(found) + 1;
}

// index(text, what [, case_matters [, skip]])
Outcome index(Call& call) {
  const std::int64_t skip = call.has(3) ? call[3].integer() : 0;
  if (skip < 0) return Error(ErrorCode::invarg, "index(): it cannot skip less than nothing");
  if (!afford_search(call, call[1].string())) return Value();
  const Search search(call, 2);
  const auto from = static_cast<std::size_t>(skip);
  const std::size_t found = search.find(from);
  return Value(found == std::string_view::npos ? std::int64_t{0} : place_of(found - from));
}

// rindex(text, what [, case_matters [, skip]])
Outcome rindex(Call& call) {
  const std::int64_t skip = call.has(3) ? call[3].integer() : 0;
  if (skip > 0) {
    return Error(ErrorCode::invarg, "rindex(): what is skipped at the end is a negative number");
  }
  if (!afford_search(call, call[1].string())) return Value();
  const Search search(call, 2);
  const std::size_t size = search.text().size();
  if (skip < -static_cast<std::int64_t>(size)) return Value(0);
  // The last place from the front is the first one from the end.
  const std::string_view text = search.text().substr(0, size + static_cast<std::size_t>(skip));
  const std::string backwards(text.rbegin(), text.rend());
  const std::string what(search.what().rbegin(), search.what().rend());
  const std::size_t found = find_bytes(backwards, what, 0);
  if (found == std::string_view::npos) return Value(0);
  return Value(static_cast<std::int64_t>(text.size() - found - what.size()) + 1);
}

// strsub(text, what, with [, case_matters])
Outcome strsub(Call& call) {
  if (call[1].string().empty()) {
    return Error(ErrorCode::invarg, "strsub(): what is to be replaced is empty");
  }
  if (!afford_search(call, call[1].string())) return Value();
  const Search search(call, 3);
  const std::string& text = call[0].string();
  const std::string& with = call[2].string();
  std::string result;
  std::size_t at = 0;
  for (std::size_t found = search.find(0); found != std::string_view::npos;
       found = search.find(at)) {
    result.append(text, at, found - at).append(with);
    at = found + search.what().size();
    if (result.size() > kMostBytes) return too_many_bytes(call, "strsub");
  }
  return Value(std::move(result.append(text, at)));
}

Outcome strcmp(Call& call) {
  const int order = call[0].string().compare(call[1].string());
  return Value(order < 0 ? -1 : order > 0 ? 1 : 0);
}

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// strtr(text, from, to [, case_matters])
Outcome strtr(Call& call) {
  constexpr int kDropped = -1;
  std::array<int, 256> becomes;
  for (int c = 0; c < 256; ++c) becomes[static_cast<std::size_t>(c)] = c;
  const std::string& from = call[1].string();
  const std::string& to = call[2].string();
  const auto map = [&](char c, std::size_t i, char (*cased)(char)) {
    becomes[static_cast<unsigned char>(c)] =
        i < to.size() ? static_cast<unsigned char>(cased != nullptr ? cased(to[i]) : to[i])
                      : kDropped;
  };
  for (std::size_t i = 0; i < from.size(); ++i) {
    const bool letter = folded(from[i]) != upper(from[i]);
    if (letter && !is_on(call[3])) {
      map(upper(from[i]), i, upper);
      map(folded(from[i]), i, folded);
    } else {
      map(from[i], i, nullptr);
    }
  }
  std::string result;
  result.reserve(call[0].string().size());
  for (const char c : call[0].string()) {
    const int becoming = becomes[static_cast<unsigned char>(c)];
    if (becoming != kDropped) result += static_cast<char>(becoming);
  }
  return Value(std::move(result));
}

// explode(text [, separator [, keep_empty]])
Outcome explode(Call& call) {
  const std::string separator = call.has(1) ? call[1].string() : " ";
  if (separator.empty()) return Error(ErrorCode::invarg, "explode(): the separator is empty");
  if (!afford_search(call, separator)) return Value();
  const bool keep_empty = is_on(call[2]);
  const std::string& text = call[0].string();
  List parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(find_bytes(text, separator, at), text.size());
    if (end > at || keep_empty) parts.emplace_back(text.substr(at, end - at));
    if (parts.size() > kMostItems) return too_many_items(call, "explode");
    at = end + separator.size();
  }
  return Value(std::move(parts));
}

Outcome words(Call& call) {
  if (call[0].string().size() > kMostItems) {
    return Error(ErrorCode::quota, "words(): the line is too long");
  }
  List parts;
  for (std::string& word : split_words(call[0].string())) parts.emplace_back(std::move(word));
  return Value(std::move(parts));
}

// implode(list [, separator])
Outcome implode(Call& call) {
  const std::string separator = call.has(1) ? call[1].string() : " ";
  std::string text;
  bool first = true;
  for (const Value& item : call[0].list()) {
    if (!std::exchange(first, false)) text += separator;
    text += to_text(item);
    if (text.size() > kMostBytes) return too_many_bytes(call, "implode");
  }
  return Value(std::move(text));
}

}  // namespace

std::span<const Builtin> string_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"index",
       {{"text", kString}, {"what", kString}, {"case_matters", kFlag}, {"skip", kInteger}},
       2,
       Access::everyone,
       index,
       "integer",
       "Where a text is first found in another, 0 if nowhere (which Lua takes for true: compare "
       "it). Case does not matter unless it is given as true. `skip` leaves out that many bytes at "
       "the beginning, and the result counts from behind them. E_INVARG if it is negative."},
      {"rindex",
       {{"text", kString}, {"what", kString}, {"case_matters", kFlag}, {"skip", kInteger}},
       2,
       Access::everyone,
       rindex,
       "integer",
       "As index(), but where it is found last. `skip`, a negative number, leaves out that many "
       "bytes at the end; E_INVARG if it is positive."},
      {"strsub",
       {{"text", kString}, {"what", kString}, {"with", kString}, {"case_matters", kFlag}},
       3,
       Access::everyone,
       strsub,
       "string",
       "The text with every `what` in it replaced. Case does not matter unless it is given as "
       "true. E_INVARG if `what` is empty; E_QUOTA when the result is too large."},
      {"strcmp",
       {{"a", kString}, {"b", kString}},
       2,
       Access::everyone,
       strcmp,
       "integer",
       "-1, 0 or 1: whether the first string comes before the second, is it, or comes behind it, "
       "by their bytes; case matters."},
      {"strtr",
       {{"text", kString}, {"from", kString}, {"to", kString}, {"case_matters", kFlag}},
       3,
       Access::everyone,
       strtr,
       "string",
       "The text with each byte of `from` replaced by the one at its place in `to`, or left out if "
       "`to` is shorter. Unless case matters, a letter of either case is replaced, by one of the "
       "same case."},
      {"explode",
       {{"text", kString}, {"separator", kString}, {"keep_empty", kFlag}},
       1,
       Access::everyone,
       explode,
       "list of strings",
       "What stands between the separators (a space if none is given), without empty parts unless "
       "these are asked for. E_INVARG if the separator is empty; E_QUOTA for too many parts."},
      {"words",
       {{"text", kString}},
       1,
       Access::everyone,
       words,
       "list of strings",
       "A line in words, as a command's args are: \"...\" keeps spaces, a backslash a character."},
      {"implode",
       {{"list", kList}, {"separator", kString}},
       1,
       Access::everyone,
       implode,
       "string",
       "The items, each as tostr() shows it, with the separator (a space if none is given) between "
       "them. E_QUOTA when the result is too large."},
  };
  return kRows;
}

}  // namespace cosmoo
