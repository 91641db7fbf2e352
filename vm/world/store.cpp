// The tables, opening a file, and writing batches.
#include "vm/world/store.h"

#include <algorithm>
#include <new>

#include "vm/world/codec.h"

namespace cosmoo {
namespace {

constexpr std::string_view kApplicationId = "1129272141";  // "COSM", as PRAGMA application_id

// How a file of each format becomes one of the next: the first step begins with version 1.
constexpr const char* kSteps[] = {
    R"(
  CREATE TABLE planned(
    task INTEGER PRIMARY KEY, due INTEGER NOT NULL, object INTEGER NOT NULL, verb TEXT NOT NULL,
    args BLOB NOT NULL, programmer INTEGER NOT NULL, caller INTEGER NOT NULL,
    player INTEGER NOT NULL) STRICT;
  INSERT INTO meta VALUES ('last_task', 0);
  PRAGMA user_version = 2;
)"};
constexpr int kFirstVersion = 1;
constexpr int kSchemaVersion = kFirstVersion + static_cast<int>(std::size(kSteps));

// Version 1; the steps above make the rest. Names are compared as symbols are: ASCII letters
// without case. The preposition is the index of a row in verb_args.cpp, or -1 for none and -2 for
// any; parents are numbers with spaces between.
constexpr const char* kTables = R"(
  PRAGMA application_id = 1129272141;
  PRAGMA user_version = 1;
  CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE objects(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, owner INTEGER NOT NULL, flags INTEGER NOT NULL,
    parents TEXT NOT NULL, location INTEGER NOT NULL, arrived INTEGER NOT NULL) STRICT;
  CREATE TABLE properties(
    object INTEGER NOT NULL, name TEXT NOT NULL COLLATE NOCASE, owner INTEGER NOT NULL,
    permissions INTEGER NOT NULL, defined INTEGER NOT NULL, clear INTEGER NOT NULL,
    value BLOB NOT NULL, PRIMARY KEY(object, name)) STRICT, WITHOUT ROWID;
  CREATE TABLE verbs(
    object INTEGER NOT NULL, place INTEGER NOT NULL, names TEXT NOT NULL, owner INTEGER NOT NULL,
    permissions INTEGER NOT NULL, dobj INTEGER NOT NULL, prep INTEGER NOT NULL,
    iobj INTEGER NOT NULL, code TEXT NOT NULL,
    PRIMARY KEY(object, place)) STRICT, WITHOUT ROWID;
)";

std::string numbers(const std::vector<ObjectId>& ids) {
  std::string text;
  for (const ObjectId id : ids) {
    if (!text.empty()) text += ' ';
    text += std::to_string(id.number);
  }
  return text;
}

/// Rows in the order of the table's key: neighbours share pages.
template <typename Row, typename Less>
std::vector<const Row*> in_order(const std::vector<Row>& rows, Less less) {
  std::vector<const Row*> order;
  order.reserve(rows.size());
  for (const Row& row : rows) order.push_back(&row);
  std::sort(order.begin(), order.end(), [&](const Row* a, const Row* b) { return less(*a, *b); });
  return order;
}

}  // namespace

Store::Store(std::filesystem::path file, FileLock lock, Database database)
    : file_(std::move(file)), lock_(std::move(lock)), database_(std::move(database)) {}

Store::~Store() = default;

tl::unexpected<Error> Store::wrong(std::string_view what) const {
  return fail(ErrorCode::file, file_.string() + ": " + std::string(what));
}

