// From a folder's files to the world. See world_files.h for their form.
#pragma once

#include "vm/world/world.h"
#include "vm/world_files.h"

namespace cosmoo {

enum class ImportMode {
  /// What is missing is made, verbs get the files' code; values, owners and places that are there
  /// already stay, and so does what no file mentions.
  update,
  /// Every object that a file describes becomes as it says, and has nothing else. Names of objects
  /// (on #0) that no file mentions stay, and passwords.
  replace,
};

struct ImportReport {
  std::size_t objects = 0;  ///< Described by the folder's files.
  std::size_t created = 0;  ///< Of these: not there before.
  std::size_t verbs = 0;    ///< Added or changed.
};

/// All files, or nothing of them: the world is not touched unless it will be in order with all that
/// the files say. A file's object is the one of its name; then, for o12.lua, #12; then a new one,
/// with the number in world.index if that is free. Error: E_INVARG with everything that is wrong, a
/// line each, "FILE:LINE: what is wrong".
Result<ImportReport> import_world(const FolderTexts& folder, World& world, ImportMode mode);

/// read_folder() and import_world().
Result<ImportReport> import_folder(const std::filesystem::path& folder, World& world,
                                   ImportMode mode);

}  // namespace cosmoo
