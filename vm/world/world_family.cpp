// Parents and children: who inherits from whom, and what may not be inherited together.
#include <algorithm>

#include "vm/world/world.h"

namespace cosmoo {
namespace {

tl::unexpected<Error> too_many_ancestors() {
  return fail(ErrorCode::invarg,
              "an object has at most " + std::to_string(World::kMostAncestors - 1) + " ancestors");
}

}  // namespace

// --- asking

std::vector<ObjectId> World::ancestry(ObjectId id) const {
  std::vector<ObjectId> out;
  const Object* object = find(id);
  while (object && object->parents.size() <= 1) {  // most objects: a chain, which needs no set
    out.push_back(object->id);
    object = object->parents.empty() ? nullptr : find(object->parents.front());
  }
  if (object) {
    IdSet seen;
    append_ancestry(object->id, out, seen);
  }
  return out;
}

void World::append_ancestry(ObjectId id, std::vector<ObjectId>& out, IdSet& seen) const {
  // A stack of its own: chains of parents may be longer than the thread's stack is deep.
  std::vector<ObjectId> waiting{id};
  while (!waiting.empty()) {
    const ObjectId next = waiting.back();
    waiting.pop_back();
    if (!seen.insert(next).second) continue;
    out.push_back(next);
    const auto& parents = at(next).parents;
    waiting.insert(waiting.end(), parents.rbegin(), parents.rend());
  }
}

std::vector<ObjectId> World::with_descendants(ObjectId id) const {
  std::vector<ObjectId> out{id};
  IdSet seen{id};
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (const ObjectId child : at(out[i]).children) {
      if (seen.insert(child).second) out.push_back(child);
    }
  }
  return out;
}

bool World::is_a(ObjectId id, ObjectId ancestor) const {
  const Object* object = find(id);
  while (object) {
    if (object->id == ancestor) return true;
    if (object->parents.size() > 1) {
      const std::vector<ObjectId> line = ancestry(object->id);
      return std::find(line.begin(), line.end(), ancestor) != line.end();
    }
    object = object->parents.empty() ? nullptr : find(object->parents.front());
  }
  return false;
}

// --- rule 5: one property of a name

Result<void> World::collect_definitions(const std::vector<ObjectId>& objects,
                                        Definitions& found) const {
  for (const ObjectId id : objects) {
    for (const auto& [name, property] : at(id).properties) {
      if (!property.defined_here) continue;
      const auto [it, added] = found.emplace(name, id);
      if (!added && it->second != id) {
        return fail(ErrorCode::invarg, "property \"" + symbols_.name_of(name) +
                                           "\" is defined on both " + to_string(it->second) +
                                           " and " + to_string(id));
      }
    }
  }
  return {};
}

// Everyone in `family` is about to have the properties `added`: none of them, nor anyone they
// inherit from, may define another of the same name.
Result<void> World::check_clashes(const std::vector<ObjectId>& family,
                                  const Definitions& added) const {
  if (added.empty()) return {};
  std::vector<ObjectId> everyone;
  IdSet seen;
  for (const ObjectId id : family) append_ancestry(id, everyone, seen);
  for (const ObjectId id : everyone) {
    const auto& properties = at(id).properties;
    const auto clash = [&](Symbol name, ObjectId definer) -> Result<void> {
      const auto it = properties.find(name);
      if (it == properties.end() || !it->second.defined_here || definer == id) return {};
      return fail(ErrorCode::invarg, "property \"" + symbols_.name_of(name) +
                                         "\" would be defined on both " + to_string(definer) +
                                         " and " + to_string(id));
    };
    for (const auto& [name, definer] : added) {
      if (auto checked = clash(name, definer); !checked) return checked;
    }
  }
  return {};
}

void World::drop_lost_slots(const std::vector<ObjectId>& family, const Definitions& lost) {
  if (lost.empty()) return;
  for (const ObjectId id : family) {
    Object& object = at(id);
    for (const auto& [name, definer] : lost) {
      const auto it = object.properties.find(name);
      if (it == object.properties.end() || it->second.defined_here || is_a(id, definer)) continue;
      hold(object, -kSlotBytes - it->second.bytes);
      object.properties.erase(it);
      note_property(id, name);
    }
  }
}

