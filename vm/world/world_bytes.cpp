// What objects occupy, counted for their owners: rule 8 of world.h.
#include "vm/world/world.h"

namespace cosmoo {

void World::hold(Object& object, std::int64_t more) {
  if (more == 0) return;
  object.bytes += more;
  holdings_[object.owner].bytes += more;
}

void World::give_up(const Object& object) {
  const auto it = holdings_.find(object.owner);
  it->second.bytes -= object.bytes;
  if (--it->second.objects == 0 && it->second.names == 0) holdings_.erase(it);
}

void World::start_holding(Object& object) {
  object.bytes = kObjectBytes + std::ssize(object.name) + kParentBytes * std::ssize(object.parents);
  for (auto& [name, property] : object.properties) {
    property.bytes = property.clear ? 0 : static_cast<std::int64_t>(property.value.bytes());
    object.bytes += kSlotBytes + property.bytes;
  }
  for (const Verb& verb : object.verbs) {
    object.bytes += kVerbBytes + std::ssize(verb.names) + std::ssize(verb.code);
  }
  Holdings& holdings = holdings_[object.owner];
  ++holdings.objects;
  holdings.bytes += object.bytes;
}

void World::change_owner(Object& object, ObjectId owner) {
  give_up(object);
  object.owner = owner;
  Holdings& holdings = holdings_[owner];
  ++holdings.objects;
  holdings.bytes += object.bytes;
}

Holdings World::holdings(ObjectId owner) const {
  const auto it = holdings_.find(owner);
  return it == holdings_.end() ? Holdings{} : it->second;
}

void World::count_name(ObjectId who, std::string_view name) {
  holdings_[who].names += kNameBytes + static_cast<std::int64_t>(name.size());
}

}  // namespace cosmoo
