// Properties: definitions, the slots of descendants, and values. See rule 4 and 5 of world.h.
#include <algorithm>

#include "vm/world/world.h"

namespace cosmoo {
namespace {

bool usable_name(std::string_view name) {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 32 || c == 127;
  });
}

constexpr std::uint8_t kPropertyBits = kRead | kWrite | kChown;

}  // namespace

// --- finding

// Follows single parents in a loop; only where lines meet does it list the whole ancestry.
void World::search_property(const Object& start, Symbol name, FoundProperty& found) const {
  const auto look_at = [&](const Object& object) {
    const auto it = object.properties.find(name);
    if (it == object.properties.end()) return false;
    const Property& slot = it->second;
    if (!found.slot) {
      found.slot = &slot;
      found.own = &object == &start;
    }
    if (!found.valued && !slot.clear) found.valued = &slot;
    if (slot.defined_here) found.definer = object.id;
    return slot.defined_here;
  };
  const Object* object = &start;
  while (!look_at(*object)) {
    const auto& parents = object->parents;
    if (parents.empty()) {
      found = FoundProperty{};
      return;
    }
    if (parents.size() > 1) {
      const std::vector<ObjectId> line = ancestry(object->id);
      for (std::size_t i = 1; i < line.size(); ++i) {
        if (look_at(at(line[i]))) return;
      }
      found = FoundProperty{};
      return;
    }
    object = &at(parents.front());
  }
}

World::FoundProperty World::find_property(const Object& object, Symbol name) const {
  FoundProperty found;
  search_property(object, name, found);
  return found;
}

ObjectId World::slot_owner(const Object& object, const FoundProperty& found) const {
  const bool takes_owner = !found.own && (found.slot->permissions & kChown) != 0;
  return takes_owner ? object.owner : found.slot->owner;
}

const Property* World::inherited_slot(ObjectId owner, std::uint8_t permissions) const {
  const std::uint64_t key = (static_cast<std::uint64_t>(owner.number) << 8) | permissions;
  auto& slot = inherited_slots_[key];
  if (!slot) {
    slot = std::make_unique<Property>(Property{Value(), owner, permissions, false, true});
  }
  return slot.get();
}

std::optional<PropertyView> World::property(ObjectId id, Symbol name) const {
  const Object* object = find(id);
  if (!object) return std::nullopt;
  const FoundProperty found = find_property(*object, name);
  if (!found.slot) return std::nullopt;
  const Property* slot =
      found.own ? found.slot : inherited_slot(slot_owner(*object, found), found.slot->permissions);
  return PropertyView{slot, &found.valued->value, found.definer, found.valued->bytes};
}

std::vector<Symbol> World::own_properties(ObjectId id) const {
  std::vector<std::pair<std::string, Symbol>> defined;
  if (const Object* object = find(id)) {
    for (const auto& [name, property] : object->properties) {
      if (property.defined_here) defined.emplace_back(fold(symbols_.name_of(name)), name);
    }
  }
  std::sort(defined.begin(), defined.end());
  std::vector<Symbol> names;
  names.reserve(defined.size());
  for (const auto& [folded, name] : defined) names.push_back(name);
  return names;
}

// --- changing

// The object's own slot, made as a clear one if it has none. Null: no such property.
Property* World::own_slot(Object& object, Symbol name) {
  if (const auto own = object.properties.find(name); own != object.properties.end()) {
    return &own->second;
  }
  const FoundProperty found = find_property(object, name);
  if (!found.slot) return nullptr;
  Property slot{Value(), slot_owner(object, found), found.slot->permissions, false, true};
  hold(object, kSlotBytes);
  return &object.properties.emplace(name, std::move(slot)).first->second;
}

Result<void> World::check_new_property(const Object& object, Symbol name) const {
  const ObjectId id = object.id;
  const std::string& text = symbols_.name_of(name);
  if (SymbolTable::is_builtin(name)) {
    return fail(ErrorCode::invarg, "\"" + text + "\" is a built-in property of every object");
  }
  if (!usable_name(text)) {
    return fail(ErrorCode::invarg,
                "a property's name is not empty and has no control characters: " +
                    to_literal(Value(text)) + " on " + to_string(id));
  }
  if (find_property(object, name).definer == id) {
    return fail(ErrorCode::invarg,
                "property \"" + text + "\" is already defined on " + to_string(id));
  }
  return check_clashes(with_descendants(id), Definitions{{name, id}});
}

Result<void> World::add_property(ObjectId id, Symbol name, Property property) {
  Object* object = mutable_find(id);
  if (!object) return fail(ErrorCode::invarg, to_string(id) + " is not a valid object");
  if (auto checked = check_new_property(*object, name); !checked) return checked;
  property.defined_here = true;
  property.clear = false;
  property.permissions &= kPropertyBits;
  property.bytes = static_cast<std::int64_t>(property.value.bytes());
  hold(*object, kSlotBytes + property.bytes);
  object->properties.insert_or_assign(name, std::move(property));
  note_property(id, name);
  return {};
}

