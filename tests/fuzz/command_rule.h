// What must hold for any line that a player may type; for the fuzz target and the unit test.
#pragma once

#include <string>
#include <string_view>

#include "vm/world/command.h"

namespace cosmoo::test {

/// A player in a room with things whose names begin alike, and verbs that take anything.
class CommandRule {
 public:
  CommandRule() {
    const ObjectId thing = *world_.create({}, kNothing);
    const Symbol aliases = world_.symbols().intern("aliases");
    (void)world_.add_property(thing, aliases, Property{Value(List{}), thing});
    room_ = *world_.create({thing}, thing);
    player_ = *world_.create({thing}, thing);
    (void)world_.move(player_, room_);
    for (const std::string_view name : {"box", "boxer", "yellow bird", "red bird"}) {
      const ObjectId id = *world_.create({thing}, thing);
      (void)world_.set_name(id, std::string(name));
      (void)world_.set_property(id, aliases, Value(List{Value("bird"), Value(1), Value("")}));
      (void)world_.move(id, id.number % 2 == 0 ? room_ : player_);
    }
    Verb verb;
    verb.names = "p*ut say *";
    verb.args = VerbArgs{ObjectSpec::any, kAnyPreposition, ObjectSpec::any};
    (void)world_.add_verb(room_, verb);
    verb.names = "l*ook";
    verb.args = VerbArgs{ObjectSpec::this_, 1, ObjectSpec::none};
    (void)world_.add_verb(thing, verb);
  }

  /// Null, or the rule that this line breaks.
  const char* broken_by(std::string_view line) const {
    const Command command = parse_command(world_, player_, line);
    if (command.argstr.size() > line.size() ||
        line.substr(line.size() - command.argstr.size()) != command.argstr) {
      return "argstr is the end of the line";
    }
    if (command.args != split_words(command.argstr)) return "args are the words of argstr";
    if ((command.prep == kNoPreposition) != command.prepstr.empty()) {
      return "a preposition has an index and a text, or neither";
    }
    if (command.prep != kNoPreposition && find_preposition(command.prepstr) != command.prep) {
      return "prepstr is a spelling of prep";
    }
    for (const ObjectId object : {command.dobj, command.iobj}) {
      if (object != kNothing && object != kFailedMatch && object != kAmbiguous &&
          !world_.valid(object)) {
        return "a match is a valid object or says why not";
      }
    }
    if (command.prep == kNoPreposition && !command.iobjstr.empty()) {
      return "no indirect object without a preposition";
    }
    const auto target = find_command_target(world_, player_, command);
    if (target && !world_.verb(target->verb)) return "a target is a verb that exists";
    if (!target && !command.verb.empty()) return "the room takes every command";
    return nullptr;
  }

 private:
  World world_;
  ObjectId room_;
  ObjectId player_;
};

}  // namespace cosmoo::test
