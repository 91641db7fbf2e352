#include "vm/world_export.h"

#include <algorithm>

namespace cosmoo {
namespace {

std::optional<ObjectId> first_wizard(const ObjectNames& names) {
  for (const auto& [id, name] : names) {
    if (same_name(name, "first_wizard")) return id;
  }
  return std::nullopt;
}

class Exporter {
 public:
  Exporter(const World& world, const ObjectNames& names)
      : world_(world), names_(names), owner_(first_wizard(names)) {}

  ObjectSource source_of(const Object& object) const {
    ObjectSource source;
    source.name = object.name;
    if (object.owner != owner_) source.owner = object.owner;
    source.parents = object.parents;
    if (object.location != kNothing) {
      source.location = object.location;
      if (!in_order_of_numbers(world_, object.location)) {
        source.arrived = static_cast<std::int64_t>(object.arrived);
      }
    }
    source.flags = object.flags;
    add_properties(object, source);
    for (const Verb& verb : object.verbs) {
      ObjectSource::VerbSource& row = source.verbs.emplace_back();
      row.names = verb.names;
      row.args = verb.args;
      if (verb.owner != object.owner) row.owner = verb.owner;
      row.permissions = verb.permissions;
      row.code = verb.code;
    }
    return source;
  }

 private:
  void add_properties(const Object& object, ObjectSource& source) const {
    std::vector<std::pair<std::string, Symbol>> order;
    for (const auto& [name, slot] : object.properties) {
      order.emplace_back(fold(world_.symbols().name_of(name)), name);
    }
    std::sort(order.begin(), order.end());
    for (const auto& [folded, name] : order) {
      const Property& slot = object.properties.at(name);
      if (folded == "password" || (object.id == kSystem && is_file_name(name, slot))) continue;
      Property usual{Value(), object.owner, kRead, false, true};
      if (!slot.defined_here) usual = inherited(object, name);
      ObjectSource::PropertySource row;
      row.name = world_.symbols().name_of(name);
      if (!slot.clear) row.value = slot.value;
      if (slot.owner != usual.owner) row.owner = slot.owner;
      if (slot.permissions != usual.permissions) row.permissions = slot.permissions;
      // A slot that says nothing is as good as none.
      if (row.value || row.owner || row.permissions) source.properties.push_back(std::move(row));
    }
  }

  // The system object's property that comes with another object's file.
  bool is_file_name(Symbol name, const Property& slot) const {
    if (!slot.defined_here || !slot.value.is_object()) return false;
    const auto named = names_.find(slot.value.object());
    return named != names_.end() && named->second == world_.symbols().name_of(name) &&
           slot.permissions == kRead && slot.owner == owner_;
  }

  // What a slot would be that nothing was set in.
  Property inherited(const Object& object, Symbol name) const {
    for (const ObjectId ancestor : world_.ancestry(object.id)) {
      if (ancestor == object.id) continue;
      const auto& slots = world_.find(ancestor)->properties;
      const auto it = slots.find(name);
      if (it == slots.end()) continue;
      Property slot = it->second;
      if ((slot.permissions & kChown) != 0) slot.owner = object.owner;
      return slot;
    }
    return {};
  }

  const World& world_;
  const ObjectNames& names_;
  const std::optional<ObjectId> owner_;
};

FolderPlan plan_of(const World& world, const std::vector<ObjectId>& objects) {
  FolderPlan plan;
  plan.names = file_names(world);
  plan.index.last = world.max_object().number;
  const Exporter exporter(world, plan.names);
  for (const ObjectId id : objects) {
    const auto named = plan.names.find(id);
    std::string described =
        named != plan.names.end() ? named->second : "o" + std::to_string(id.number);
    plan.index.numbers.emplace(described, id);
    plan.files.push_back({std::move(described), exporter.source_of(*world.find(id))});
  }
  return plan;
}

}  // namespace

bool in_order_of_numbers(const World& world, ObjectId location) {
  const Object* const there = world.find(location);
  return there == nullptr || std::is_sorted(there->contents.begin(), there->contents.end());
}

ObjectNames file_names(const World& world) {
  ObjectNames names;
  if (!world.valid(kSystem)) return names;
  names.emplace(kSystem, "system");
  for (const Symbol symbol : world.own_properties(kSystem)) {  // in the order of the alphabet
    const std::string& name = world.symbols().name_of(symbol);
    const Value& value = *world.property(kSystem, symbol)->value;
    if (!names_a_file(name) || !value.is_object() || !world.valid(value.object())) continue;
    names.emplace(value.object(), name);  // but for one that has a name already
  }
  return names;
}

FolderPlan export_world(const World& world) { return plan_of(world, world.all()); }

Result<FolderPlan> export_objects(const World& world, const std::vector<ObjectId>& objects) {
  std::vector<ObjectId> once = objects;
  std::sort(once.begin(), once.end());
  once.erase(std::unique(once.begin(), once.end()), once.end());
  for (const ObjectId id : once) {
    if (!world.valid(id)) return fail(ErrorCode::invarg, "there is no object " + to_string(id));
  }
  FolderPlan plan = plan_of(world, once);
  plan.extent = FolderPlan::Extent::part;
  return plan;
}

}  // namespace cosmoo
