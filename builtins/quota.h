// MOO's quota of objects: how many somebody may still make.
#pragma once

#include "builtins/services.h"

namespace cosmoo {

/// Takes one from the owner's `ownership_quota`, if a wizard has set one on it (quota.h): E_QUOTA
/// when there is none left.
Result<void> take_from_quota(World& world, ObjectId owner);
/// Gives one back.
void give_to_quota(World& world, ObjectId owner);

}  // namespace cosmoo
