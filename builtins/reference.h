// What the table of builtins says, for people and for editors. The texts are checked in beneath
// scripts/, and a test fails when they no longer say what the table does.
#pragma once

#include <string>

#include "vm/builtin.h"

namespace cosmoo {

/// scripts/BUILTINS.md: every builtin under its family's heading, in the table's order.
std::string reference_page(const BuiltinTable& table);

/// scripts/cosmoo.lua: the builtins, the error codes and the variables of a verb with their types,
/// in the annotations of the Lua language server. It is Lua that is never run.
std::string editor_stubs(const BuiltinTable& table);

}  // namespace cosmoo
