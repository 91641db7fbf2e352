// Access frames: whatever can be executed, by paths in one tree.
//
// A frame names what it stands for and which module reaches it: `dlib` a library, `dlsym` a
// function of the library that is its parent, `exec` a program, `moxie` a guest. The modules are
// frames themselves, and so are what opens and closes them: "dlsym/open", "dlsym/close".
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/frame/host/protocol.h"
#include "sandbox/job.h"

namespace cosmoo::sandbox {

enum class ExecType {
  none,             ///< Not to be executed: a folder, a library, plain bytes.
  built_in,         ///< A function of this server: what opens or closes frames.
  module_supported  ///< Its module opens, runs and closes it.
};
/// "none", "built-in", "module-supported"
std::string_view to_string(ExecType type);
std::optional<ExecType> exec_type_of(std::string_view text);

enum class Module { none, dlib, dlsym, exec, moxie };
/// "dlib", "dlsym", "exec", "moxie"; empty: none.
std::string_view to_string(Module module);
std::optional<Module> module_of(std::string_view text);

/// How calls of a library's functions are kept apart.
using frame_host::Isolation;
std::string_view to_string(Isolation isolation);
std::optional<Isolation> isolation_of(std::string_view text);

/// Who has put a frame into the tree.
enum class Origin {
  built_in,       ///< The modules, and what opens and closes.
  configuration,  ///< Stays as long as the server runs.
  world,          ///< Somebody in the world, who may take it out again.
  parent          ///< Nobody: its parent knows it.
};
std::string_view to_string(Origin origin);

struct Frame {
  std::string aframe_id;  ///< Its path: "pathto/somemod/mapfn".
  std::string par;        ///< The path above; empty at the top.
  ExecType exectype = ExecType::none;
  Module module_id = Module::none;
  /// What the module looks for: a file of a library, the name of a symbol, program or guest; of a
  /// guest's function GUEST/FUNCTION.
  std::string addr;
  std::optional<std::string> value;       ///< Bytes of its own, for who maps it.
  Isolation isolation = Isolation::call;  ///< Of a library's functions.
  std::string profile;                    ///< Of them too; empty: the usual one.
  Origin origin = Origin::world;

  bool operator==(const Frame&) const = default;
};

/// A frame while it is open.
struct Opening {
  std::uint64_t opens = 0;                        ///< So many have yet to close it.
  std::map<std::int64_t, std::uint64_t> openers;  ///< By owner.
  std::chrono::system_clock::time_point since;
  /// What it was opened to: the address of a library or function in the process that has it.
  std::string value;
};

/// Why `path` cannot be one of a frame, or null: its parts are not empty, "." or "..", have no
/// control characters, and there are at most 32 of them with 1,024 bytes.
const char* objection_to_path(std::string_view path);

/// The path above, empty at the top.
std::string_view parent_of(std::string_view path);

}  // namespace cosmoo::sandbox