// --- opening

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& what) {
    return fail(ErrorCode::file, file.string() + ": " + what);
  };
  // Links are followed first, so that two names of one file share its lock.
  std::error_code error;
  const std::filesystem::path real = std::filesystem::weakly_canonical(file, error);
  if (error) return refuse(error.message());
  if (!std::filesystem::is_directory(real.parent_path(), error)) {
    return refuse("the directory " + real.parent_path().string() + " does not exist");
  }
  const bool exists = std::filesystem::exists(real, error);
  if (exists && !std::filesystem::is_regular_file(real, error)) {
    return refuse("it is not a regular file");
  }
  std::filesystem::path log = real;
  log += "-wal";
  if (exists && std::filesystem::file_size(real, error) == 0 &&
      std::filesystem::exists(log, error) && std::filesystem::file_size(log, error) > 0) {
    return refuse("it is empty, though it has a log (" + log.string() + "): truncated");
  }

  std::filesystem::path lock_file = real;
  lock_file += ".lock";
  auto lock = FileLock::take(lock_file);
  if (!lock) return refuse(lock.error().message);
  auto database = Database::open(real);
  if (!database) return refuse(database.error().message);
  std::unique_ptr<Store> store(new Store(file, std::move(*lock), std::move(*database)));
  if (auto done = store->identify(); !done) return tl::unexpected(done.error());
  if (auto done = store->set_up(); !done) return store->wrong(done.error().message);
  if (auto done = store->prepare(); !done) return store->wrong(done.error().message);
  return store;
}

// Whose file it is, before anything in it is changed (rule 4).
Result<void> Store::identify() {
  const auto application = database_.ask("PRAGMA application_id");
  if (!application) return wrong(application.error().message);
  const auto version_text = database_.ask("PRAGMA user_version");
  if (!version_text) return wrong(version_text.error().message);
  const auto tables = database_.ask("SELECT count(*) FROM sqlite_schema");
  if (!tables) return wrong(tables.error().message);

  if (*application != kApplicationId) {
    if (*application != "0" || *tables != "0") {
      return wrong("it is an SQLite file of another program, not a world");
    }
    is_new_ = true;
  } else {
    const int version = std::stoi(*version_text);
    if (version > kSchemaVersion) {
      return wrong("it is from a newer version of Cosmoo (file format " + *version_text +
                   ", this server knows " + std::to_string(kSchemaVersion) + ")");
    }
    if (version < kFirstVersion) return wrong("it has the unknown file format " + *version_text);
    version_ = version;
    // A third of the time that loading takes; it sees what loading would pass by, such as a page
    // that two tables share.
    const auto check = database_.ask("PRAGMA quick_check(1)");
    if (!check) return wrong(check.error().message);
    if (*check != "ok") return wrong("it is damaged or truncated: " + *check);
  }
  if (database_.read_only()) return wrong("it is not writable");
  return {};
}

Result<void> Store::set_up() {
  const auto mode = database_.ask("PRAGMA journal_mode = WAL");
  if (!mode) return tl::unexpected(mode.error());
  if (*mode != "wal") return fail(ErrorCode::file, "its file system cannot hold a write-ahead log");
  if (auto done = database_.execute("PRAGMA synchronous = NORMAL;"
                                    "PRAGMA cache_size = -16000;"
                                    "PRAGMA journal_size_limit = 67108864");
      !done) {
    return done;
  }
  if (is_new_) {
    if (auto done = make_tables(); !done) return done;
  }
  if (auto done = bring_up_to_date(); !done) return done;
  const auto batches = read_meta("batch");
  if (!batches) return tl::unexpected(batches.error());
  batches_ = *batches;
  is_new_ = batches_ == 0;
  return {};
}

Result<void> Store::make_tables() {
  auto done = database_.execute("BEGIN IMMEDIATE");
  if (done) done = database_.execute(kTables);
  if (done) {
    done = database_.execute("INSERT INTO meta VALUES ('batch', 0), ('max_object', -1)");
  }
  if (done) done = database_.execute("COMMIT");
  if (!done) database_.roll_back();
  version_ = kFirstVersion;
  return done;
}

