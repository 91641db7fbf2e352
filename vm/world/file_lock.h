// A lock that says "this world is in use", held by one process at a time.
#pragma once

#include <filesystem>

#include "vm/error.h"

namespace cosmoo {

/// Holds `file` locked while it lives; the system lets go of it when the process ends, however it
/// ends. The file stays behind: removing it would let two processes lock two files of one name.
class FileLock {
 public:
  /// E_FILE: another process holds it (named, if it can be told), or the file cannot be made.
  static Result<FileLock> take(const std::filesystem::path& file);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace cosmoo
