// What the store needs: which rows have changed, and putting a loaded world together.
#include <algorithm>

#include "vm/world/world.h"

namespace cosmoo {

// --- changes

void World::note_first() {
  if (std::exchange(noted_, true)) return;
  if (on_change_) on_change_();
}

void World::note_object(ObjectId id) {
  dirty_objects_.insert(id);
  note_first();
}

// An object has a number that it did not have before.
void World::note_number(ObjectId id) {
  note_object(id);
  if (id.number <= highest_ever_) anew_.insert(id);
  highest_ever_ = std::max(highest_ever_, id.number);
}

void World::note_verbs(ObjectId id) {
  dirty_verbs_.insert(id);
  note_first();
}

void World::note_property(ObjectId id, Symbol name) {
  dirty_properties_.insert(PropertyKey{id, name});
  note_first();
}

bool World::dirty() const {
  return !dirty_objects_.empty() || !dirty_verbs_.empty() || !dirty_properties_.empty() ||
         planned_.dirty();
}

Changes World::take_changes() {
  Changes changes;
  changes.max_object = max_object_;
  changes.last_task = planned_.last_task();
  changes.planned = planned_.take_changes();
  changes.objects.reserve(dirty_objects_.size());
  for (const ObjectId id : dirty_objects_) {
    auto& row = changes.objects.emplace_back(Changes::ObjectRow{id, std::nullopt});
    if (const Object* object = find(id)) {
      row.anew = anew_.contains(id);
      row.data.emplace();
      row.data->id = id;
      row.data->name = object->name;
      row.data->owner = object->owner;
      row.data->flags = object->flags;
      row.data->parents = object->parents;
      row.data->location = object->location;
      row.data->arrived = object->arrived;
    }
  }
  changes.properties.reserve(dirty_properties_.size());
  for (const auto& [id, name] : dirty_properties_) {
    const Object* object = find(id);
    if (!object) continue;  // its own row says that everything is gone
    auto& row = changes.properties.emplace_back(
        Changes::PropertyRow{id, symbols_.name_of(name), std::nullopt});
    const auto it = object->properties.find(name);
    if (it != object->properties.end()) row.property = it->second;
  }
  changes.verbs.reserve(dirty_verbs_.size());
  for (const ObjectId id : dirty_verbs_) {
    if (const Object* object = find(id)) {
      changes.verbs.push_back(Changes::VerbsRow{id, object->verbs});
    }
  }
  dirty_objects_.clear();
  anew_.clear();
  dirty_properties_.clear();
  dirty_verbs_.clear();
  noted_ = false;
  return changes;
}

// --- loading

void World::load_object(Object object) {
  const auto index = static_cast<std::size_t>(object.id.number);
  if (index >= objects_.size()) objects_.resize(index + 1);
  for (Verb& verb : object.verbs) verb.version = ++last_version_;
  moves_ = std::max(moves_, object.arrived);
  start_holding(object);
  if (!objects_[index]) ++size_;
  objects_[index] = std::make_unique<Object>(std::move(object));
}

Result<void> World::finish_load(std::int64_t max_object) {
  const auto last = static_cast<std::int64_t>(objects_.size()) - 1;
  if (max_object < last) {
    return fail(ErrorCode::file, to_string(ObjectId{last}) + " is beyond the last number used, " +
                                     to_string(ObjectId{max_object}));
  }
  max_object_ = max_object;
  highest_ever_ = max_object;
  if (auto checked = check_loaded_parents(); !checked) return checked;
  if (auto checked = check_loaded_locations(); !checked) return checked;
  relink();
  for (const auto& object : objects_) {
    if (!object) continue;
    if (auto checked = check_loaded_properties(*object); !checked) return checked;
  }
  forget_verbs();
  return {};
}

// Parents exist, each once, and nobody descends from itself: a depth first walk that marks who is
// on the way and who is done.
Result<void> World::check_loaded_parents() const {
  enum class Mark : std::uint8_t { unseen, on_the_way, done };
  std::vector<Mark> marks(objects_.size(), Mark::unseen);
  const auto mark_of = [&](ObjectId id) -> Mark& {
    return marks[static_cast<std::size_t>(id.number)];
  };
  std::vector<std::pair<const Object*, std::size_t>> way;
  const auto enter = [&](const Object& object) {
    mark_of(object.id) = Mark::on_the_way;
    way.emplace_back(&object, 0);
  };
  for (const auto& start : objects_) {
    if (!start) continue;
    if (mark_of(start->id) == Mark::unseen) enter(*start);
    while (!way.empty()) {
      auto& [object, next] = way.back();
      const auto& parents = object->parents;
      if (next == parents.size()) {
        mark_of(object->id) = Mark::done;
        way.pop_back();
        continue;
      }
      const auto it = parents.begin() + static_cast<std::ptrdiff_t>(next++);
      const ObjectId parent = *it;
      if (!valid(parent) || std::find(parents.begin(), it, parent) != it) {
        return fail(ErrorCode::file, to_string(object->id) + ": the parent " + to_string(parent) +
                                         (valid(parent) ? " is there twice" : " does not exist"));
      }
      if (mark_of(parent) == Mark::on_the_way) {
        return fail(ErrorCode::file, to_string(parent) + " descends from itself");
      }
      if (mark_of(parent) == Mark::unseen) enter(at(parent));
    }
  }
  return {};
}

Result<void> World::check_loaded_locations() const {
  // Each walk outwards gets a number; meeting one's own again is a circle, meeting an older one
  // means that the rest was seen.
  std::vector<std::uint32_t> walks(objects_.size(), 0);
  std::uint32_t walk = 0;
  for (const auto& start : objects_) {
    if (!start) continue;
    ++walk;
    const Object* object = start.get();
    while (true) {
      auto& seen = walks[static_cast<std::size_t>(object->id.number)];
      if (seen == walk) {
        return fail(ErrorCode::file, to_string(object->id) + " is inside itself");
      }
      if (seen != 0) break;
      seen = walk;
      if (object->location == kNothing) break;
      const Object* outer = find(object->location);
      if (!outer) {
        return fail(ErrorCode::file, to_string(object->id) + ": its location " +
                                         to_string(object->location) + " does not exist");
      }
      object = outer;
    }
  }
  return {};
}

// Every slot belongs to a property that the object or one ancestor defines, and rule 5 holds.
Result<void> World::check_loaded_properties(const Object& object) const {
  const auto wrong = [&](Symbol name, const std::string& what) {
    return fail(ErrorCode::file,
                to_string(object.id) + ": property \"" + symbols_.name_of(name) + "\" " + what);
  };
  const std::vector<ObjectId> line = ancestry(object.id);
  for (const auto& [name, slot] : object.properties) {
    if (SymbolTable::is_builtin(name)) return wrong(name, "has the name of a built-in one");
    if (slot.defined_here && slot.clear) return wrong(name, "is defined and clear at once");
    ObjectId definer = slot.defined_here ? object.id : kNothing;
    for (std::size_t i = 1; i < line.size(); ++i) {
      const auto& inherited = at(line[i]).properties;
      const auto it = inherited.find(name);
      if (it == inherited.end() || !it->second.defined_here) continue;
      if (definer != kNothing) {
        return wrong(name,
                     "is defined on both " + to_string(definer) + " and " + to_string(line[i]));
      }
      definer = line[i];
    }
    if (definer == kNothing) return wrong(name, "is defined on none of its ancestors");
  }
  if (object.parents.size() < 2) return {};
  Definitions found;
  if (auto collected = collect_definitions(line, found); !collected) {
    return fail(ErrorCode::file, to_string(object.id) + ": " + collected.error().message);
  }
  return {};
}

}  // namespace cosmoo
