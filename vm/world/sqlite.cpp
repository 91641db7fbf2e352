// SQLite's C interface is called here alone.
#include "vm/world/sqlite.h"

#include <sqlite3.h>

namespace cosmoo {
namespace {

constexpr int kBusyMilliseconds = 2000;

std::string_view meaning(int code) {
  switch (code & 0xFF) {
    case SQLITE_NOTADB:
      return "it is not a database";
    case SQLITE_CORRUPT:
      return "it is damaged or truncated";
    case SQLITE_FULL:
      return "the disk is full";
    case SQLITE_IOERR:
      return "reading or writing failed";
    case SQLITE_READONLY:
      return "it is not writable";
    case SQLITE_CANTOPEN:
      return "it cannot be opened";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program has it locked";
    default:
      return "the database refuses";
  }
}

tl::unexpected<Error> sqlite_error(sqlite3* database, int code) {
  std::string text(meaning(code));
  text += " (SQLite ";
  text += std::to_string(code);
  text += ": ";
  text += database ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  text += ')';
  return fail(ErrorCode::file, std::move(text));
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

// Binding fails for an index that does not exist only: a mistake in this folder that every run of
// the statement would show.
void Statement::bind(int index, std::int64_t number) {
  sqlite3_bind_int64(statement_.get(), index + 1, number);
}
void Statement::bind_text(int index, std::string_view text) {
  const char* data = text.data() ? text.data() : "";  // a null pointer would bind NULL
  sqlite3_bind_text64(statement_.get(), index + 1, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}
void Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.data() ? bytes.data() : "";
  sqlite3_bind_blob64(statement_.get(), index + 1, data, bytes.size(), SQLITE_STATIC);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  sqlite3_reset(statement_.get());
  if (code == SQLITE_DONE) return false;
  return sqlite_error(sqlite3_db_handle(statement_.get()), code);
}

Result<void> Statement::run() {
  const auto stepped = step();
  if (!stepped) return tl::unexpected(stepped.error());
  restart();
  return {};
}

void Statement::restart() { sqlite3_reset(statement_.get()); }

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data ? std::string_view(data, static_cast<std::size_t>(size)) : std::string_view();
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<Database> Database::open(const std::filesystem::path& file) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(handle);
  if (code != SQLITE_OK) return sqlite_error(handle, code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  Statement statement;
  statement.statement_.reset(handle);
  if (code != SQLITE_OK) return sqlite_error(database_.get(), code);
  return statement;
}

Result<void> Database::execute(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return sqlite_error(database_.get(), code);
  return {};
}

Result<std::string> Database::ask(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  const auto stepped = statement->step();
  if (!stepped) return tl::unexpected(stepped.error());
  return *stepped ? std::string(statement->bytes(0)) : std::string();
}

bool Database::read_only() const { return sqlite3_db_readonly(database_.get(), "main") != 0; }

void Database::roll_back() {
  if (sqlite3_get_autocommit(database_.get()) == 0) {
    sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

Result<void> Database::close() {
  const int code = sqlite3_close(database_.get());
  if (code != SQLITE_OK) return sqlite_error(database_.get(), code);
  (void)database_.release();
  return {};
}

}  // namespace cosmoo
