// What owners have, and may have.
#include "vm/world/quota.h"

#include "builtins/common.h"
#include "builtins/families.h"
#include "builtins/quota.h"

namespace cosmoo {
namespace {

std::optional<std::int64_t> objects_left(World& world, ObjectId owner) {
  return quota_property(world, owner, world.symbols().intern("ownership_quota"));
}

void change_quota(World& world, ObjectId owner, std::int64_t left) {
  // A slot that is only inherited becomes the owner's own, and stays the wizard's.
  (void)world.set_property(owner, world.symbols().intern("ownership_quota"), Value(left));
}

Outcome quota(Call& call) {
  World& world = call.services().world;
  const ObjectId owner = call.has(0) ? call[0].object() : call.programmer();
  if (auto object = need_object(world, owner); !object) return object.error();
  if (auto allowed = need_authority_of(call, owner); !allowed) return allowed.error();
  const Holdings holdings = world.holdings(owner);
  Map map;
  map.emplace(Value("objects"), Value(holdings.objects));
  map.emplace(Value("bytes"), Value(holdings.bytes + holdings.names));
  if (const auto limit = byte_limit(world, owner)) map.emplace(Value("byte_quota"), Value(*limit));
  if (const auto left = objects_left(world, owner)) {
    map.emplace(Value("ownership_quota"), Value(*left));
  }
  return Value(std::move(map));
}

Outcome object_bytes(Call& call) {
  auto object = need_control(call, call[0].object());
  if (!object) return object.error();
  return Value((*object)->bytes);
}

}  // namespace

Result<void> take_from_quota(World& world, ObjectId owner) {
  const auto left = objects_left(world, owner);
  if (!left) return {};
  if (*left <= 0) {
    return fail(ErrorCode::quota, to_string(owner) +
                                      " may make no more objects: its "
                                      "ownership_quota is " +
                                      std::to_string(*left));
  }
  change_quota(world, owner, *left - 1);
  return {};
}

void give_to_quota(World& world, ObjectId owner) {
  const auto left = objects_left(world, owner);
  if (left && *left < INT64_MAX) change_quota(world, owner, *left + 1);
}

std::span<const Builtin> quota_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"quota",
       {{"owner", kObject}},
       0,
       Access::everyone,
       quota,
       "map",
       "What somebody, or you, owns: how many objects, and the bytes that they, their properties "
       "and verbs occupy; byte_quota is how many bytes there may be, ownership_quota how many more "
       "objects may be made, where there is such a limit. Wizards set both as integer properties "
       "of those names that they own themselves. E_PERM for others than wizards; E_INVARG if there "
       "is no such owner."},
      {"object_bytes",
       {{"object", kObject}},
       1,
       Access::everyone,
       object_bytes,
       "integer",
       "Roughly the bytes that an object occupies, with its own properties and verbs. E_PERM "
       "unless it is yours; E_INVARG if there is none."},
  };
  return kRows;
}

}  // namespace cosmoo
