// The world on disk: one SQLite file in WAL mode, written behind on a thread of its own.
//
// Rules
//  1. The loop's thread takes the changes (cheap: values are shared), the writer's thread encodes
//     and commits them, one transaction a batch. At most one batch is on its way; what changes
//     meanwhile is gathered in the next.
//  2. A batch holds everything that changed up to a moment between two task slices, so each commit
//     is a consistent world.
//  3. A batch that fails (disk full, I/O error) is tried again every second and nothing is dropped;
//     later changes of the same rows overtake it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "vm/world/world.h"

namespace cosmoo {

inline constexpr std::chrono::milliseconds kWriteDelay{100};

class WriteBehind {
 public:
  /// Runs a function on the loop's thread, soon. Called from the writer's thread.
  using Post = std::function<void(std::function<void()>)>;
  /// Told once when writing begins to fail and once when it works again (text empty), on the loop.
  using OnTrouble = std::function<void(std::string_view text)>;

  /// Opens (or makes) `file` and fills the empty `world` from it. Errors, E_FILE, say what is wrong
  /// with the file: not a database, not one of ours, truncated, from a newer version, not writable,
  /// in use by another server, or an object in it that does not fit.
  static Result<std::unique_ptr<WriteBehind>> open(const std::filesystem::path& file, World& world,
                                                   Post post, OnTrouble on_trouble);
  virtual ~WriteBehind() = default;

  /// True if the file was made by open(): the world has no objects yet.
  virtual bool is_new() const = 0;

  /// Hands what has changed to the writer. The owner calls it kWriteDelay after World's on_change
  /// at the latest.
  virtual void flush() = 0;

  /// Flushes; `done` is called on the loop once everything up to now is on the disk. If that
  /// fails, `done` gets the error at once, and the changes are kept and tried again (rule 3).
  virtual void checkpoint(std::function<void(Result<void>)> done) = 0;

  /// Writes what is left and closes the file; blocks. For shutdown, and the last call. One last
  /// attempt is made if writing was failing; an error means that something was not written.
  virtual Result<void> close() = 0;
};

}  // namespace cosmoo
