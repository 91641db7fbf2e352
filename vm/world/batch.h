// Batches joined: what changed later overtakes what was not written yet.
#pragma once

#include "vm/world/world.h"

namespace cosmoo {

/// Adds `newer` to `older`: at most one row for each object, property, verb list and planned call
/// remains, the newest; a recycled object's properties and verbs go with it.
void merge(Changes& older, Changes newer);

/// Takes out what says of objects that they are gone and which the file never had: their numbers
/// are above `highest`. Else a batch that cannot be written would grow with each that comes and
/// goes.
void drop_unstored(Changes& batch, std::int64_t highest);

}  // namespace cosmoo
