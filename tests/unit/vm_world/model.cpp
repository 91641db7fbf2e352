#include "model.h"

#include <algorithm>

namespace cosmoo::test {
namespace {

bool has(const std::vector<ObjectId>& ids, ObjectId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

Model::Thing* Model::find(ObjectId id) {
  const auto it = things.find(id);
  return it == things.end() ? nullptr : &it->second;
}

void Model::walk(ObjectId id, std::vector<ObjectId>& line) const {
  if (!things.contains(id) || has(line, id)) return;
  line.push_back(id);
  for (const ObjectId parent : things.at(id).parents) walk(parent, line);
}

std::vector<ObjectId> Model::ancestry(ObjectId id) const {
  std::vector<ObjectId> line;
  walk(id, line);
  return line;
}

bool Model::is_a(ObjectId id, ObjectId ancestor) const { return has(ancestry(id), ancestor); }

std::vector<ObjectId> Model::children(ObjectId id) const {
  std::vector<ObjectId> out;
  for (const auto& [child, thing] : things) {
    if (has(thing.parents, id)) out.push_back(child);
  }
  return out;
}

std::vector<ObjectId> Model::contents(ObjectId id) const {
  std::map<int, ObjectId> by_arrival;
  for (const auto& [inner, thing] : things) {
    if (thing.location == id) by_arrival.emplace(thing.arrived, inner);
  }
  std::vector<ObjectId> out;
  for (const auto& [arrived, inner] : by_arrival) out.push_back(inner);
  return out;
}

std::optional<VerbRef> Model::find_verb(ObjectId id, const std::string& called) const {
  for (const ObjectId ancestor : ancestry(id)) {
    const auto& verbs = things.at(ancestor).verbs;
    for (std::size_t i = 0; i < verbs.size(); ++i) {
      if ((verbs[i].permissions & kExecute) != 0 && verb_name_matches(verbs[i].names, called)) {
        return VerbRef{ancestor, i};
      }
    }
  }
  return std::nullopt;
}

std::optional<Model::View> Model::view(ObjectId id, const std::string& name) const {
  std::optional<View> found;
  std::optional<Value> value;
  for (const ObjectId ancestor : ancestry(id)) {
    const auto it = things.at(ancestor).slots.find(name);
    if (it == things.at(ancestor).slots.end()) continue;
    if (!found) {
      found = View{it->second, Value()};
      if (ancestor != id) {
        found->slot.clear = true;
        if ((found->slot.permissions & kChown) != 0) found->slot.owner = things.at(id).owner;
      }
    }
    if (!value && !it->second.clear) value = it->second.value;
  }
  if (found) found->value = *value;
  return found;
}

bool Model::good_parents(const std::vector<ObjectId>& parents) const {
  for (std::size_t i = 0; i < parents.size(); ++i) {
    if (!things.contains(parents[i])) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (parents[i] == parents[j]) return false;
    }
  }
  return true;
}

bool Model::clashes() const {
  for (const auto& [id, thing] : things) {
    std::map<std::string, int> definitions;
    for (const ObjectId ancestor : ancestry(id)) {
      for (const auto& [name, slot] : things.at(ancestor).slots) {
        if (slot.definer == ancestor && ++definitions[name] > 1) return true;
      }
    }
  }
  return false;
}

void Model::drop_lost_slots() {
  for (auto& [id, thing] : things) {
    const std::vector<ObjectId> line = ancestry(id);
    std::erase_if(thing.slots, [&](const auto& entry) {
      const ObjectId definer = entry.second.definer;
      return !has(line, definer) || !things.at(definer).slots.contains(entry.first);
    });
  }
}

ErrorCode Model::create(const std::vector<ObjectId>& parents, ObjectId owner) {
  if (!good_parents(parents)) return ErrorCode::invarg;
  const ObjectId id{last + 1};
  Thing thing;
  thing.owner = owner == kNothing ? id : owner;
  thing.parents = parents;
  things.emplace(id, thing);
  if (clashes()) {
    things.erase(id);
    return ErrorCode::invarg;
  }
  ++last;
  return ErrorCode::none;
}

ErrorCode Model::recycle(ObjectId id) {
  if (!find(id)) return ErrorCode::invarg;
  const std::vector<ObjectId> heirs = things.at(id).parents;
  for (const ObjectId child : children(id)) {
    std::vector<ObjectId> parents;
    for (const ObjectId parent : things.at(child).parents) {
      for (const ObjectId one : parent == id ? heirs : std::vector<ObjectId>{parent}) {
        if (!has(parents, one)) parents.push_back(one);
      }
    }
    things.at(child).parents = parents;
  }
  for (const ObjectId inner : contents(id)) {
    things.at(inner).location = kNothing;
    things.at(inner).arrived = ++moves_;
  }
  things.erase(id);
  drop_lost_slots();
  return ErrorCode::none;
}

ErrorCode Model::set_parents(ObjectId id, const std::vector<ObjectId>& parents) {
  if (!find(id)) return ErrorCode::invarg;
  for (const ObjectId parent : parents) {
    if (is_a(parent, id)) return ErrorCode::recmove;
  }
  if (!good_parents(parents)) return ErrorCode::invarg;
  const std::map<ObjectId, Thing> before = things;
  things.at(id).parents = parents;
  if (clashes()) {
    things = before;
    return ErrorCode::invarg;
  }
  drop_lost_slots();
  return ErrorCode::none;
}

ErrorCode Model::move(ObjectId id, ObjectId where) {
  if (!find(id) || (where != kNothing && !find(where))) return ErrorCode::invarg;
  for (ObjectId outer = where; outer != kNothing; outer = things.at(outer).location) {
    if (outer == id) return ErrorCode::recmove;
  }
  things.at(id).location = where;
  things.at(id).arrived = ++moves_;
  return ErrorCode::none;
}

ErrorCode Model::add_property(ObjectId id, const std::string& name, const Value& value,
                              ObjectId owner, std::uint8_t permissions) {
  if (!find(id)) return ErrorCode::invarg;
  const std::map<ObjectId, Thing> before = things;
  if (view(id, name)) return ErrorCode::invarg;
  things.at(id).slots[name] = Slot{value, owner, permissions, id, false};
  if (clashes()) {
    things = before;
    return ErrorCode::invarg;
  }
  return ErrorCode::none;
}

ErrorCode Model::delete_property(ObjectId id, const std::string& name) {
  if (!find(id)) return ErrorCode::invarg;
  const auto it = things.at(id).slots.find(name);
  if (it == things.at(id).slots.end() || it->second.definer != id) return ErrorCode::propnf;
  things.at(id).slots.erase(it);
  drop_lost_slots();
  return ErrorCode::none;
}

ErrorCode Model::rename_property(ObjectId id, const std::string& from, const std::string& to) {
  if (!find(id)) return ErrorCode::invarg;
  if (from == to) return ErrorCode::none;
  const auto it = things.at(id).slots.find(from);
  if (it == things.at(id).slots.end() || it->second.definer != id || view(id, to)) {
    return ErrorCode::invarg;
  }
  const std::map<ObjectId, Thing> before = things;
  for (auto& [heir, thing] : things) {
    const auto slot = thing.slots.find(from);
    if (slot == thing.slots.end() || slot->second.definer != id) continue;
    thing.slots[to] = slot->second;
    thing.slots.erase(slot);
  }
  if (!clashes()) return ErrorCode::none;
  things = before;
  return ErrorCode::invarg;
}

bool Model::owns_something(ObjectId id) const {
  for (const auto& [other, thing] : things) {
    if (thing.owner == id) return true;
    for (const Verb& verb : thing.verbs) {
      if (verb.owner == id) return true;
    }
    for (const auto& [name, slot] : thing.slots) {
      if (slot.owner == id) return true;
    }
  }
  return false;
}

void Model::reset_last() {
  while (last >= 0 && !find(ObjectId{last}) && !owns_something(ObjectId{last})) --last;
}

ObjectId Model::renumber(ObjectId id) {
  ObjectId number{0};
  while (number < id && (find(number) || owns_something(number))) ++number.number;
  if (number == id) return id;
  const auto follow = [&](ObjectId& one) {
    if (one == id) one = number;
  };
  things.emplace(number, things.at(id));
  things.erase(id);
  for (auto& [other, thing] : things) {
    follow(thing.owner);
    follow(thing.location);
    for (ObjectId& parent : thing.parents) follow(parent);
    for (Verb& verb : thing.verbs) follow(verb.owner);
    for (auto& [name, slot] : thing.slots) {
      follow(slot.owner);
      follow(slot.definer);
    }
  }
  return number;
}

std::int64_t Model::bytes(ObjectId id) const {
  const Thing& thing = things.at(id);
  std::size_t bytes = 256 + thing.name.size() + 16 * thing.parents.size();
  for (const auto& [name, slot] : thing.slots) bytes += 64 + (slot.clear ? 0 : slot.value.bytes());
  for (const Verb& verb : thing.verbs) bytes += 128 + verb.names.size() + verb.code.size();
  return static_cast<std::int64_t>(bytes);
}

Model::Slot* Model::own_slot(ObjectId id, const std::string& name) {
  const auto found = view(id, name);
  if (!found) return nullptr;
  return &things.at(id).slots.emplace(name, found->slot).first->second;
}

ErrorCode Model::set_property(ObjectId id, const std::string& name, const Value& value) {
  if (!find(id)) return ErrorCode::invarg;
  Slot* slot = own_slot(id, name);
  if (!slot) return ErrorCode::propnf;
  slot->value = value;
  slot->clear = false;
  return ErrorCode::none;
}

ErrorCode Model::clear_property(ObjectId id, const std::string& name) {
  if (!find(id)) return ErrorCode::invarg;
  const auto found = view(id, name);
  if (!found) return ErrorCode::propnf;
  if (found->slot.definer == id) return ErrorCode::invarg;
  const auto it = things.at(id).slots.find(name);
  if (it != things.at(id).slots.end()) it->second.clear = true;
  return ErrorCode::none;
}

ErrorCode Model::set_property_info(ObjectId id, const std::string& name, ObjectId owner,
                                   std::uint8_t permissions) {
  if (!find(id)) return ErrorCode::invarg;
  Slot* slot = own_slot(id, name);
  if (!slot) return ErrorCode::propnf;
  slot->owner = owner;
  slot->permissions = permissions;
  return ErrorCode::none;
}

}  // namespace cosmoo::test
