// Reading an object's file: Lua that describes one object. See ../world_files.h for the form.
#pragma once

#include "vm/lua/runtime.h"

namespace cosmoo::lua {

using ResolveName = std::function<std::optional<ObjectId>(std::string_view)>;

/// For use in a protected call: raises "FILE:LINE: what is wrong" as a string.
void read_object_file(lua_State* L, std::string_view text, const std::string& file_name,
                      const ResolveName& resolve, ObjectSource& into);

}  // namespace cosmoo::lua
