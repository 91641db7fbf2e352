// Checks that several families make, with one wording.
#pragma once

#include "builtins/services.h"

namespace cosmoo {

/// E_INVARG unless the object exists.
inline Result<const Object*> need_object(const World& world, ObjectId id) {
  if (const Object* object = world.find(id)) return object;
  return fail(ErrorCode::invarg, "there is no object " + to_string(id));
}

/// E_PERM unless the caller owns the object or is a wizard; E_INVARG if there is none.
inline Result<const Object*> need_control(const Call& call, ObjectId id) {
  const World& world = call.services().world;
  auto object = need_object(world, id);
  if (!object || world.controls(call.programmer(), id)) return object;
  return fail(ErrorCode::perm, to_string(call.programmer()) + " does not own " + to_string(id));
}

/// As need_control, but a flag of the object may allow it to everyone.
inline Result<const Object*> need_flag_or_control(const Call& call, ObjectId id, ObjectFlag flag) {
  auto object = need_object(call.services().world, id);
  if (!object || (*object)->is(flag)) return object;
  return need_control(call, id);
}

/// E_PERM unless the caller may act as `owner`.
inline Result<void> need_authority_of(const Call& call, ObjectId owner) {
  if (owner == call.programmer() || call.services().world.is_wizard(call.programmer())) return {};
  return fail(ErrorCode::perm,
              to_string(call.programmer()) + " may not act for " + to_string(owner));
}

inline Scheduler::Authority authority(const Call& call) {
  return call.services().world.is_wizard(call.programmer()) ? Scheduler::Authority::wizard
                                                            : Scheduler::Authority::owner;
}

/// Ticks for looking at every object of the world, or at all that descend from one.
inline std::int64_t work_on_all(const World& world) {
  return static_cast<std::int64_t>(world.size() / 200);
}
inline std::int64_t work_on_family(const World& world, ObjectId id) {
  return static_cast<std::int64_t>(world.with_descendants(id).size() / 50);
}

/// Ticks for looking whether so many objects descend from another.
inline std::int64_t work_on_lines(std::size_t count) {
  return static_cast<std::int64_t>(count / 4);
}

/// One parent or a list of them, #-1 for none; each fertile or the caller's.
inline Result<std::vector<ObjectId>> read_parents(const Call& call, const Value& given) {
  std::vector<ObjectId> parents;
  if (given.is_object()) {
    if (given.object() != kNothing) parents.push_back(given.object());
  } else {
    for (const Value& item : given.list()) {
      if (!item.is_object()) {
        return fail(ErrorCode::type, "a parent is an object, not " + to_literal(item));
      }
      parents.push_back(item.object());
    }
  }
  for (const ObjectId parent : parents) {
    if (auto fertile = need_flag_or_control(call, parent, kFertile); !fertile) {
      return tl::unexpected(fertile.error());
    }
  }
  return parents;
}

/// A list of objects as a list value.
inline Value object_list(const std::vector<ObjectId>& ids) {
  List list;
  list.reserve(ids.size());
  for (const ObjectId id : ids) list.emplace_back(id);
  return Value(std::move(list));
}

}  // namespace cosmoo
