// What may be executed: names beneath one directory, opened once, checked and run by descriptor.
//
// Rules: (1) a name never leads out of the directory, by itself or through a symbolic link;
// (2) what was checked is what runs: an Executable holds the opened file, not its name;
// (3) a refusal is bad_argument with a message that says what was wrong with which name.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/job.h"
#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

/// A program that was found and may be started, once or often. Renaming, replacing or unlinking
/// its name afterwards changes nothing.
struct Executable {
  std::string name;         ///< As it was asked for.
  UniqueFd fd;              ///< The opened file, number 3 or above, close-on-exec.
  bool is_script = false;   ///< Begins with "#!".
  std::string interpreter;  ///< Of a script: the program on its first line.

  /// Another handle on the same opened file; fails for want of descriptors.
  tl::expected<Executable, StartError> duplicate() const;
};

class ExecutableDirectory {
 public:
  /// Fails (system) when `path` cannot be opened as a directory.
  static tl::expected<ExecutableDirectory, StartError> open(const std::filesystem::path& path);

  /// Looks `name` up anew. Symbolic links are followed as long as they stay beneath.
  tl::expected<Executable, StartError> find(std::string_view name) const;

  /// Every name that find() accepts, sorted, sub-directories included; the first `most` met.
  std::vector<std::string> names(std::size_t most = 1000) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  ExecutableDirectory(std::filesystem::path path, UniqueFd fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}
  void collect(const std::string& prefix, int depth, std::size_t most,
               std::vector<std::string>& names) const;

  std::filesystem::path path_;
  UniqueFd fd_;
};

}  // namespace cosmoo::sandbox
