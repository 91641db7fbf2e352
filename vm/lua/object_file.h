// Reading an object's file: Lua that describes one object. See ../world_files.h for the form.
//
// It runs in a Lua of its own, with nothing but the form's words and within bounds of steps and
// memory: a file cannot reach a world, and any thread may read one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/object_source.h"

namespace cosmoo {

/// The object of a system name, if there is one.
using ResolveName = std::function<std::optional<ObjectId>(std::string_view)>;

struct ObjectFile {
  ObjectSource object;
  std::vector<std::string> problems;  ///< "FILE:LINE: what is wrong"; none: the file is right.
};

/// What is wrong with one statement does not keep the others from being looked at; a file that is
/// no Lua has one problem.
ObjectFile read_object_file(std::string_view text, const std::string& file_name,
                            const ResolveName& resolve);

}  // namespace cosmoo
