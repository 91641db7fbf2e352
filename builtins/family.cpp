// Who inherits from whom.
#include "builtins/bounds.h"
#include "builtins/common.h"
#include "builtins/families.h"
#include "vm/world/quota.h"

namespace cosmoo {
namespace {

Outcome chparents(Call& call) {
  World& world = call.services().world;
  const ObjectId id = call[0].object();
  if (auto object = need_control(call, id); !object) return object.error();
  auto parents = read_parents(call, call[1]);
  if (!parents) return parents.error();
  if (!world.is_wizard(call.programmer())) {
    if (const auto limit = limit_lost_with(world, id, *parents)) {
      return Error(ErrorCode::perm, to_string(id) + " would lose " +
                                        world.symbols().name_of(*limit) +
                                        ", a limit that wizards have set");
    }
  }
  call.spend(work_on_family(world, id));
  return outcome(world.set_parents(id, *parents));
}

Outcome parent(Call& call) {
  auto object = need_object(call.services().world, call[0].object());
  if (!object) return object.error();
  const auto& parents = (*object)->parents;
  return Value(parents.empty() ? kNothing : parents.front());
}

Outcome parents(Call& call) {
  auto object = need_object(call.services().world, call[0].object());
  if (!object) return object.error();
  return object_list((*object)->parents);
}

Outcome children(Call& call) {
  auto object = need_object(call.services().world, call[0].object());
  if (!object) return object.error();
  return object_list((*object)->children);
}

// A line of objects that begins with call[0], with or without it.
Outcome family_line(Call& call, std::vector<ObjectId> (World::*line_of)(ObjectId) const) {
  const World& world = call.services().world;
  if (auto object = need_object(world, call[0].object()); !object) return object.error();
  std::vector<ObjectId> line = (world.*line_of)(call[0].object());
  if (!is_on(call[1])) line.erase(line.begin());
  return object_list(line);
}

Outcome ancestors(Call& call) { return family_line(call, &World::ancestry); }

Outcome descendants(Call& call) { return family_line(call, &World::with_descendants); }

// The first of the given objects that call[0] is or descends from.
Outcome isa(Call& call) {
  const World& world = call.services().world;
  const ObjectId id = call[0].object();
  const auto is_it = [&](const Value& given) {
    return given.is_object() && world.is_a(id, given.object());
  };
  ObjectId found = kNothing;
  if (call[1].is_object()) {
    if (is_it(call[1])) found = call[1].object();
  } else {
    const List& given = call[1].list();
    if (!afford(call, work_on_lines(given.size()))) return Value();
    const auto it = std::find_if(given.begin(), given.end(), is_it);
    if (it != given.end()) found = it->object();
  }
  if (is_on(call[2])) return Value(found);
  return Value(found != kNothing);
}

}  // namespace

std::span<const Builtin> family_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"chparents",
       {{"object", kObject}, {"parents", kObject | kList}},
       2,
       Access::programmer,
       chparents,
       "nothing",
       "Gives an object other parents. Properties that it no longer inherits are gone, with its "
       "values of them. E_RECMOVE if it would be its own ancestor; E_INVARG for an object that "
       "does not exist, a parent that is there twice, or a property that would be defined twice; "
       "E_PERM unless it is yours and each parent is fertile or yours."},
      {"chparent",
       {{"object", kObject}, {"parent", kObject}},
       2,
       Access::programmer,
       chparents,
       "nothing",
       "Gives an object another parent, or none (#-1), in the place of all it had. Errors as "
       "chparents()."},
      {"parent",
       {{"object", kObject}},
       1,
       Access::everyone,
       parent,
       "object",
       "An object's first parent, #-1 if it has none. E_INVARG if there is no such object."},
      {"parents",
       {{"object", kObject}},
       1,
       Access::everyone,
       parents,
       "list of objects",
       "An object's parents. E_INVARG if there is no such object."},
      {"children",
       {{"object", kObject}},
       1,
       Access::everyone,
       children,
       "list of objects",
       "The objects that have this one as a parent. E_INVARG if there is no such object."},
      {"ancestors",
       {{"object", kObject}, {"itself_too", kFlag}},
       1,
       Access::everyone,
       ancestors,
       "list of objects",
       "All that an object inherits from, nearest first; if asked for, with itself in front. "
       "E_INVARG if there is no such object."},
      {"descendants",
       {{"object", kObject}, {"itself_too", kFlag}},
       1,
       Access::everyone,
       descendants,
       "list of objects",
       "All that inherits from an object, nearest first; if asked for, with itself in front. "
       "E_INVARG if there is no such object."},
      {"isa",
       {{"object", kObject}, {"ancestors", kObject | kList}, {"which", kFlag}},
       2,
       Access::everyone,
       isa,
       "boolean | object",
       "Whether the first object is the second, or one of a list, or descends from it. If asked "
       "which, it returns the one it met, or #-1. What does not exist is nobody's descendant."},
  };
  return kRows;
}

}  // namespace cosmoo
