// Where things are: moving them, and what is inside of what.
#include "builtins/bounds.h"
#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

// --- move: MOO's :accept, :exitfunc and :enterfunc

Outcome arrive(Call& call, ObjectId id, ObjectId where) {
  const Object* object = call.services().world.find(id);
  if (object == nullptr || where == kNothing || object->location != where) return Value();
  return CallVerb{
      where, "enterfunc", {Value(id)}, [](Call&, const auto&) -> Outcome { return Value(); }};
}

Outcome change_place(Call& call, ObjectId id, ObjectId where) {
  World& world = call.services().world;
  const Object* object = world.find(id);
  // :accept may have done anything: what is gone needs no moving.
  if (object == nullptr || (where != kNothing && !world.valid(where)) ||
      object->location == where) {
    return Value();
  }
  if (auto still = need_control(call, id); !still) return still.error();
  const ObjectId from = object->location;
  if (auto moved = world.move(id, where); !moved) return moved.error();
  return CallVerb{from, "exitfunc", {Value(id)}, [id, where](Call& next, const auto&) {
                    return arrive(next, id, where);
                  }};
}

Outcome move(Call& call) {
  const World& world = call.services().world;
  const ObjectId id = call[0].object();
  const ObjectId where = call[1].object();
  if (auto object = need_object(world, id); !object) return object.error();
  if (where != kNothing) {
    if (auto place = need_object(world, where); !place) return place.error();
  }
  if (auto object = need_control(call, id); !object) return object.error();
  if (where == kNothing) return change_place(call, id, where);
  return CallVerb{where,
                  "accept",
                  {Value(id)},
                  [id, where](Call& next, const std::optional<Value>& accepts) -> Outcome {
                    const bool welcome = accepts && accepts->truthy();
                    if (!welcome && !next.services().world.is_wizard(next.programmer())) {
                      return Error(ErrorCode::nacc,
                                   to_string(where) + " does not accept " + to_string(id));
                    }
                    return change_place(next, id, where);
                  }};
}

// --- asking

// Is `id` where the walk outwards stops: call[1], or with call[2] a descendant of it?
bool stops_at(const Call& call, ObjectId id) {
  if (!call.has(1)) return false;
  return is_on(call[2]) ? call.services().world.is_a(id, call[1].object()) : id == call[1].object();
}

Outcome locations(Call& call) {
  const World& world = call.services().world;
  auto object = need_object(world, call[0].object());
  if (!object) return object.error();
  std::vector<ObjectId> places;
  for (ObjectId at = (*object)->location; at != kNothing && !stops_at(call, at);
       at = world.find(at)->location) {
    places.push_back(at);
  }
  return object_list(places);
}

Outcome all_contents(Call& call) {
  const World& world = call.services().world;
  auto object = need_object(world, call[0].object());
  if (!object) return object.error();
  std::vector<ObjectId> all = (*object)->contents;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& inner = world.find(all[i])->contents;
    all.insert(all.end(), inner.begin(), inner.end());
  }
  return object_list(all);
}

// Which of the objects are players, or descend from one of call[1].
Outcome occupants(Call& call) {
  const World& world = call.services().world;
  const bool of_kind = call.has(1);
  const bool players_only = !of_kind || is_on(call[2]);
  std::vector<ObjectId> kinds;
  if (of_kind && call[1].is_object()) kinds.push_back(call[1].object());
  if (of_kind && call[1].is_list()) {
    for (const Value& kind : call[1].list()) {
      if (!kind.is_object()) return Error(ErrorCode::type, "a kind is an object");
      kinds.push_back(kind.object());
    }
  }
  if (!afford(call, work_on_lines(call[0].list().size() * kinds.size()))) return Value();
  std::vector<ObjectId> found;
  for (const Value& item : call[0].list()) {
    if (!item.is_object()) {
      return Error(ErrorCode::type, "occupants() looks through objects, not " + to_literal(item));
    }
    const ObjectId id = item.object();
    const Object* object = world.find(id);
    if (object == nullptr || (players_only && !object->is(kPlayer))) continue;
    const auto is_it = [&](ObjectId kind) { return world.is_a(id, kind); };
    if (!of_kind || std::any_of(kinds.begin(), kinds.end(), is_it)) found.push_back(id);
  }
  return object_list(found);
}

}  // namespace

std::span<const Builtin> place_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"move",
       {{"object", kObject}, {"where", kObject}},
       2,
       Access::programmer,
       move,
       "nothing",
       "Puts an object into another, or nowhere (#-1). where:accept(object) is asked first, and "
       "unless it returns true only a wizard's move goes on; then the old place's "
       ":exitfunc(object) and the new one's :enterfunc(object) are called. E_NACC if it is not "
       "accepted; E_RECMOVE into itself or what is in it; E_PERM unless it is yours; E_INVARG for "
       "what does not exist."},
      {"locations",
       {{"object", kObject}, {"stop", kObject}, {"stop_at_kind", kFlag}},
       1,
       Access::everyone,
       locations,
       "list of objects",
       "Where an object is, where that is, and so on outwards; ends before `stop`, or if asked, "
       "before anything that descends from it. E_INVARG if there is no such object."},
      {"all_contents",
       {{"object", kObject}},
       1,
       Access::everyone,
       all_contents,
       "list of objects",
       "What is in an object, and in that, at any depth; the outer before the inner. E_INVARG if "
       "there is no such object."},
      {"occupants",
       {{"objects", kList}, {"kinds", kObject | kList}, {"players_only", kFlag}},
       1,
       Access::everyone,
       occupants,
       "list of objects",
       "Those of the objects that are players; or those that descend from one of the kinds, and "
       "if asked, are players too. E_TYPE for what is no object."},
  };
  return kRows;
}

}  // namespace cosmoo