Result<void> Store::bring_up_to_date() {
  for (; version_ < kSchemaVersion; ++version_) {
    auto done = database_.execute("BEGIN IMMEDIATE");
    if (done) done = database_.execute(kSteps[version_ - kFirstVersion]);
    if (done) done = database_.execute("COMMIT");
    if (!done) {
      database_.roll_back();
      return done;
    }
  }
  return {};
}

Result<void> Store::prepare() {
  statements_ = std::make_unique<Statements>();
  struct Row {
    Statement& statement;
    std::string_view sql;
  };
  Statements& s = *statements_;
  for (const Row& row : {
           Row{s.begin, "BEGIN IMMEDIATE"},
           Row{s.commit, "COMMIT"},
           Row{s.put_meta, "REPLACE INTO meta VALUES (?, ?)"},
           Row{s.put_object, "REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)"},
           Row{s.delete_object, "DELETE FROM objects WHERE id = ?"},
           Row{s.put_property, "REPLACE INTO properties VALUES (?, ?, ?, ?, ?, ?, ?)"},
           Row{s.delete_property, "DELETE FROM properties WHERE object = ? AND name = ?"},
           Row{s.delete_properties, "DELETE FROM properties WHERE object = ?"},
           Row{s.put_verb, "INSERT INTO verbs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"},
           Row{s.delete_verbs, "DELETE FROM verbs WHERE object = ?"},
           Row{s.put_planned, "REPLACE INTO planned VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
           Row{s.delete_planned, "DELETE FROM planned WHERE task = ?"},
       }) {
    auto statement = database_.prepare(row.sql);
    if (!statement) return tl::unexpected(statement.error());
    row.statement = std::move(*statement);
  }
  return {};
}

Result<std::int64_t> Store::read_meta(std::string_view key) {
  auto statement = database_.prepare("SELECT value FROM meta WHERE key = ?");
  if (!statement) return tl::unexpected(statement.error());
  statement->bind_text(0, key);
  const auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return fail(ErrorCode::file, "it is damaged: no " + std::string(key) + " in meta");
  return statement->number(0);
}

// --- writing

Result<void> Store::write(const Changes& changes, Durability durability) {
  // Not inside a transaction: there SQLite ignores it.
  if (durability == Durability::disk) {
    if (auto done = database_.execute("PRAGMA synchronous = FULL"); !done) {
      return wrong(done.error().message);
    }
  }
  auto done = statements_->begin.run();
  if (done) {
    try {
      done = write_rows(changes);
    } catch (const std::bad_alloc&) {  // encoding: the transaction must still be undone
      done = fail(ErrorCode::file, "not enough memory to write a batch");
    }
  }
  if (done) done = statements_->commit.run();
  if (done) {
    ++batches_;
  } else {
    database_.roll_back();
  }
  if (durability == Durability::disk) {
    const auto back = database_.execute("PRAGMA synchronous = NORMAL");
    if (done) done = back;
  }
  if (!done) return wrong(done.error().message);
  return {};
}

Result<void> Store::write_rows(const Changes& changes) {
  if (auto done = write_objects(changes); !done) return done;
  if (auto done = write_properties(changes); !done) return done;
  if (auto done = write_verbs(changes); !done) return done;
  if (auto done = write_planned(changes); !done) return done;
  const auto put_meta = [&put = statements_->put_meta](std::string_view key, std::int64_t value) {
    put.bind_text(0, key);
    put.bind(1, value);
    return put.run();
  };
  if (!changes.empty()) {
    if (auto done = put_meta("max_object", changes.max_object); !done) return done;
    if (auto done = put_meta("last_task", changes.last_task); !done) return done;
  }
  return put_meta("batch", batches_ + 1);
}

Result<void> Store::write_objects(const Changes& changes) {
  Statements& s = *statements_;
  for (const auto* row :
       in_order(changes.objects, [](const auto&a, const auto&b) { return a.object < b.object; })) {
    if (!row->data) {
      for (Statement* statement : {&s.delete_object, &s.delete_properties, &s.delete_verbs}) {
        statement->bind(0, row->object.number);
        if (auto done = statement->run(); !done) return done;
      }
      continue;
    }
    if (row->anew) {
      for (Statement* statement : {&s.delete_properties, &s.delete_verbs}) {
        statement->bind(0, row->object.number);
        if (auto done = statement->run(); !done) return done;
      }
    }
    const Object& object = *row->data;
    const std::string parents = numbers(object.parents);
    s.put_object.bind(0, object.id.number);
    s.put_object.bind_text(1, object.name);
    s.put_object.bind(2, object.owner.number);
    s.put_object.bind(3, object.flags);
    s.put_object.bind_text(4, parents);
    s.put_object.bind(5, object.location.number);
    s.put_object.bind(6, static_cast<std::int64_t>(object.arrived));
    if (auto done = s.put_object.run(); !done) return done;
  }
  return {};
}

Result<void> Store::write_properties(const Changes& changes) {
  Statements& s = *statements_;
  for (const auto* row : in_order(changes.properties, [](const auto&a, const auto&b) {
         return a.object != b.object ? a.object < b.object : a.name < b.name;
       })) {
    Statement& statement = row->property ? s.put_property : s.delete_property;
    statement.bind(0, row->object.number);
    statement.bind_text(1, row->name);
    if (row->property) {
      const Property& property = *row->property;
      buffer_.clear();
      encode(property.value, buffer_);
      statement.bind(2, property.owner.number);
      statement.bind(3, property.permissions);
      statement.bind(4, property.defined_here ? 1 : 0);
      statement.bind(5, property.clear ? 1 : 0);
      statement.bind_blob(6, buffer_);
    }
    if (auto done = statement.run(); !done) return done;
  }
  return {};
}

Result<void> Store::write_verbs(const Changes& changes) {
  Statements& s = *statements_;
  for (const auto& row : changes.verbs) {
    s.delete_verbs.bind(0, row.object.number);
    if (auto done = s.delete_verbs.run(); !done) return done;
    for (std::size_t place = 0; place < row.verbs.size(); ++place) {
      const Verb& verb = row.verbs[place];
      s.put_verb.bind(0, row.object.number);
      s.put_verb.bind(1, static_cast<std::int64_t>(place));
      s.put_verb.bind_text(2, verb.names);
      s.put_verb.bind(3, verb.owner.number);
      s.put_verb.bind(4, verb.permissions);
      s.put_verb.bind(5, static_cast<std::int64_t>(verb.args.dobj));
      s.put_verb.bind(6, verb.args.prep);
      s.put_verb.bind(7, static_cast<std::int64_t>(verb.args.iobj));
      s.put_verb.bind_text(8, verb.code);
      if (auto done = s.put_verb.run(); !done) return done;
    }
  }
  return {};
}

Result<void> Store::write_planned(const Changes& changes) {
  Statements& s = *statements_;
  for (const auto* row :
       in_order(changes.planned, [](const auto&a, const auto&b) { return a.task < b.task; })) {
    Statement& statement = row->call ? s.put_planned : s.delete_planned;
    statement.bind(0, row->task);
    if (row->call) {
      const PlannedCall& call = *row->call;
      buffer_.clear();
      encode(call.args, buffer_);
      statement.bind(1, call.due_us);
      statement.bind(2, call.object.number);
      statement.bind_text(3, call.verb);
      statement.bind_blob(4, buffer_);
      statement.bind(5, call.programmer.number);
      statement.bind(6, call.caller.number);
      statement.bind(7, call.player.number);
    }
    if (auto done = statement.run(); !done) return done;
  }
  return {};
}

Result<void> Store::close() {
  statements_.reset();
  // Closing the last connection would do this too, but would not say whether it worked.
  const auto flushed = database_.ask("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto closed = database_.close();
  if (!flushed) return wrong(flushed.error().message);
  if (!closed) return wrong(closed.error().message);
  return {};
}

}  // namespace cosmoo
