// A player's command line taken apart as in every MOO: verb, direct object, preposition, indirect
// object; and the verb that it means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vm/world/world.h"

namespace cosmoo {

inline constexpr ObjectId kAmbiguous{-2};    ///< $ambiguous_match
inline constexpr ObjectId kFailedMatch{-3};  ///< $failed_match

struct Command {
  std::string verb;
  std::string argstr;             ///< Everything after the verb, as typed.
  std::vector<std::string> args;  ///< argstr in words; quotes and backslashes as in MOO.
  std::string dobjstr, prepstr, iobjstr;
  ObjectId dobj = kNothing;
  ObjectId iobj = kNothing;
  std::int8_t prep = kNoPreposition;
};

/// Words of a line: separated by spaces, "..." keeps them together, a backslash keeps a character.
std::vector<std::string> split_words(std::string_view line);

/// Takes a line apart. A first character `"`, `:` or `;` stands for the verbs say, emote and eval.
Command parse_command(const World& world, ObjectId player, std::string_view line);

/// The verb a command means, tried on the player, its location, the direct and the indirect object,
/// and the object on which it was found (`this`).
struct CommandTarget {
  ObjectId object;
  VerbRef verb;
};
std::optional<CommandTarget> find_command_target(const World& world, ObjectId player,
                                                 const Command& command);

/// "me", "here", "#12", or a name, alias or the beginning of one among what the player holds and
/// what is in the room; kNothing for "" and for "here" where that is nowhere, kFailedMatch,
/// kAmbiguous.
ObjectId match_object(const World& world, ObjectId player, std::string_view name);

/// The index of the preposition of which `words` is a spelling ("on", "on top of").
std::optional<std::int8_t> find_preposition(std::string_view words);
/// Whether a spelling begins with that word.
bool begins_preposition(std::string_view word);
/// All spellings of one, separated by `/`: "on top of/on/onto/upon".
std::string_view preposition_text(std::int8_t prep);

/// "this none any", "none in any": text to VerbArgs and back. A preposition may be any of its
/// spellings, several with `/` between them, or its number, as "4" or "#4". E_INVARG.
Result<VerbArgs> parse_verb_args(std::string_view dobj, std::string_view prep,
                                 std::string_view iobj);
std::string to_string(const VerbArgs& args);
/// The three words of it; the shortest spelling of the preposition: "in", "on".
struct VerbArgTexts {
  std::string_view dobj, prep, iobj;
};
VerbArgTexts texts_of(const VerbArgs& args);

/// "rxd" to bits and back; E_INVARG names the letter that does not belong.
Result<std::uint8_t> parse_property_permissions(std::string_view letters);
Result<std::uint8_t> parse_verb_permissions(std::string_view letters);
std::string property_permissions_text(std::uint8_t permissions);
std::string verb_permissions_text(std::uint8_t permissions);

}  // namespace cosmoo
