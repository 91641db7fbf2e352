// A world in files: one Lua file an object, so that a world's code lives in an editor and in git.
//
//   object { name = "generic room", parents = { "root" }, flags = "fertile" }
//
//   property { "description", "A bare room.", perms = "rc" }
//
//   verb { "l*ook", "none none none", perms = "rxd", function()
//     player:tell(this.description)
//   end }
//
// A file's name is the object's system name: room.lua describes $room, system.lua #0 itself. Values
// may name other objects by ref "name". The lines between `function()` and `end` are the verb's
// code, less two spaces of indentation; they may use everything that a verb may.
#pragma once

#include <filesystem>

#include "vm/engine.h"

namespace cosmoo {

struct WorldFiles {
  std::size_t objects = 0;  ///< Described by the folder's files.
  std::size_t created = 0;  ///< Of these: not there before.
  std::size_t verbs = 0;    ///< Added or changed.
};

/// Brings the world in line with the folder's *.lua files; nothing is changed unless all of them
/// are right by themselves. (A new property that clashes with one that somebody defined on a
/// descendant is found only while they are applied, and stops that.) What is missing is made; verbs
/// get the files' code; values of properties that are there already stay, and what no file mentions
/// stays too. Everything is owned by the object `first_wizard`. Errors: E_FILE (the folder cannot
/// be read), E_INVARG ("FILE:LINE: what is wrong").
Result<WorldFiles> load_world_files(const std::filesystem::path& folder, World& world,
                                    Engine& engine);

}  // namespace cosmoo