Result<void> World::delete_property(ObjectId id, Symbol name) {
  Object* object = mutable_find(id);
  if (!object) return fail(ErrorCode::invarg, to_string(id) + " is not a valid object");
  const auto it = object->properties.find(name);
  if (it == object->properties.end() || !it->second.defined_here) {
    return fail(ErrorCode::propnf,
                "property \"" + symbols_.name_of(name) + "\" is not defined on " + to_string(id));
  }
  for (const ObjectId heir : with_descendants(id)) {
    auto& slots = at(heir).properties;
    const auto slot = slots.find(name);
    if (slot == slots.end()) continue;
    hold(at(heir), -kSlotBytes - slot->second.bytes);
    slots.erase(slot);
    note_property(heir, name);
  }
  return {};
}

Result<void> World::rename_property(ObjectId id, Symbol from, Symbol to) {
  Object* object = mutable_find(id);
  if (!object) return fail(ErrorCode::invarg, to_string(id) + " is not a valid object");
  if (from == to) return {};
  const auto it = object->properties.find(from);
  if (it == object->properties.end() || !it->second.defined_here) {
    return fail(ErrorCode::invarg,
                "property \"" + symbols_.name_of(from) + "\" is not defined on " + to_string(id));
  }
  if (auto checked = check_new_property(*object, to); !checked) return checked;
  for (const ObjectId heir : with_descendants(id)) {
    auto& slots = at(heir).properties;
    const auto slot = slots.find(from);
    if (slot == slots.end()) continue;
    Property property = std::move(slot->second);
    slots.erase(slot);
    slots.insert_or_assign(to, std::move(property));
    note_property(heir, from);
    note_property(heir, to);
  }
  return {};
}

Result<void> World::set_property(ObjectId id, Symbol name, Value value) {
  const std::size_t bytes = value.bytes();
  return set_property(id, name, std::move(value), bytes);
}

Result<void> World::set_property(ObjectId id, Symbol name, Value value, std::size_t bytes) {
  Object* object = mutable_find(id);
  if (!object) return fail(ErrorCode::invarg, to_string(id) + " is not a valid object");
  Property* slot = own_slot(*object, name);
  if (!slot) {
    return fail(ErrorCode::propnf,
                to_string(id) + " has no property \"" + symbols_.name_of(name) + "\"");
  }
  hold(*object, static_cast<std::int64_t>(bytes) - slot->bytes);
  slot->bytes = static_cast<std::int64_t>(bytes);
  slot->clear = false;
  slot->value = std::move(value);
  note_property(id, name);
  return {};
}

Value* World::touch_property(ObjectId id, Symbol name, std::int64_t growth) {
  Object* object = mutable_find(id);
  if (!object) return nullptr;
  const FoundProperty found = find_property(*object, name);
  if (!found.slot) return nullptr;
  Property* slot;
  if (found.own && !found.slot->clear) {
    slot = const_cast<Property*>(found.slot);
  } else {
    Value inherited = found.valued->value;
    growth += found.valued->bytes;
    slot = own_slot(*object, name);  // `found` is stale from here on
    slot->value = std::move(inherited);
    slot->clear = false;
  }
  slot->bytes += growth;
  hold(*object, growth);
  note_property(id, name);
  return &slot->value;
}

Result<void> World::clear_property(ObjectId id, Symbol name) {
  Object* object = mutable_find(id);
  if (!object) return fail(ErrorCode::invarg, to_string(id) + " is not a valid object");
  const FoundProperty found = find_property(*object, name);
  const std::string& text = symbols_.name_of(name);
  if (!found.slot) {
    return fail(ErrorCode::propnf, to_string(id) + " has no property \"" + text + "\"");
  }
  if (found.definer == id) {
    return fail(ErrorCode::invarg, "property \"" + text + "\" is defined on " + to_string(id) +
                                       " itself and cannot be clear");
  }
  if (!found.own) return {};
  auto* slot = const_cast<Property*>(found.slot);
  hold(*object, -slot->bytes);
  slot->value = Value();
  slot->bytes = 0;
  slot->clear = true;
  note_property(id, name);
  return {};
}

Result<void> World::set_property_info(ObjectId id, Symbol name, ObjectId owner,
                                      std::uint8_t permissions) {
  Object* object = mutable_find(id);
  if (!object) return fail(ErrorCode::invarg, to_string(id) + " is not a valid object");
  Property* slot = own_slot(*object, name);
  if (!slot) {
    return fail(ErrorCode::propnf,
                to_string(id) + " has no property \"" + symbols_.name_of(name) + "\"");
  }
  slot->owner = owner;
  slot->permissions = permissions & kPropertyBits;
  note_property(id, name);
  return {};
}

}  // namespace cosmoo
