// Objects: making, ending and numbering them; players.
#include "builtins/common.h"
#include "builtins/families.h"
#include "builtins/quota.h"
#include "vm/world/quota.h"

namespace cosmoo {
namespace {

// --- create

Outcome create(Call& call) {
  World& world = call.services().world;
  auto parents = read_parents(call, call[0]);
  if (!parents) return parents.error();
  const ObjectId owner = call.has(1) ? call[1].object() : call.programmer();
  if (auto allowed = need_authority_of(call, owner); !allowed) return allowed.error();
  if (owner != kNothing) {
    if (auto object = need_object(world, owner); !object) return object.error();
  }
  const auto bytes = World::kObjectBytes + World::kParentBytes * std::ssize(*parents);
  const ObjectId holder = owner == kNothing ? call.programmer() : owner;
  if (auto room = check_room(world, holder, call.programmer(), bytes); !room) return room.error();
  std::vector<Value> arguments;
  if (call.has(2)) {
    const List& given = call[2].list();
    arguments.assign(given.begin(), given.end());
  }
  if (auto taken = take_from_quota(world, owner); !taken) return taken.error();
  auto made = world.create(*parents, owner);
  if (!made) {
    give_to_quota(world, owner);
    return made.error();
  }
  return CallVerb{*made, "initialize", std::move(arguments),
                  [id = *made](Call&, const auto&) -> Outcome { return Value(id); }};
}

// --- recycle: each step asks anew who may, for verbs were called in between

// All that could be asked has been: nothing here calls a verb.
Outcome end_object(Call& call, ObjectId id) {
  World& world = call.services().world;
  auto object = need_control(call, id);
  if (!object) return object.error();
  call.spend(work_on_family(world, id));
  give_to_quota(world, (*object)->owner);
  auto done = world.recycle(id);
  if (done) call.services().connections.boot(id);
  return outcome(std::move(done));
}

// The contents leave one by one, and then the object its place: each place's :exitfunc is told.
Outcome empty_object(Call& call, ObjectId id) {
  World& world = call.services().world;
  auto object = need_control(call, id);
  if (!object) return object.error();
  if (!(*object)->contents.empty() && world.find_verb(id, "exitfunc")) {
    const ObjectId thing = (*object)->contents.back();
    if (auto moved = world.move(thing, kNothing); !moved) return moved.error();
    return CallVerb{id, "exitfunc", {Value(thing)}, [id](Call& next, const auto&) {
                      return empty_object(next, id);
                    }};
  }
  const ObjectId place = (*object)->location;
  if (auto moved = world.move(id, kNothing); !moved) return moved.error();
  return CallVerb{place, "exitfunc", {Value(id)}, [id](Call& next, const auto&) {
                    return end_object(next, id);
                  }};
}

Outcome recycle(Call& call) {
  const ObjectId id = call[0].object();
  if (auto object = need_control(call, id); !object) return object.error();
  return CallVerb{
      id, "recycle", {}, [id](Call& next, const auto&) { return empty_object(next, id); }};
}

// --- numbers

Outcome renumber(Call& call) {
  World& world = call.services().world;
  const ObjectId id = call[0].object();
  if (auto object = need_object(world, id); !object) return object.error();
  if (call.services().connections.connected(id)) {
    return Error(ErrorCode::invarg, to_string(id) + " is connected; boot_player() it first");
  }
  call.spend(work_on_all(world));
  return outcome(world.renumber(id));
}

Outcome reset_max_object(Call& call) {
  call.services().world.reset_max_object();
  return Value();
}

Outcome valid(Call& call) { return Value(call.services().world.valid(call[0].object())); }

Outcome max_object(Call& call) { return Value(call.services().world.max_object()); }

Outcome objects(Call& call) { return object_list(call.services().world.all()); }

Outcome owned_objects(Call& call) {
  const World& world = call.services().world;
  const ObjectId owner = call[0].object();
  if (auto object = need_object(world, owner); !object) return object.error();
  call.spend(work_on_all(world));
  return object_list(world.owned_by(owner));
}

// --- players

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
  const bool on = is_on(call[1]);
  auto done = world.set_flag(call[0].object(), kPlayer, on);
  if (done && !on) call.services().connections.boot(call[0].object());
  return outcome(std::move(done));
}

// match_object("sword"): the object that a player means by a name.
Outcome match_name(Call& call) {
  return Value(match_object(call.services().world, call.player(), call[0].string()));
}

}  // namespace

std::span<const Builtin> object_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"create",
       {{"parents", kObject | kList}, {"owner", kObject}, {"arguments", kList}},
       1,
       Access::programmer,
       create,
       "object",
       "Makes an object with that parent, or list of parents (#-1: none), and calls its "
       ":initialize(arguments...) if it has one. An owner of #-1 makes it its own. E_PERM unless "
       "each parent is fertile or yours; only wizards make objects for others. E_INVARG for a "
       "parent that does not exist, or two that define a property of one name. E_QUOTA: see "
       "quota()."},
      {"recycle",
       {{"object", kObject}},
       1,
       Access::programmer,
       recycle,
       "nothing",
       "Ends an object for good. Its :recycle is called first. What is in it moves to nowhere, "
       "with a call of its :exitfunc for each, and then it leaves its own place, whose :exitfunc "
       "is called too; its children go to its parents, and a player is disconnected. E_PERM "
       "unless it is yours; E_INVARG if there is none, or a verb has recycled it meanwhile."},
      {"renumber",
       {{"object", kObject}},
       1,
       Access::wizard,
       renumber,
       "object",
       "Gives an object the lowest number that is free and still owns nothing, and returns it. "
       "Parents, children, places and what it owns follow; values and code that name the old "
       "number do not. E_INVARG if "
       "there is no such object or it is connected."},
      {"reset_max_object",
       {},
       0,
       Access::wizard,
       reset_max_object,
       "nothing",
       "Lets the next object have the number after the highest that is in use or still owns "
       "something, even if there were higher ones once."},
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
      {"objects",
       {},
       0,
       Access::wizard,
       objects,
       "list of objects",
       "Every object of the world, by number."},
      {"owned_objects",
       {{"owner", kObject}},
       1,
       Access::everyone,
       owned_objects,
       "list of objects",
       "The objects that belong to somebody, by number. E_INVARG if there is no such owner."},
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
       "Whether an object is a player. E_INVARG if there is none."},
      {"set_player_flag",
       {{"object", kObject}, {"on", kFlag}},
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
  };
  return kRows;
}

}  // namespace cosmoo
