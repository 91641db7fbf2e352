// Regular expressions: MOO's own and PCRE2's.
#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <optional>

#include "builtins/bounds.h"
#include "builtins/common.h"
#include "builtins/families.h"
#include "builtins/moo_pattern.h"
#include "builtins/regex.h"

namespace cosmoo {
namespace {

constexpr int kGroups = 9;  // that match() tells of

// How many ranges of characters a pattern of PCRE2 may have that are more than ASCII's: a - whose
// right side is no plain character.
std::int64_t wide_ranges(std::string_view pattern) {
  if (pattern.find("UTF") == std::string_view::npos) return 0;
  std::int64_t count = 0;
  for (std::size_t at = pattern.find('-'); at != std::string_view::npos;
       at = pattern.find('-', at + 1)) {
    const auto right = static_cast<unsigned char>(at + 1 < pattern.size() ? pattern[at + 1] : 0);
    if (right <= ' ' || right == '\\' || right >= 0x7F) ++count;
  }
  return count;
}

// Compiling costs more than its bytes do; of a range without case, PCRE2 goes through every
// character, and there are a million.
bool afford_pattern(Call& call, std::string_view pattern) {
  constexpr std::size_t kBytesPerTick = 64;
  constexpr std::int64_t kTicksPerRange = 5000;
  return afford(call, 1 + static_cast<std::int64_t>(pattern.size() / kBytesPerTick) +
                          wide_ranges(pattern) * kTicksPerRange);
}

Error in_builtin(std::string_view builtin, const Error& error) {
  return Error(error.code, fmt::format("{}(): {}", builtin, error.message));
}

// A search that the task pays for, however it ends.
class ChargedSearch : public RegexSearch {
 public:
  ChargedSearch(Call& call, const Regex& regex, std::string_view subject)
      : RegexSearch(regex, subject, call.ticks_left()), call_(call) {}
  ~ChargedSearch() { call_.spend(spent()); }

 private:
  Call& call_;
};

// {first, last}, counted from 1; an empty one ends before it begins.
Value place(RegexSearch::Span span) {
  if (!span.set()) return Value(List{Value(0), Value(-1)});
  return Value(List{Value(static_cast<std::int64_t>(span.begin) + 1),
                    Value(static_cast<std::int64_t>(span.end))});
}

// --- MOO's

enum class Which { first, last };

Outcome match_moo(Call& call, std::string_view builtin, Which which) {
  const std::string& subject = call[0].string();
  if (!afford_pattern(call, call[1].string())) return Value();
  const auto pattern = translate_moo_pattern(call[1].string());
  if (!pattern) return in_builtin(builtin, pattern.error());
  RegexOptions options;
  options.syntax = RegexOptions::Syntax::moo;
  options.letter_case = is_on(call[2]) ? Case::matters : Case::ignored;
  const auto regex = Regex::compile(*pattern, options);
  if (!regex) return in_builtin(builtin, regex.error());

  ChargedSearch search(call, *regex, subject);
  const Result<bool> found = which == Which::first ? search.first(0) : search.last();
  if (!found) return in_builtin(builtin, found.error());
  if (!*found) return Value(List{});
  List groups;
  for (std::size_t i = 1; i <= kGroups; ++i) groups.push_back(place(search.group(i)));
  List result = place(search.group(0)).list();
  result.emplace_back(std::move(groups));
  result.push_back(call[0]);
  return Value(std::move(result));
}

Outcome match(Call& call) { return match_moo(call, "match", Which::first); }
Outcome rmatch(Call& call) { return match_moo(call, "rmatch", Which::last); }

// A {first, last} within `subject`, or {0, -1}.
std::optional<std::string_view> read_place(std::string_view subject, const Value& first,
                                           const Value& last) {
  if (first.type() != Value::Type::integer || last.type() != Value::Type::integer) return {};
  const std::int64_t from = first.integer();
  const std::int64_t to = last.integer();
  if (from == 0 && to == -1) return std::string_view();
  if (from < 1 || to < from - 1 || to > static_cast<std::int64_t>(subject.size())) return {};
  return subject.substr(static_cast<std::size_t>(from - 1),
                        static_cast<std::size_t>(to - from + 1));
}

// What %0 to %9 stand for, if `subs` is what match() returns.
std::optional<std::vector<std::string_view>> read_match(const List& subs) {
  if (subs.size() != 4 || !subs[2].is_list() || subs[2].list().size() != kGroups ||
      !subs[3].is_string()) {
    return {};
  }
  const std::string& subject = subs[3].string();
  std::vector<std::string_view> texts;
  const auto add = [&](const Value& first, const Value& last) {
    const auto text = read_place(subject, first, last);
    if (text) texts.push_back(*text);
    return text.has_value();
  };
  if (!add(subs[0], subs[1])) return {};
  for (const Value& group : subs[2].list()) {
    if (!group.is_list() || group.list().size() != 2) return {};
    if (!add(group.list()[0], group.list()[1])) return {};
  }
  return texts;
}

Outcome substitute(Call& call) {
  const auto texts = read_match(call[1].list());
  if (!texts) {
    return Error(ErrorCode::invarg,
                 "substitute(): the second argument is not what match() returns");
  }
  const std::string& wanted = call[0].string();
  std::string result;
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    if (wanted[at] != '%') {
      result += wanted[at];
      continue;
    }
    const char what = ++at < wanted.size() ? wanted[at] : '\0';
    if (what == '%') {
      result += '%';
    } else if (what >= '0' && what <= '9') {
      result += (*texts)[static_cast<std::size_t>(what - '0')];
      if (result.size() > kMostBytes) return too_many_bytes(call, "substitute");
    } else {
      return Error(
          ErrorCode::invarg,
          fmt::format("substitute(): at character {}, neither a digit nor % follows the %", at));
    }
  }
  if (!afford(call, ticks_for_bytes(result.size()))) return Value();
  return Value(std::move(result));
}

// --- PCRE2's

// What one match came to: the groups that took part, by name or else by number.
Map describe_match(const RegexSearch& search, std::string_view subject,
                   const std::vector<std::string>& keys) {
  Map result;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const RegexSearch::Span span = search.group(i);
    if (!span.set()) continue;
    Map group;
    group.emplace(Value("match"), Value(subject.substr(span.begin, span.end - span.begin)));
    group.emplace(Value("position"), place(span));
    result.emplace(Value(keys[i]), Value(std::move(group)));
  }
  return result;
}

