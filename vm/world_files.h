// A world in files: a folder with one Lua file an object, so that a world's code lives in an editor
// and in git.
//
//   -- Lines of -- right above a statement are kept when the file is written again.
//   object { name = "generic room", parents = { "root" }, flags = "fertile" }
//
//   property { "description", "A bare room.", perms = "rc" }
//
//   verb { "l*ook", "none none none", perms = "rxd", function()
//     player:tell(this.description)
//   end }
//
// Rules
//  1. room.lua describes $room, system.lua #0 itself, o12.lua the object #12. A name is one if it
//  is
//     an identifier and $NAME an object; the first in the alphabet, if an object has several.
//  2. Parents, owners and locations are "room" or #12; values may be anything that a world holds
//     (the words for what Lua's literals cannot say are in lua/file_values.h).
//  3. Left out, an object is owned by $first_wizard, what is on it by its owner; a property has the
//     permissions r (or what it inherits), a verb rxd, and its arguments are this none this.
//  4. The lines between `function()` and `end` are the verb's code, less two spaces of indentation.
//     Code that would not be read again as it is stands in `code = "..."`; `unchecked = true` keeps
//     what does not compile.
//  5. cosmoo.lua is no object: it describes the builtins to editors. world.index holds the numbers
//     of the objects and says which files an export wrote. Files with other endings are left alone.
//  6. Properties called `password` never leave the world, and are never read from files.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vm/error.h"
#include "vm/object_source.h"

namespace cosmoo {

/// The text of world.index: which number belongs to which file.
struct FolderIndex {
  std::map<std::string, ObjectId> numbers;  ///< By system name, or "o12".
  std::int64_t last = -1;                   ///< The highest number ever used.
};

/// A folder as it was found on the disk; any thread may read one.
struct FolderTexts {
  struct File {
    std::string name;       ///< "room.lua"
    std::string described;  ///< "room"
    std::string text;
  };
  std::vector<File> files;  ///< In the order of their names.
  std::optional<FolderIndex> index;
};

/// E_FILE: it cannot be read; a link in it is not followed, but refused.
Result<FolderTexts> read_folder(const std::filesystem::path& folder);

/// What to write into a folder.
struct FolderPlan {
  struct File {
    std::string described;
    ObjectSource source;
  };
  std::vector<File> files;
  ObjectNames names;  ///< Of every object that has one.
  FolderIndex index;
  /// Whether these are all there are: files of earlier exports that describe none of them go.
  enum class Extent { whole, part } extent = Extent::whole;
};

/// Whether files that no export wrote may be written over.
enum class Overwrite { own_files, all };
/// Whether world.index is kept: without one, the objects are made with new numbers elsewhere.
enum class Index { keep, none };

struct FolderReport {
  std::size_t objects = 0;
  std::size_t written = 0;  ///< Files that were new or different.
  std::size_t removed = 0;
};

/// Makes the folder (not what it is in) if it is not there, writes what differs, and removes what
/// an earlier export wrote and this one does not. Everything is on the disk under another name
/// before the first file is replaced. Any thread may; no two at once in one folder. E_FILE: it
/// cannot be written, or a file that differs was not written by an export; then nothing is changed.
Result<FolderReport> write_folder(const std::filesystem::path& folder, const FolderPlan& plan,
                                  Overwrite overwrite, Index index);

/// "o12" is #12; none if it is no such word.
std::optional<ObjectId> numbered_file(std::string_view described);
/// Whether a system object's property of this name names a file (rules 1 and 5).
bool names_a_file(std::string_view name);

}  // namespace cosmoo
