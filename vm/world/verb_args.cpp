// Argument specifications and permission letters as text. The table of prepositions is here: stored
// verbs name its rows by their index, so rows are only ever added at its end, and a longer spelling
// than three words means a change in command.cpp as well.
#include <algorithm>
#include <array>
#include <charconv>

#include "vm/world/command.h"

namespace cosmoo {
namespace {

constexpr std::array<std::string_view, 15> kPrepositions{
    "with/using",
    "at/to",
    "in front of",
    "in/inside/into",
    "on top of/on/onto/upon",
    "out of/from inside/from",
    "over",
    "through",
    "under/underneath/beneath",
    "behind",
    "beside",
    "for/about",
    "is",
    "as",
    "off/off of",
};

template <typename Use>
bool any_spelling(std::string_view row, Use use) {
  while (true) {
    const auto slash = row.find('/');
    if (use(row.substr(0, slash))) return true;
    if (slash == std::string_view::npos) return false;
    row.remove_prefix(slash + 1);
  }
}

struct Letter {
  char letter;
  Permission bit;
};
constexpr std::array kPropertyLetters{Letter{'r', kRead}, Letter{'w', kWrite}, Letter{'c', kChown}};
constexpr std::array kVerbLetters{Letter{'r', kRead}, Letter{'w', kWrite}, Letter{'x', kExecute},
                                  Letter{'d', kDebug}};

template <std::size_t n>
Result<std::uint8_t> parse_letters(const std::array<Letter, n>& known, std::string_view letters,
                                   std::string_view kind) {
  std::uint8_t bits = 0;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const std::string folded = fold(letters.substr(i, 1));
    bool found = false;
    for (const auto& [letter, bit] : known) {
      if (folded[0] != letter) continue;
      bits = static_cast<std::uint8_t>(bits | bit);
      found = true;
    }
    if (!found) {
      return fail(ErrorCode::invarg, to_literal(Value(letters.substr(i, 1))) +
                                         " is not a permission of a " + std::string(kind));
    }
  }
  return bits;
}

template <std::size_t n>
std::string letters_text(const std::array<Letter, n>& known, std::uint8_t bits) {
  std::string text;
  for (const auto& [letter, bit] : known) {
    if ((bits & bit) != 0) text += letter;
  }
  return text;
}

Result<ObjectSpec> parse_object_spec(std::string_view text) {
  if (same_name(text, "none")) return ObjectSpec::none;
  if (same_name(text, "any")) return ObjectSpec::any;
  if (same_name(text, "this")) return ObjectSpec::this_;
  return fail(ErrorCode::invarg, "an object of a command is \"this\", \"any\" or \"none\", not " +
                                     to_literal(Value(text)));
}

std::string_view text_of(ObjectSpec spec) {
  switch (spec) {
    case ObjectSpec::none:
      return "none";
    case ObjectSpec::any:
      return "any";
    case ObjectSpec::this_:
      return "this";
  }
  return {};
}

// A verb's preposition, as MOO takes it: a spelling, several with a `/` between them, of which the
// first counts, or the row's number, with or without `#`.
std::optional<std::int8_t> parse_preposition(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('#') ? 1 : 0);
  std::size_t row = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), row);
  if (error == std::errc() && end == digits.data() + digits.size()) {
    if (row >= kPrepositions.size()) return std::nullopt;
    return static_cast<std::int8_t>(row);
  }
  return find_preposition(text.substr(0, text.find('/')));
}

// The shortest spelling, the first of those: "in", "on", "from".
std::string_view short_text(std::int8_t prep) {
  std::string_view shortest = preposition_text(prep);
  any_spelling(shortest, [&](std::string_view spelling) {
    if (spelling.size() < shortest.size()) shortest = spelling;
    return false;
  });
  return shortest;
}

}  // namespace

std::optional<std::int8_t> find_preposition(std::string_view words) {
  for (std::size_t i = 0; i < kPrepositions.size(); ++i) {
    const auto is_it = [&](std::string_view spelling) { return same_name(spelling, words); };
    if (any_spelling(kPrepositions[i], is_it)) return static_cast<std::int8_t>(i);
  }
  return std::nullopt;
}

bool begins_preposition(std::string_view word) {
  return std::any_of(kPrepositions.begin(), kPrepositions.end(), [&](std::string_view row) {
    return any_spelling(row, [&](std::string_view spelling) {
      return same_name(spelling.substr(0, spelling.find(' ')), word);
    });
  });
}

std::string_view preposition_text(std::int8_t prep) {
  if (prep == kAnyPreposition) return "any";
  const auto index = static_cast<std::size_t>(prep);
  return prep >= 0 && index < kPrepositions.size() ? kPrepositions[index] : "none";
}

Result<VerbArgs> parse_verb_args(std::string_view dobj, std::string_view prep,
                                 std::string_view iobj) {
  VerbArgs args;
  const auto direct = parse_object_spec(dobj);
  if (!direct) return tl::unexpected(direct.error());
  args.dobj = *direct;
  if (same_name(prep, "any")) {
    args.prep = kAnyPreposition;
  } else if (const auto found = parse_preposition(prep)) {
    args.prep = *found;
  } else if (!same_name(prep, "none")) {
    return fail(ErrorCode::invarg,
                to_literal(Value(prep)) + " is not a preposition, nor \"any\" or \"none\"");
  }
  const auto indirect = parse_object_spec(iobj);
  if (!indirect) return tl::unexpected(indirect.error());
  args.iobj = *indirect;
  return args;
}

VerbArgTexts texts_of(const VerbArgs& args) {
  return {text_of(args.dobj), short_text(args.prep), text_of(args.iobj)};
}

std::string to_string(const VerbArgs& args) {
  const auto [dobj, prep, iobj] = texts_of(args);
  std::string text(dobj);
  text += ' ';
  text += prep;
  text += ' ';
  text += iobj;
  return text;
}

Result<std::uint8_t> parse_property_permissions(std::string_view letters) {
  return parse_letters(kPropertyLetters, letters, "property");
}
Result<std::uint8_t> parse_verb_permissions(std::string_view letters) {
  return parse_letters(kVerbLetters, letters, "verb");
}
std::string property_permissions_text(std::uint8_t permissions) {
  return letters_text(kPropertyLetters, permissions);
}
std::string verb_permissions_text(std::uint8_t permissions) {
  return letters_text(kVerbLetters, permissions);
}

}  // namespace cosmoo
