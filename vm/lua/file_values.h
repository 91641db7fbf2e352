// Values in an object's file: what Lua's own literals cannot say, the words of this table do.
//
//   #12, $room                 objects (toobj(12), and a name of the system object)
//   E_PERM                     an error with nothing besides its code
//   failure(E_PERM, "why", v)  an error with a message of its own, and what it carries
//   map {}                     an empty map; {} is an empty list
//   map { { key, value } }     a map whose keys a Lua table would change or not keep
//   list { n = 3, 1, nil, 3 }  a list with nil in it
//   stored "01..."             anything else, as the store's bytes (world/codec.h) in hexadecimal
//   math.huge math.mininteger
#pragma once

#include <lua5.4/lua.hpp>
#include <optional>

#include "vm/value.h"

namespace cosmoo::lua {

/// Adds these words to the table on top of the stack.
void add_file_values(lua_State* L);

/// The value that a word or a literal made. Errors: E_TYPE and E_QUOTA, with what is wrong.
Result<Value> file_value(lua_State* L, int index);

void push_file_object(lua_State* L, ObjectId id);
std::optional<ObjectId> file_object(lua_State* L, int index);

}  // namespace cosmoo::lua