std::vector<std::string> group_keys(const Regex& regex) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i <= regex.groups(); ++i) keys.push_back(std::to_string(i));
  for (Regex::Name& name : regex.names()) keys[name.group] = std::move(name.name);
  return keys;
}

// pcre_match(text, pattern [, case_matters [, all]])
Outcome pcre_match(Call& call) {
  constexpr std::string_view kName = "pcre_match";
  const std::string& subject = call[0].string();
  if (call[1].string().empty())
    return Error(ErrorCode::invarg, "pcre_match(): the pattern is empty");
  if (!afford_pattern(call, call[1].string())) return Value();
  RegexOptions options;
  options.letter_case = is_on(call[2]) ? Case::matters : Case::ignored;
  const auto regex = Regex::compile(call[1].string(), options);
  if (!regex) return in_builtin(kName, regex.error());
  const std::vector<std::string> keys = group_keys(*regex);
  const bool all = !call.has(3) || is_on(call[3]);

  ChargedSearch search(call, *regex, subject);
  Gathered matches(call, kName);
  std::size_t groups = 0;
  Result<bool> found = search.first(0);
  while (found && *found) {
    groups += keys.size();
    if (groups > kMostItems) return too_many_items(call, kName);
    Value match(describe_match(search, subject, keys));
    if (auto fits = matches.add(std::move(match)); !fits) return fits.error();
    if (!all) break;
    found = search.next();
  }
  if (!found) return in_builtin(kName, found.error());
  return Value(matches.take());
}

// "s/pattern/replacement/flags", taken apart.
struct Replacement {
  std::string pattern;
  std::string with;
  RegexOptions options;
  bool all = false;
};

tl::unexpected<Error> bad_command(std::string_view why) {
  return fail(ErrorCode::invarg, fmt::format("pcre_replace(): {}", why));
}

