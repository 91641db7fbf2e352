// How much an owner may hold: MOO's quota, in bytes.
//
// Rules
//  1. Whatever is written counts for the owner of the object it is written to (rule 8 of world.h).
//  2. The limit is the owner's property `byte_quota`, if a wizard owns its slot and it is an
//  integer:
//     so many bytes, none at all if it is negative. Else it is World::owner_bytes().
//  3. What wizards write is never refused, nor what makes nothing larger.
#pragma once

#include <optional>

#include "vm/world/world.h"

namespace cosmoo {

/// A number that a wizard has set on somebody: an integer property whose slot a wizard owns, so
/// that nobody can raise its own.
std::optional<std::int64_t> quota_property(const World& world, ObjectId owner, Symbol name);

/// Whether `name` is one of the properties by which wizards limit what somebody may use (these, and
/// those of allowances.h), and is a wizard's on this object: then nobody else may take it away.
bool is_wizards_limit(const World& world, ObjectId object, Symbol name);
/// The first such property that the object would lose with these parents; none: it keeps all.
std::optional<Symbol> limit_lost_with(const World& world, ObjectId object,
                                      const std::vector<ObjectId>& parents);

/// None: no limit.
std::optional<std::int64_t> byte_limit(const World& world, ObjectId owner);

/// E_QUOTA if `programmer` may not add so many bytes to what `owner` holds; says how much it has.
Result<void> check_room(const World& world, ObjectId owner, ObjectId programmer, std::int64_t more);

}  // namespace cosmoo
