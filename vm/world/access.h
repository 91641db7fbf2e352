// Properties as scripts reach them: built-in ones and defined ones, with MOO's permissions.
//
// Whoever lets a script read or write a property calls these; nothing else decides permissions.
// Errors: E_INVIND (no such object), E_PROPNF, E_PERM, E_TYPE and E_INVARG (a built-in property
// given something it cannot be). Each message names the object and the property.
#pragma once

#include "vm/world/world.h"

namespace cosmoo {

Result<Value> read_property(const World& world, ObjectId object, Symbol name, ObjectId programmer);

Result<void> write_property(World& world, ObjectId object, Symbol name, Value value,
                            ObjectId programmer);

/// The stored value for changing in place, after the checks of write_property. Good until the next
/// change of the world. Built-in properties cannot be changed in place: E_TYPE.
Result<Value*> update_property(World& world, ObjectId object, Symbol name, ObjectId programmer);

}  // namespace cosmoo
