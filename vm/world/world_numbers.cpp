// Numbers that are used again, at a wizard's wish.
#include <algorithm>

#include "vm/world/world.h"

namespace cosmoo {
namespace {

void replace(std::vector<ObjectId>& ids, ObjectId from, ObjectId to) {
  std::replace(ids.begin(), ids.end(), from, to);
}

void replace_sorted(std::vector<ObjectId>& ids, ObjectId from, ObjectId to) {
  replace(ids, from, to);
  std::sort(ids.begin(), ids.end());
}

}  // namespace

Result<ObjectId> World::renumber(ObjectId id) {
  Object* object = mutable_find(id);
  if (!object) return fail(ErrorCode::invarg, to_string(id) + " is not a valid object");
  const IdSet owners = named_owners();
  ObjectId number{0};
  while (number != id && (valid(number) || owners.contains(number))) ++number.number;
  if (number == id) return id;
  move_to_number(*object, number);
  change_owner_everywhere(id, number);
  forget_verbs();
  return number;
}

void World::move_to_number(Object& object, ObjectId number) {
  const ObjectId id = object.id;
  for (const ObjectId parent : object.parents) replace_sorted(at(parent).children, id, number);
  for (const ObjectId child : object.children) {
    replace(at(child).parents, id, number);
    note_object(child);
  }
  for (const ObjectId thing : object.contents) {
    at(thing).location = number;
    note_object(thing);
  }
  if (object.location != kNothing) replace(at(object.location).contents, id, number);
  if (object.is(kPlayer)) replace_sorted(players_, id, number);
  object.id = number;
  objects_[static_cast<std::size_t>(number.number)] =
      std::move(objects_[static_cast<std::size_t>(id.number)]);
  dirty_verbs_.erase(id);
  anew_.erase(id);
  note_object(id);
  note_number(number);
  note_verbs(number);
  for (const auto& [name, property] : object.properties) note_property(number, name);
}

void World::change_owner_everywhere(ObjectId from, ObjectId to) {
  for (const auto& object : objects_) {
    if (!object) continue;
    if (object->owner == from) {
      change_owner(*object, to);
      note_object(object->id);
    }
    for (auto& [name, property] : object->properties) {
      if (property.owner != from) continue;
      property.owner = to;
      note_property(object->id, name);
    }
    for (Verb& verb : object->verbs) {
      if (verb.owner != from) continue;
      verb.owner = to;
      note_verbs(object->id);
    }
  }
}

World::IdSet World::named_owners() const {
  IdSet owners;
  for (const auto& object : objects_) {
    if (!object) continue;
    owners.insert(object->owner);
    for (const auto& [name, property] : object->properties) owners.insert(property.owner);
    for (const Verb& verb : object->verbs) owners.insert(verb.owner);
  }
  for (const PlannedCall* call : planned_.in_order()) owners.insert(call->programmer);
  return owners;
}

void World::reset_max_object() {
  while (!objects_.empty() && !objects_.back()) objects_.pop_back();
  std::int64_t last = static_cast<std::int64_t>(objects_.size()) - 1;
  for (const ObjectId owner : named_owners()) {
    if (owner.number <= max_object_) last = std::max(last, owner.number);
  }
  objects_.resize(static_cast<std::size_t>(last) + 1);
  max_object_ = last;
  if (max_object_ >= 0) note_object(max_object());  // with any row goes the number
}

std::vector<ObjectId> World::owned_by(ObjectId owner) const {
  std::vector<ObjectId> ids;
  for (const auto& object : objects_) {
    if (object && object->owner == owner) ids.push_back(object->id);
  }
  return ids;
}

}  // namespace cosmoo
