// Objects: making and ending them, their names, owners, flags and places; players.
#include "vm/world/world.h"

#include <algorithm>

namespace cosmoo {
namespace {

void insert_sorted(std::vector<ObjectId>& ids, ObjectId id) {
  const auto place = std::lower_bound(ids.begin(), ids.end(), id);
  if (place == ids.end() || *place != id) ids.insert(place, id);
}

void erase_sorted(std::vector<ObjectId>& ids, ObjectId id) {
  const auto place = std::lower_bound(ids.begin(), ids.end(), id);
  if (place != ids.end() && *place == id) ids.erase(place);
}

tl::unexpected<Error> not_there(ObjectId id) {
  return fail(ErrorCode::invarg, to_string(id) + " is not a valid object");
}

}  // namespace

World::World()
    : aliases_name_(symbols_.intern("aliases")),
      byte_quota_name_(symbols_.intern("byte_quota")),
      verb_cache_(std::size_t{1} << 15) {}

const Object* World::find(ObjectId id) const {
  const auto index = static_cast<std::uint64_t>(id.number);
  return index < objects_.size() ? objects_[index].get() : nullptr;
}

std::vector<ObjectId> World::all() const {
  std::vector<ObjectId> ids;
  ids.reserve(size_);
  for (const auto& object : objects_) {
    if (object) ids.push_back(object->id);
  }
  return ids;
}

Result<ObjectId> World::create(const std::vector<ObjectId>& parents, ObjectId owner) {
  if (auto checked = check_parents(parents); !checked) return tl::unexpected(checked.error());
  if (max_object_ + 1 >= kMostObjects) {
    return fail(ErrorCode::quota, "the world has no more object numbers");
  }
  const ObjectId id{max_object_ + 1};
  max_object_ = id.number;
  objects_.resize(static_cast<std::size_t>(id.number) + 1);
  auto& object = objects_.back();
  object = std::make_unique<Object>();
  object->id = id;
  object->owner = owner == kNothing ? id : owner;
  object->parents = parents;
  ++size_;
  start_holding(*object);
  link_parents(*object);
  note_number(id);
  return id;
}

Result<void> World::recycle(ObjectId id) {
  Object* object = mutable_find(id);
  if (!object) return not_there(id);

  std::vector<Symbol> defined = own_properties(id);
  for (const Symbol name : defined) {
    if (auto deleted = delete_property(id, name); !deleted) return deleted;
  }
  // Taken at once: to take a hundred thousand away one by one would move all that are left.
  for (const ObjectId child : std::exchange(object->children, {})) {
    Object& orphan = at(child);
    unlink_parents(orphan);
    std::vector<ObjectId> parents;
    const auto adopt = [&](ObjectId parent) {
      if (std::find(parents.begin(), parents.end(), parent) == parents.end()) {
        parents.push_back(parent);
      }
    };
    for (const ObjectId parent : orphan.parents) {
      if (parent != id) {
        adopt(parent);
      } else {
        for (const ObjectId grandparent : object->parents) adopt(grandparent);
      }
    }
    hold(orphan, kParentBytes * (std::ssize(parents) - std::ssize(orphan.parents)));
    orphan.parents = std::move(parents);
    link_parents(orphan);
    note_object(child);
  }
  unlink_parents(*object);
  for (const ObjectId thing : std::vector<ObjectId>(object->contents)) {
    enter_location(at(thing), kNothing);
    note_object(thing);
  }
  leave_location(*object);
  erase_sorted(players_, id);
  anew_.erase(id);
  give_up(*object);
  objects_[static_cast<std::size_t>(id.number)].reset();
  --size_;
  dirty_verbs_.erase(id);
  note_object(id);
  forget_verbs();
  return {};
}

Result<void> World::move(ObjectId id, ObjectId where) {
  Object* object = mutable_find(id);
  if (!object) return not_there(id);
  if (where != kNothing && !valid(where)) return not_there(where);
  for (ObjectId outer = where; outer != kNothing; outer = at(outer).location) {
    if (outer == id) {
      return fail(ErrorCode::recmove, to_string(id) + " cannot be moved into " + to_string(where) +
                                          ", which " +
                                          (where == id ? "is the same object" : "it contains"));
    }
  }
  leave_location(*object);
  enter_location(*object, where);
  note_object(id);
  return {};
}

void World::leave_location(Object& object) {
  if (Object* from = mutable_find(object.location)) {
    // From the back: who came last leaves first more often than not.
    const auto place = std::find(from->contents.rbegin(), from->contents.rend(), object.id);
    from->contents.erase(std::prev(place.base()));
  }
}

void World::enter_location(Object& object, ObjectId where) {
  object.location = where;
  object.arrived = ++moves_;
  if (where != kNothing) at(where).contents.push_back(object.id);
}

Result<void> World::set_name(ObjectId id, std::string name) {
  Object* object = mutable_find(id);
  if (!object) return not_there(id);
  hold(*object, std::ssize(name) - std::ssize(object->name));
  object->name = std::move(name);
  note_object(id);
  return {};
}

Result<void> World::set_owner(ObjectId id, ObjectId owner) {
  Object* object = mutable_find(id);
  if (!object) return not_there(id);
  change_owner(*object, owner);
  note_object(id);
  return {};
}

Result<void> World::set_flag(ObjectId id, ObjectFlag flag, bool on) {
  Object* object = mutable_find(id);
  if (!object) return not_there(id);
  if (on) {
    object->flags |= flag;
  } else {
    object->flags &= ~static_cast<std::uint32_t>(flag);
  }
  if (flag == kPlayer) {
    if (on) {
      insert_sorted(players_, id);
    } else {
      erase_sorted(players_, id);
    }
  }
  note_object(id);
  return {};
}

bool World::is_wizard(ObjectId id) const {
  const Object* object = find(id);
  return object && object->is(kWizard);
}

bool World::controls(ObjectId who, ObjectId id) const {
  if (is_wizard(who)) return true;
  const Object* object = find(id);
  return object && object->owner == who;
}

std::vector<ObjectId> World::players() const { return players_; }

const List* World::aliases(ObjectId id) const {
  const auto view = property(id, aliases_name_);
  if (!view || !view->value->is_list()) return nullptr;
  const List& list = view->value->list();
  return list.size() <= kMostAliases ? &list : nullptr;
}

std::optional<ObjectId> World::find_player(std::string_view name) const {
  if (name.empty()) return std::nullopt;
  for (const ObjectId id : players_) {
    if (same_name(at(id).name, name)) return id;
  }
  for (const ObjectId id : players_) {
    const List* others = aliases(id);
    if (!others) continue;
    for (const Value& alias : *others) {
      if (alias.is_string() && same_name(alias.string(), name)) return id;
    }
  }
  return std::nullopt;
}

}  // namespace cosmoo
