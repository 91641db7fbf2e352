// Many objects put in place at once, or none of them: what importing a world comes down to.
#include <algorithm>

#include "vm/world/codec.h"
#include "vm/world/world.h"

namespace cosmoo {
namespace {

// Equality of values takes 1 for 1.0, and errors with other messages for the same: the store does
// not.
bool same_bytes(const Value& a, const Value& b) {
  std::string left, right;
  encode(a, left);
  encode(b, right);
  return left == right;
}

bool same_slot(const Property& a, const Property& b) {
  return a.owner == b.owner && a.permissions == b.permissions && a.defined_here == b.defined_here &&
         a.clear == b.clear && same_bytes(a.value, b.value);
}

bool same_verb(const Verb& a, const Verb& b) {
  return a.names == b.names && a.owner == b.owner && a.permissions == b.permissions &&
         a.args == b.args && a.code == b.code;
}

bool same_row(const Object& a, const Object& b) {
  return a.name == b.name && a.owner == b.owner && a.flags == b.flags && a.parents == b.parents &&
         a.location == b.location && a.arrived == b.arrived;
}

}  // namespace

std::vector<World::Problem> World::adopt(std::vector<Object> objects) {
  // In place first, then looked at, then taken back if anything is wrong: what is checked is what
  // will be, whatever would have to happen on the way there one change at a time.
  std::vector<ObjectId> ids;
  std::vector<std::unique_ptr<Object>> before;
  const std::size_t old_size = objects_.size();
  for (Object& object : objects) {
    const auto index = static_cast<std::size_t>(object.id.number);
    if (index >= objects_.size()) objects_.resize(index + 1);
    ids.push_back(object.id);
    before.push_back(std::exchange(objects_[index], std::make_unique<Object>(std::move(object))));
  }
  std::vector<Problem> problems = check_adopted(ids);
  if (!problems.empty()) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      objects_[static_cast<std::size_t>(ids[i].number)] = std::move(before[i]);
    }
    objects_.resize(old_size);
    return problems;
  }
  for (std::size_t i = 0; i < ids.size(); ++i) settle_adopted(at(ids[i]), before[i].get());
  relink();
  for (const ObjectId id : ids) drop_stray_slots(with_descendants(id));
  forget_verbs();
  return {};
}

std::vector<World::Problem> World::check_adopted(const std::vector<ObjectId>& ids) const {
  std::vector<Problem> problems;
  const auto problem = [&](ObjectId id, std::string text) {
    problems.push_back({id, std::move(text)});
  };
  for (const ObjectId id : ids) {
    const Object& object = at(id);
    bool stands = true;
    for (const ObjectId parent : object.parents) {
      if (valid(parent)) continue;
      problem(id, "the parent " + to_string(parent) + " does not exist");
      stands = false;
    }
    if (object.location != kNothing && !valid(object.location)) {
      problem(id, "the location " + to_string(object.location) + " does not exist");
      stands = false;
    }
    if (!stands) continue;
    if (descends_from_itself(id)) problem(id, to_string(id) + " would descend from itself");
    if (contains_itself(id)) problem(id, to_string(id) + " would be inside itself");
  }
  if (!problems.empty()) return problems;  // what follows walks along parents
  IdSet changed(ids.begin(), ids.end());
  for (const auto& object : objects_) {
    if (!object) continue;
    const std::vector<ObjectId> line = ancestry(object->id);
    if (std::none_of(line.begin(), line.end(), [&](ObjectId id) { return changed.contains(id); })) {
      continue;
    }
    Definitions found;
    if (auto collected = collect_definitions(line, found); !collected) {
      problem(object->id, to_string(object->id) + ": " + collected.error().message);
    }
  }
  return problems;
}

bool World::descends_from_itself(ObjectId id) const {
  std::vector<ObjectId> waiting = at(id).parents;
  IdSet seen;
  while (!waiting.empty()) {
    const ObjectId next = waiting.back();
    waiting.pop_back();
    if (next == id) return true;
    if (!valid(next) || !seen.insert(next).second) continue;
    waiting.insert(waiting.end(), at(next).parents.begin(), at(next).parents.end());
  }
  return false;
}

bool World::contains_itself(ObjectId id) const {
  IdSet seen;
  for (ObjectId outer = at(id).location; valid(outer); outer = at(outer).location) {
    if (outer == id) return true;
    if (!seen.insert(outer).second) return false;  // a circle further out has a name of its own
  }
  return false;
}

// Notes what differs from before, and gives the object its place, its verbs' versions and its
// number.
void World::settle_adopted(Object& object, const Object* before) {
  object.children.clear();
  object.contents.clear();
  max_object_ = std::max(max_object_, object.id.number);
  if (object.arrived == 0 && object.location != kNothing) object.arrived = ++moves_;
  moves_ = std::max(moves_, object.arrived);
  if (before) {
    give_up(*before);
  } else {
    ++size_;
    note_number(object.id);
  }
  start_holding(object);
  if (before && !same_row(*before, object)) note_object(object.id);

  bool new_verbs = !before || before->verbs.size() != object.verbs.size();
  for (std::size_t i = 0; i < object.verbs.size(); ++i) {
    Verb& verb = object.verbs[i];
    const Verb* old = before && i < before->verbs.size() ? &before->verbs[i] : nullptr;
    if (!old || !same_verb(*old, verb)) new_verbs = true;
    verb.version = old && old->code == verb.code ? old->version : ++last_version_;
  }
  if (new_verbs) note_verbs(object.id);

  for (const auto& [name, slot] : object.properties) {
    const auto old = before ? before->properties.find(name) : object.properties.end();
    const bool same = before && old != before->properties.end() && same_slot(old->second, slot);
    if (!same) note_property(object.id, name);
  }
  if (!before) return;
  for (const auto& [name, slot] : before->properties) {
    if (!object.properties.contains(name)) note_property(object.id, name);
  }
}

// Children, contents and players, made anew from what every object says of itself.
void World::relink() {
  players_.clear();
  for (const auto& object : objects_) {
    if (!object) continue;
    object->children.clear();
    object->contents.clear();
    if (object->is(kPlayer)) players_.push_back(object->id);
  }
  for (const auto& object : objects_) {  // in the order of numbers, which children keep
    if (!object) continue;
    for (const ObjectId parent : object->parents) at(parent).children.push_back(object->id);
    if (object->location != kNothing) at(object->location).contents.push_back(object->id);
  }
  for (const auto& object : objects_) {
    if (!object) continue;
    std::sort(object->contents.begin(), object->contents.end(), [this](ObjectId a, ObjectId b) {
      return std::pair(at(a).arrived, a) < std::pair(at(b).arrived, b);
    });
  }
}

// Slots of properties that nobody above defines any more.
void World::drop_stray_slots(const std::vector<ObjectId>& family) {
  for (const ObjectId id : family) {
    std::vector<Symbol> stray;
    for (const auto& [name, slot] : at(id).properties) {
      if (!slot.defined_here && !find_property(at(id), name).slot) stray.push_back(name);
    }
    for (const Symbol name : stray) {
      const auto slot = at(id).properties.find(name);
      hold(at(id), -(kSlotBytes + slot->second.bytes));
      at(id).properties.erase(slot);
      note_property(id, name);
    }
  }
}

}  // namespace cosmoo
