// Batches joined: what changed later overtakes what was not written yet.
#pragma once

#include "vm/world/world.h"

namespace cosmoo {

/// Adds `newer` to `older`: at most one row for each object, property, verb list and planned call
/// remains, the newest; a recycled object's properties and verbs go with it.
void merge(Changes& older, Changes newer);

}  // namespace cosmoo