// The text up to the next separator, which a backslash before it makes part of the text.
Result<std::string> take_part(std::string_view& command, char separator) {
  std::string part;
  for (std::size_t at = 0; at < command.size(); ++at) {
    const char c = command[at];
    if (c == separator) {
      command.remove_prefix(at + 1);
      return part;
    }
    if (c == '\\' && at + 1 < command.size()) {
      ++at;
      if (command[at] != separator) part += '\\';
    }
    part += command[at];
  }
  return bad_command(fmt::format("\"s{0}pattern{0}text{0}\" is not complete", separator));
}

Result<void> read_flag(char flag, Replacement& replacement) {
  switch (flag) {
    case 'g':
      replacement.all = true;
      break;
    case 'i':
      replacement.options.letter_case = Case::ignored;
      break;
    case 'm':
      replacement.options.multiline = true;
      break;
    case 's':
      replacement.options.dot_all = true;
      break;
    case 'x':
      replacement.options.extended = true;
      break;
    case 'U':
      replacement.options.ungreedy = true;
      break;
    default:
      return bad_command(fmt::format("there is no option {}; there are g i m s x U",
                                     to_literal(Value(std::string(1, flag)))));
  }
  return {};
}

Result<Replacement> read_command(std::string_view command) {
  if (command.size() < 2 || command[0] != 's') {
    return bad_command("the command is \"s/pattern/text/options\"");
  }
  const char separator = command[1];
  const auto byte = static_cast<unsigned char>(separator);
  if (byte >= 0x80 || std::isalnum(byte) != 0 || std::isspace(byte) != 0 || separator == '\\' ||
      separator == '\0') {
    return bad_command("a letter, digit, space or backslash cannot separate pattern and text");
  }
  command.remove_prefix(2);
  Replacement replacement;
  auto pattern = take_part(command, separator);
  if (!pattern) return tl::unexpected(pattern.error());
  auto with = take_part(command, separator);
  if (!with) return tl::unexpected(with.error());
  replacement.pattern = std::move(*pattern);
  replacement.with = std::move(*with);
  if (replacement.pattern.empty()) return bad_command("the pattern is empty");
  for (const char flag : command) {
    if (auto known = read_flag(flag, replacement); !known) return tl::unexpected(known.error());
  }
  return replacement;
}

// What stands in place of a match: pieces of text and numbers of groups.
struct Piece {
  std::string text;
  std::optional<std::size_t> group;
};

class TemplateReader {
 public:
  TemplateReader(std::string_view text, const Regex& regex) : text_(text), regex_(regex) {}

  Result<std::vector<Piece>> read() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      Result<void> done;
      if (c == '$') {
        done = reference();
      } else if (c == '\\' && at_ < text_.size()) {
        done = escape(text_[at_++]);
      } else {
        literal(c);
      }
      if (!done) return tl::unexpected(done.error());
    }
    return std::move(pieces_);
  }

 private:
  void literal(char c) {
    if (pieces_.empty() || pieces_.back().group) pieces_.emplace_back();
    pieces_.back().text += c;
  }

  Result<void> group(std::size_t number) {
    if (number > regex_.groups()) {
      return bad_command(fmt::format("the pattern has {} groups, no {}", regex_.groups(), number));
    }
    pieces_.push_back({{}, number});
    return {};
  }

  Result<void> named(std::string_view name) {
    for (const Regex::Name& known : regex_.names()) {
      if (known.name == name) return group(known.group);
    }
    std::size_t number = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failed == std::errc() && end == name.data() + name.size()) return group(number);
    return bad_command(fmt::format("the pattern has no group {}", to_literal(Value(name))));
  }

  // Behind a $: 1, &, {name}. Any other $ is itself.
  Result<void> reference() {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == '&') {
      ++at_;
      return group(0);
    }
    if (c >= '0' && c <= '9') {
      std::size_t end = at_;
      while (end < text_.size() && end < at_ + 3 && std::isdigit(text_[end]) != 0) ++end;
      const std::string_view number = text_.substr(at_, end - at_);
      at_ = end;
      return named(number);
    }
    const std::size_t close = c == '{' ? text_.find('}', at_) : std::string_view::npos;
    if (close != std::string_view::npos) {
      const std::string_view name = text_.substr(at_ + 1, close - at_ - 1);
      at_ = close + 1;
      return named(name);
    }
    literal('$');
    return {};
  }

  Result<void> escape(char c) {
    if (c >= '0' && c <= '9') return group(static_cast<std::size_t>(c - '0'));
    literal(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
    return {};
  }

  const std::string_view text_;
  const Regex& regex_;
  std::size_t at_ = 0;
  std::vector<Piece> pieces_;
};

