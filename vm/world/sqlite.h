// A thin layer over SQLite's C interface: results instead of codes, and owners that clean up.
//
// The C interface and not a C++ wrapper of it: the store wants bound values that are not copied,
// extended error codes to tell a full disk from a damaged file, and errors as results; the wrappers
// in reach copy, and throw.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "vm/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cosmoo {

/// One prepared statement. Parameters and columns are counted from 0. Text and blobs that are bound
/// are not copied: they stay until the next step() or restart(); columns until the next step().
class Statement {
 public:
  Statement() = default;

  void bind(int index, std::int64_t number);
  void bind_text(int index, std::string_view text);
  void bind_blob(int index, std::string_view bytes);

  /// True: there is a row. False: the statement is done, and can be bound and stepped again.
  Result<bool> step();
  /// step() of a statement that gives no rows.
  Result<void> run();
  void restart();

  std::int64_t number(int column) const;
  std::string_view bytes(int column) const;  ///< Of a text or a blob.

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection; used by one thread at a time.
class Database {
 public:
  static Result<Database> open(const std::filesystem::path& file);
  Database(Database&&) = default;
  Database& operator=(Database&&) = default;
  ~Database() = default;

  Result<Statement> prepare(std::string_view sql);
  /// Statements whose rows do not matter.
  Result<void> execute(const char* sql);
  /// The first column of the first row, "" if there is none.
  Result<std::string> ask(std::string_view sql);
  bool read_only() const;
  /// Undoes a transaction if one is open.
  void roll_back();
  /// All statements must be gone.
  Result<void> close();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace cosmoo
