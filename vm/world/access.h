// Properties as scripts reach them: built-in ones and defined ones, with MOO's permissions.
//
// Whoever lets a script read or write a property calls these; nothing else decides permissions.
// Errors: E_INVIND (no such object), E_PROPNF, E_PERM, E_TYPE and E_INVARG (a built-in property
// given something it cannot be), E_QUOTA (quota.h). Each message names the object and the property.
#pragma once

#include <functional>

#include "vm/world/world.h"

namespace cosmoo {

Result<Value> read_property(const World& world, ObjectId object, Symbol name, ObjectId programmer);
/// The stored value of a property that is not built in. Good until the next change of the world.
Result<const Value*> stored_property(const World& world, ObjectId object, Symbol name,
                                     ObjectId programmer);

Result<void> write_property(World& world, ObjectId object, Symbol name, Value value,
                            ObjectId programmer);

/// The stored value for changing in place, after the checks of write_property. Good until the next
/// change of the world. Built-in properties cannot be changed in place: E_TYPE. `growth` says by
/// how many bytes the caller will make the value larger, or why it cannot: then nothing has
/// changed.
using Growth = std::function<Result<std::int64_t>(const Value& now)>;
Result<Value*> update_property(World& world, ObjectId object, Symbol name, ObjectId programmer,
                               const Growth& growth);

}  // namespace cosmoo
