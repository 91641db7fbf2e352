// Which object a player's words mean.
#include <algorithm>
#include <charconv>
#include <span>

#include "vm/world/command.h"

namespace cosmoo {
namespace {

// Of what somebody holds, and of what is in a place: all of them are looked at for every command,
// on nobody's budget. Who came later is known by its number.
constexpr std::size_t kMostConsidered = 5000;

enum class Likeness { none, beginning, whole };

Likeness likeness(std::string_view name, std::string_view words) {
  if (name.size() < words.size() || !same_name(name.substr(0, words.size()), words)) {
    return Likeness::none;
  }
  return name.size() == words.size() ? Likeness::whole : Likeness::beginning;
}

// The one object met so far, or that there were several.
class Candidate {
 public:
  void meet(ObjectId id) {
    if (found_ == kNothing || found_ == id) {
      found_ = id;
    } else {
      found_ = kAmbiguous;
    }
  }
  ObjectId found() const { return found_; }

 private:
  ObjectId found_ = kNothing;
};

ObjectId match_number(const World& world, std::string_view digits) {
  ObjectId id;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), id.number);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && world.valid(id) ? id : kFailedMatch;
}

}  // namespace

ObjectId match_object(const World& world, ObjectId player, std::string_view name) {
  if (name.empty()) return kNothing;
  if (name.front() == '#') return match_number(world, name.substr(1));
  const Object* self = world.find(player);
  if (!self) return kFailedMatch;
  if (same_name(name, "me")) return player;
  if (same_name(name, "here")) return self->location;
  const Object* here = world.find(self->location);

  Candidate whole;
  Candidate beginning;
  const auto consider = [&](ObjectId id, std::string_view candidate) {
    switch (likeness(candidate, name)) {
      case Likeness::whole:
        whole.meet(id);
        break;
      case Likeness::beginning:
        beginning.meet(id);
        break;
      case Likeness::none:
        break;
    }
  };
  for (const Object* holder : {self, here}) {
    if (!holder) continue;
    const std::size_t count = std::min(holder->contents.size(), kMostConsidered);
    for (const ObjectId id : std::span(holder->contents).first(count)) {
      consider(id, world.find(id)->name);
      const List* aliases = world.aliases(id);
      if (!aliases) continue;
      for (const Value& alias : *aliases) {
        if (alias.is_string()) consider(id, alias.string());
      }
    }
  }
  if (whole.found() != kNothing) return whole.found();
  if (beginning.found() != kNothing) return beginning.found();
  return kFailedMatch;
}

}  // namespace cosmoo
