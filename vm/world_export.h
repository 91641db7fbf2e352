// From a world to what is written into a folder.
#pragma once

#include "vm/world/world.h"
#include "vm/world_files.h"

namespace cosmoo {

/// The names that objects have in files (rule 1 of world_files.h), #0's "system" among them.
ObjectNames file_names(const World& world);

/// Whether what is at `location` stands in the order of its numbers: then no file tells when any of
/// it arrived.
bool in_order_of_numbers(const World& world, ObjectId location);

/// All objects. It shares their values and copies the rest: other threads may write it.
FolderPlan export_world(const World& world);
/// Some of them, each once. E_INVARG: one does not exist.
Result<FolderPlan> export_objects(const World& world, const std::vector<ObjectId>& objects);

}  // namespace cosmoo
