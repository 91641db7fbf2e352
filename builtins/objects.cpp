// Objects: making, ending, moving and relating them.
#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

// One parent or a list of them; #-1 is none.
Result<std::vector<ObjectId>> read_parents(const Call& call, const Value& given) {
  std::vector<ObjectId> parents;
  if (given.is_object()) {
    if (given.object() != kNothing) parents.push_back(given.object());
  } else {
    for (const Value& item : given.list()) {
      if (!item.is_object()) {
        return fail(ErrorCode::type,
                    "a parent is an object, not " + std::string(name_of(item.type())));
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

Outcome create(Call& call) {
  World& world = call.services().world;
  auto parents = read_parents(call, call[0]);
  if (!parents) return parents.error();
  const ObjectId owner = call.has(1) ? call[1].object() : call.programmer();
  if (auto allowed = need_authority_of(call, owner); !allowed) return allowed.error();
  return outcome(world.create(*parents, owner));
}

Outcome recycle(Call& call) {
  const ObjectId id = call[0].object();
  if (auto object = need_control(call, id); !object) return object.error();
  if (call.services().connections.connected(id)) {
    return Error(ErrorCode::invarg, to_string(id) + " is connected; boot_player() it first");
  }
  return outcome(call.services().world.recycle(id));
}

Outcome chparents(Call& call) {
  const ObjectId id = call[0].object();
  if (auto object = need_control(call, id); !object) return object.error();
  auto parents = read_parents(call, call[1]);
  if (!parents) return parents.error();
  return outcome(call.services().world.set_parents(id, *parents));
}

Outcome move(Call& call) {
  const ObjectId id = call[0].object();
  if (auto object = need_control(call, id); !object) return object.error();
  const ObjectId where = call[1].object();
  if (where != kNothing) {
    if (auto place = need_object(call.services().world, where); !place) return place.error();
  }
  return outcome(call.services().world.move(id, where));
}

Outcome valid(Call& call) { return Value(call.services().world.valid(call[0].object())); }

Outcome max_object(Call& call) { return Value(call.services().world.max_object()); }

Outcome isa(Call& call) {
  return Value(call.services().world.is_a(call[0].object(), call[1].object()));
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

Outcome ancestors(Call& call) {
  auto object = need_object(call.services().world, call[0].object());
  if (!object) return object.error();
  auto line = call.services().world.ancestry(call[0].object());
  line.erase(line.begin());
  return object_list(line);
}

Outcome players(Call& call) { return object_list(call.services().world.players()); }

Outcome find_player(Call& call) {
  const auto player = call.services().world.find_player(call[0].string());
  return Value(player.value_or(kNothing));
}

Outcome is_player(Call& call) {
  auto object = need_object(call.services().world, call[0].object());
  if (!object) return object.error();
  return Value((*object)->is(kPlayer));
}

Outcome set_player_flag(Call& call) {
  World& world = call.services().world;
  const bool on = call[1].boolean();
  auto done = world.set_flag(call[0].object(), kPlayer, on);
  if (done && !on) call.services().connections.boot(call[0].object());
  return outcome(std::move(done));
}

// match_object("sword"): the object that a player means by a name.
Outcome match_name(Call& call) {
  return Value(match_object(call.services().world, call.player(), call[0].string()));
}

Outcome objects(Call& call) { return object_list(call.services().world.all()); }

}  // namespace

std::span<const Builtin> object_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"create",
       {{"parents", kObject | kList}, {"owner", kObject}},
       1,
       Access::programmer,
       create,
       "object",
       "Makes an object with that parent, or list of parents (#-1: none). E_PERM unless each is "
       "fertile or yours; only wizards make objects for others."},
      {"recycle",
       {{"object", kObject}},
       1,
       Access::programmer,
       recycle,
       "nothing",
       "Ends an object for good: its children go to its parents, what is in it to nowhere. E_PERM "
       "unless it is yours."},
      {"chparents",
       {{"object", kObject}, {"parents", kObject | kList}},
       2,
       Access::programmer,
       chparents,
       "nothing",
       "Gives an object other parents. E_RECMOVE if it would be its own ancestor; E_INVARG if a "
       "property would then be defined twice; E_PERM as for create()."},
      {"move",
       {{"object", kObject}, {"where", kObject}},
       2,
       Access::programmer,
       move,
       "nothing",
       "Puts an object into another, or nowhere (#-1). E_RECMOVE if that is in it; E_PERM unless "
       "it is yours."},
      {"valid",
       {{"object", kObject}},
       1,
       Access::everyone,
       valid,
       "boolean",
       "Whether the object exists."},
      {"max_object",
       {},
       0,
       Access::everyone,
       max_object,
       "object",
       "The highest number that an object ever had."},
      {"isa",
       {{"object", kObject}, {"ancestor", kObject}},
       2,
       Access::everyone,
       isa,
       "boolean",
       "Whether the first object is the second or descends from it."},
      {"parents",
       {{"object", kObject}},
       1,
       Access::everyone,
       parents,
       "list of objects",
       "An object's parents."},
      {"children",
       {{"object", kObject}},
       1,
       Access::everyone,
       children,
       "list of objects",
       "The objects that have this one as a parent."},
      {"ancestors",
       {{"object", kObject}},
       1,
       Access::everyone,
       ancestors,
       "list of objects",
       "All that an object inherits from, nearest first."},
      {"players",
       {},
       0,
       Access::everyone,
       players,
       "list of objects",
       "All players, connected or not."},
      {"find_player",
       {{"name", kString}},
       1,
       Access::everyone,
       find_player,
       "object",
       "The player of that name or alias, #-1 if there is none."},
      {"is_player",
       {{"object", kObject}},
       1,
       Access::everyone,
       is_player,
       "boolean",
       "Whether an object is a player."},
      {"set_player_flag",
       {{"object", kObject}, {"on", kBoolean}},
       2,
       Access::wizard,
       set_player_flag,
       "nothing",
       "Makes an object a player, or no player any more; then it is disconnected too."},
      {"match_object",
       {{"name", kString}},
       1,
       Access::everyone,
       match_name,
       "object",
       "What the player means by a name: me, here, #4, or something at hand. #-1 for an empty "
       "name, "
       "#-2 if it could be several, #-3 if it is none."},
      {"objects",
       {},
       0,
       Access::wizard,
       objects,
       "list of objects",
       "Every object of the world, by number."},
  };
  return kRows;
}

}  // namespace cosmoo
