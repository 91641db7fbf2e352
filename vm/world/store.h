// The SQLite file that holds a world: its tables, reading all of it, writing one batch.
//
// Rules
//  1. A batch is one transaction: after a crash the file holds whole batches, the last few of them
//     perhaps not.
//  2. WAL and synchronous=NORMAL: a committed batch outlives the process, whatever ends it. A power
//     cut may take the last batches (never part of one), but none that came before a write with
//     Durability::disk, which returns only when the log has been flushed to the disk.
//  3. One thread at a time uses it: the opener's until the writer's thread starts.
//  4. A file that is not a world is left as it was found.
#pragma once

#include <filesystem>
#include <memory>

#include "vm/world/file_lock.h"
#include "vm/world/sqlite.h"
#include "vm/world/world.h"

namespace cosmoo {

enum class Durability : std::uint8_t { process, disk };

class Store {
 public:
  /// All errors are E_FILE and begin with the file's name.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& file);
  ~Store();

  /// Nothing was ever written to it.
  bool is_new() const { return is_new_; }

  /// Fills an empty world.
  Result<void> load(World& world);

  /// Looks at every page and index of the file, further than opening it does.
  Result<void> check();

  /// One transaction; nothing of it remains when it fails. Empty changes with Durability::disk
  /// flush what was written before.
  Result<void> write(const Changes& changes, Durability durability);

  /// Brings the log into the file and closes it; nothing may follow.
  Result<void> close();

 private:
  /// The statements of a batch, prepared once.
  struct Statements {
    Statement begin, commit, put_meta;
    Statement put_object, delete_object;
    Statement put_property, delete_property, delete_properties;
    Statement put_verb, delete_verbs;
    Statement put_planned, delete_planned;
  };

  Store(std::filesystem::path file, FileLock lock, Database database);
  tl::unexpected<Error> wrong(std::string_view what) const;
  Result<void> identify();
  Result<void> set_up();
  Result<void> make_tables();
  Result<void> bring_up_to_date();
  Result<void> prepare();
  Result<std::int64_t> read_meta(std::string_view key);

  Result<void> write_rows(const Changes& changes);
  Result<void> write_objects(const Changes& changes);
  Result<void> write_properties(const Changes& changes);
  Result<void> write_verbs(const Changes& changes);
  Result<void> write_planned(const Changes& changes);

  std::filesystem::path file_;
  FileLock lock_;  // outlives the database
  Database database_;
  std::unique_ptr<Statements> statements_;
  std::string buffer_;
  std::int64_t batches_ = 0;
  int version_ = 0;  // the file format that was found
  bool is_new_ = false;
};

}  // namespace cosmoo
