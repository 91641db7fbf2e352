// From what a programmer writes to what Lua compiles.
//
// Two literals of MOO are allowed in verb code and evals: `#4` (an object) and `$name` (the system
// object's property, or its verb in `$name(...)`). Neither is Lua otherwise, so nothing changes its
// meaning. They are replaced here; lines stay what they were.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/engine.h"

namespace cosmoo::lua {

/// The variables that every verb has, in the order of their bits; evals have the last two besides.
inline constexpr std::array<std::string_view, 13> kVerbVariables{
    "this",    "player", "caller",  "verb",    "args", "argstr", "dobj",
    "dobjstr", "iobj",   "iobjstr", "prepstr", "me",   "here"};
inline constexpr std::uint32_t kEvalVariables = 0x1FFF;
inline constexpr std::uint32_t kCommonVariables = 0x07FF;
inline constexpr std::uint32_t kArgs = 1u << 4;
static_assert(kVerbVariables[4] == "args");
/// The bit after theirs: `...`, a verb's arguments once more.
inline constexpr std::uint32_t kRest = 1u << kVerbVariables.size();

struct Translation {
  std::string text;
  std::uint32_t variables = 0;  ///< Which of kVerbVariables, and kRest, the text mentions.
  /// The highest N of `args[N]`, if the text mentions the arguments in no other form; else 0.
  std::size_t numbered_args = 0;

  /// The place in the source that a place in `text` came from.
  std::size_t source_offset(std::size_t offset) const;

  struct Edit {
    std::size_t text_end;    ///< After the replacement.
    std::size_t source_end;  ///< After what was replaced.
  };
  std::vector<Edit> edits;
  /// What is not allowed, if anything, and where: the name _ENV, or more than kMostJumps.
  struct Forbidden {
    std::size_t at;
    std::string_view why;
  };
  std::optional<Forbidden> forbidden;
};

/// How many `break` and `goto` a text may have. Lua resolves those of a block at its end, in a time
/// that is the square of their number.
inline constexpr std::size_t kMostJumps = 4000;

/// What becomes of `args[1]`: it stays as it is, or becomes the name `args_1`, of a parameter. For
/// a text with `numbered_args` that means the same, and no table need be made for each call.
enum class Args : std::uint8_t { table, parameters };

Translation translate(std::string_view source, Args args = Args::table);

/// Line and column, from 1, of a place in a text.
SyntaxError place_of(std::string_view source, std::size_t offset, std::string message);

}  // namespace cosmoo::lua