// pcre_replace(text, command)
Outcome pcre_replace(Call& call) {
  constexpr std::string_view kName = "pcre_replace";
  const std::string& subject = call[0].string();
  if (!afford_pattern(call, call[1].string())) return Value();
  const auto command = read_command(call[1].string());
  if (!command) return command.error();
  const auto regex = Regex::compile(command->pattern, command->options);
  if (!regex) return in_builtin(kName, regex.error());
  const auto pieces = TemplateReader(command->with, *regex).read();
  if (!pieces) return pieces.error();

  ChargedSearch search(call, *regex, subject);
  std::string result;
  std::size_t at = 0;
  Result<bool> found = search.first(0);
  while (found && *found) {
    const RegexSearch::Span whole = search.group(0);
    result.append(subject, at, whole.begin - at);
    for (const Piece& piece : *pieces) {
      const RegexSearch::Span span = piece.group ? search.group(*piece.group) : RegexSearch::Span();
      if (span.set()) result.append(subject, span.begin, span.end - span.begin);
      result += piece.text;
      if (result.size() > kMostBytes) return too_many_bytes(call, kName);
    }
    at = whole.end;
    if (!command->all) break;
    found = search.next();
  }
  if (!found) return in_builtin(kName, found.error());
  return Value(std::move(result.append(subject, at)));
}

}  // namespace

std::span<const Builtin> pattern_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"match",
       {{"text", kString}, {"pattern", kString}, {"case_matters", kFlag}},
       2,
       Access::everyone,
       match,
       "list",
       "The first place where a MOO pattern matches: {first, last, groups, text}, where groups "
       "are nine {first, last}, {0, -1} for those that took no part; the empty list if there is "
       "none. In a pattern . is any byte, [a-z] and [^a-z] are sets, * + ? repeat, ^ and $ are "
       "the ends, %( and %) make a group, %| parts alternatives, %1 is what group 1 matched, %w "
       "is a letter or digit and %W is none, %< and %> are the ends of a word, %b is either and "
       "%B neither; % before another character means that character. Case does not matter unless "
       "it is given as true. E_INVARG says where the pattern is wrong; E_QUOTA when it takes too "
       "long. See substitute()."},
      {"rmatch",
       {{"text", kString}, {"pattern", kString}, {"case_matters", kFlag}},
       2,
       Access::everyone,
       rmatch,
       "list",
       "As match(), but the match that begins last."},
      {"substitute",
       {{"template", kString}, {"match", kList}},
       2,
       Access::everyone,
       substitute,
       "string",
       "The template with %0 replaced by what match() found, %1 to %9 by its groups, and %% by %. "
       "E_INVARG if the second argument is no match, or something else follows a %."},
      {"pcre_match",
       {{"text", kString}, {"pattern", kString}, {"case_matters", kFlag}, {"all", kFlag}},
       2,
       Access::everyone,
       pcre_match,
       "list of maps",
       "Where a pattern of PCRE2 (Perl's syntax) matches: for each match a map with a key for each "
       "group that took part, its name or else its number as a string, \"0\" for the whole; each "
       "is {match = text, position = {first, last}}. Case does not matter unless it is given as "
       "true; all = false finds only the first match. The pattern matches bytes, or characters if "
       "it begins with (*UTF). E_INVARG says where the pattern is wrong, or that the text is not "
       "UTF-8; E_QUOTA when matching takes too long or the result is too large."},
      {"pcre_replace",
       {{"text", kString}, {"command", kString}},
       2,
       Access::everyone,
       pcre_replace,
       "string",
       "The text changed by \"s/pattern/replacement/options\", as in Perl; another character may "
       "stand for the /. In the replacement $1 or \\1 is a group, ${name} a named one, $& the "
       "match, \\n a new line. Options: g all matches, i without case, m lines have ends, s a dot "
       "matches them, x blanks mean nothing, U as little as possible. Errors as for pcre_match()."},
  };
  return kRows;
}

}  // namespace cosmoo