// --- changing

Result<void> World::check_parents(const std::vector<ObjectId>& parents) const {
  if (parents.size() > kMostParents) {
    return fail(ErrorCode::invarg,
                "an object has at most " + std::to_string(kMostParents) + " parents");
  }
  for (auto it = parents.begin(); it != parents.end(); ++it) {
    if (!valid(*it)) {
      return fail(ErrorCode::invarg, to_string(*it) + " is not a valid object: no parent");
    }
    if (std::find(parents.begin(), it, *it) != it) {
      return fail(ErrorCode::invarg, to_string(*it) + " is there twice among the parents");
    }
  }
  std::vector<ObjectId> line;
  if (parents.size() == 1) {
    line = ancestry(parents.front());
  } else {
    IdSet seen;
    for (const ObjectId parent : parents) append_ancestry(parent, line, seen);
  }
  if (line.size() >= kMostAncestors) return too_many_ancestors();
  if (parents.size() < 2) return {};
  Definitions found;
  return collect_definitions(line, found);
}

// Where the ancestry of the first of a family has grown: everyone's.
Result<void> World::check_ancestors(const std::vector<ObjectId>& family) const {
  for (const ObjectId id : family) {
    if (ancestry(id).size() > kMostAncestors) return too_many_ancestors();
  }
  return {};
}

Result<void> World::set_parents(ObjectId id, const std::vector<ObjectId>& parents) {
  Object* object = mutable_find(id);
  if (!object) return fail(ErrorCode::invarg, to_string(id) + " is not a valid object");
  for (const ObjectId parent : parents) {
    if (is_a(parent, id)) {
      return fail(ErrorCode::recmove, to_string(id) + " cannot descend from " + to_string(parent) +
                                          (parent == id ? ", itself" : ", its own descendant"));
    }
  }
  if (auto checked = check_parents(parents); !checked) return checked;

  // The new parents are put in place to see what the family would inherit, and taken back if that
  // does not fit.
  const std::vector<ObjectId> family = with_descendants(id);
  const std::vector<ObjectId> before = ancestry(id);
  unlink_parents(*object);
  std::vector<ObjectId> old_parents = std::exchange(object->parents, parents);
  const std::vector<ObjectId> after = ancestry(id);
  const auto without = [](const std::vector<ObjectId>& some, const std::vector<ObjectId>& others) {
    const IdSet not_these(others.begin(), others.end());
    std::vector<ObjectId> rest;
    for (const ObjectId one : some) {
      if (!not_these.contains(one)) rest.push_back(one);
    }
    return rest;
  };
  const std::vector<ObjectId> gained = without(after, before);
  Definitions added;
  auto checked = collect_definitions(gained, added);
  if (checked) checked = check_clashes(family, added);
  if (checked && !gained.empty()) checked = check_ancestors(family);
  if (!checked) {
    object->parents = std::move(old_parents);
    link_parents(*object);
    return checked;
  }
  link_parents(*object);
  hold(*object, kParentBytes * (std::ssize(parents) - std::ssize(old_parents)));
  note_object(id);
  Definitions lost;
  if (auto collected = collect_definitions(without(before, after), lost); !collected) {
    return collected;
  }
  drop_lost_slots(family, lost);
  forget_verbs();
  return {};
}

void World::link_parents(const Object& object) {
  for (const ObjectId parent : object.parents) {
    auto& children = at(parent).children;
    const auto place = std::lower_bound(children.begin(), children.end(), object.id);
    if (place == children.end() || *place != object.id) children.insert(place, object.id);
  }
}

void World::unlink_parents(const Object& object) {
  for (const ObjectId parent : object.parents) {
    auto& children = at(parent).children;
    const auto place = std::lower_bound(children.begin(), children.end(), object.id);
    if (place != children.end() && *place == object.id) children.erase(place);
  }
}

}  // namespace cosmoo
