// The writer's thread: batches, checkpoints, failures, shutdown.
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

#include "support.h"
#include "vm/world/batch.h"
#include "vm/world/sqlite.h"
#include "vm/world/write_behind.h"

namespace {
std::atomic<int> flushes{0};
}

// SQLite reaches the disk through these two, and finds them here first.
extern "C" int fsync(int descriptor) {
  ++flushes;
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}
extern "C" int fdatasync(int descriptor) {
  ++flushes;
  return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

namespace cosmoo {
using namespace test;

namespace {

struct Stored : Small {
  Folder folder;
  std::filesystem::path file = folder / "world.db";
  Loop loop;
  std::vector<std::string> troubles;
  std::unique_ptr<WriteBehind> store;

  Stored() { reopen(); }
  void reopen() {
    store = ok(WriteBehind::open(file, world, loop.poster(),
                                 [this](std::string_view text) { troubles.emplace_back(text); }));
  }
  Result<void> checkpoint() {
    std::optional<Result<void>> answer;
    store->checkpoint([&](const Result<void>& result) { answer = result; });
    if (!loop.run_until([&] { return answer.has_value(); })) FAIL("no answer to a checkpoint");
    return *answer;
  }
  /// What another program sees in the file.
  std::string ask(std::string_view query) { return ok(ok(Database::open(file)).ask(query)); }
};

/// Files may not grow beyond this: writing fails as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    before_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, before_handler_);
  }

 private:
  rlimit before_{};
  void (*before_handler_)(int);
};

constexpr rlim_t kSmallDisk = 256 * 1024;

std::string status_of_thread(std::string_view name) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream in(entry.path() / "status");
    std::string status(std::istreambuf_iterator<char>(in), {});
    if (status.rfind("Name:\t" + std::string(name) + "\n", 0) == 0) return status;
  }
  return {};
}

}  // namespace

TEST_CASE("flushed changes reach the file by themselves") {
  Stored stored;
  CHECK(stored.store->is_new());
  stored.make();
  stored.store->flush();
  CHECK_FALSE(stored.world.dirty());
  CHECK(stored.checkpoint().has_value());
  CHECK(stored.ask("SELECT count(*) FROM objects") == "1");
  stored.store->flush();  // nothing to do
  CHECK(stored.checkpoint().has_value());
}

TEST_CASE("a checkpoint flushes first, and every one is answered") {
  Stored stored;
  int answers = 0;
  for (int i = 0; i < 5; ++i) {
    stored.make();
    stored.store->checkpoint([&](const Result<void>& result) { answers += result ? 1 : 0; });
  }
  CHECK(stored.loop.run_until([&] { return answers == 5; }));
  CHECK(stored.ask("SELECT count(*) FROM objects") == "5");
}

// An ordinary batch is left to the system; a power cut may take it. What checkpoint() has answered
// for is on the disk.
TEST_CASE("a checkpoint flushes the disk, also one that finds nothing to write") {
  Stored stored;
  stored.make();
  CHECK(stored.checkpoint().has_value());
  const int before = flushes;
  for (int i = 0; i < 20; ++i) {
    stored.make();
    stored.store->flush();
    CHECK(stored.loop.run_until([&] { return !stored.world.dirty(); }));
  }
  CHECK(flushes == before);
  CHECK(stored.checkpoint().has_value());
  const int after = flushes;
  CHECK(after > before);
  CHECK(stored.checkpoint().has_value());
  CHECK(flushes > after);
}

TEST_CASE("what changes while a batch is on its way is gathered and follows it") {
  Stored stored;
  const ObjectId id = stored.make();
  stored.define(id, "p", Value(0));
  auto other = ok(Database::open(stored.file));
  ok(other.execute("BEGIN IMMEDIATE"));  // the batch waits for this
  stored.store->flush();
  for (int i = 1; i <= 100; ++i) {
    ok(stored.world.set_property(id, stored.name("p"), Value(i)));
    stored.store->flush();
  }
  CHECK(stored.world.dirty());
  ok(other.execute("COMMIT"));
  CHECK(stored.loop.run_until([&] { return !stored.world.dirty(); }));
  CHECK(stored.checkpoint().has_value());
  CHECK(stored.ask("SELECT hex(value) FROM properties") == "01E4");
  CHECK(stored.ask("SELECT value FROM meta WHERE key = 'batch'") == "3");
  CHECK(stored.troubles.empty());
}

TEST_CASE("closing writes what is left") {
  Stored stored;
  const ObjectId id = stored.make();
  stored.define(id, "p", Value(1));
  stored.store->flush();
  ok(stored.world.set_property(id, stored.name("p"), Value(2)));
  ok(stored.store->close());
  CHECK(stored.store->close().has_value());
  CHECK(stored.ask("SELECT hex(value) FROM properties") == "0182");
  CHECK_FALSE(std::filesystem::exists(stored.file.string() + "-wal"));
  CHECK(code_of(stored.checkpoint()) == ErrorCode::file);
}

TEST_CASE("a writer that is dropped without close writes what is left") {
  Stored stored;
  stored.make();
  stored.store.reset();
  CHECK(stored.ask("SELECT count(*) FROM objects") == "1");
}

TEST_CASE("what was posted by a writer that is gone does nothing") {
  Stored stored;
  stored.make();
  int answers = 0;
  stored.store->checkpoint([&](const Result<void>&) { ++answers; });
  stored.store.reset();
  CHECK(stored.loop.run_until([&] { return answers == 1; }));
}

TEST_CASE("a full disk is told once, nothing is lost, and later changes overtake") {
  Stored stored;
  const ObjectId id = stored.make();
  stored.define(id, "text", Value(""));
  stored.define(id, "other", Value(1));
  CHECK(stored.checkpoint().has_value());
  {
    const FullDisk full(kSmallDisk);
    ok(stored.world.set_property(id, stored.name("other"), Value(2)));
    ok(stored.world.set_property(id, stored.name("text"), Value(std::string(1 << 20, 'x'))));
    stored.store->flush();
    CHECK(stored.loop.run_until([&] { return !stored.troubles.empty(); }));
    CHECK(contains(stored.troubles[0], stored.file.string()));
    const Error error = error_of(stored.checkpoint());
    CHECK(error.code == ErrorCode::file);
    CHECK(stored.troubles.size() == 1);
    ok(stored.world.set_property(id, stored.name("text"), Value(std::string(1 << 20, 'y'))));
    stored.store->flush();
    CHECK_FALSE(stored.world.dirty());
  }
  CHECK(stored.loop.run_until([&] { return stored.troubles.size() == 2; }));
  CHECK(stored.troubles[1] == "");
  CHECK(stored.checkpoint().has_value());
  CHECK(stored.ask("SELECT hex(value) FROM properties WHERE name = 'other'") == "0182");
  CHECK(stored.ask("SELECT hex(substr(value, -1)) FROM properties WHERE name = 'text'") == "79");
}

TEST_CASE("small changes that follow a failed batch make one batch with it") {
  Stored stored;
  const ObjectId id = stored.make();
  stored.define(id, "text", Value(""));
  CHECK(stored.checkpoint().has_value());
  {
    const FullDisk full(kSmallDisk);
    ok(stored.world.set_property(id, stored.name("text"), Value(std::string(1 << 20, 'x'))));
    stored.store->flush();
    CHECK(stored.loop.run_until([&] { return stored.troubles.size() == 1; }));
    // The large value is gone, so what is left of the failed batch fits on the disk.
    ok(stored.world.set_property(id, stored.name("text"), Value("small")));
    stored.store->flush();
    CHECK(stored.loop.run_until([&] { return stored.troubles.size() == 2; }));
  }
  CHECK(stored.ask("SELECT value FROM meta WHERE key = 'batch'") == "2");
}

TEST_CASE("objects that come and go while the disk is full leave nothing in the batch") {
  World world;
  REQUIRE(world.create({}, kNothing).has_value());
  Changes batch = world.take_changes();
  for (int i = 0; i < 100; ++i) {
    const ObjectId id = ok(world.create({}, kSystem));
    merge(batch, world.take_changes());
    ok(world.recycle(id));
    merge(batch, world.take_changes());
    drop_unstored(batch, 0);
    CHECK(batch.objects.size() == 1);
  }
  ok(world.recycle(kSystem));
  merge(batch, world.take_changes());
  drop_unstored(batch, 0);
  REQUIRE(batch.objects.size() == 1);
  CHECK_FALSE(batch.objects[0].data.has_value());
}

TEST_CASE("a number that is used again takes nothing over from who had it, in one batch or two") {
  for (const bool flushed_between : {false, true}) {
    CAPTURE(flushed_between);
    Stored stored;
    stored.make();
    const ObjectId first = stored.make();
    stored.define(first, "old", Value(1));
    stored.verb(first, "old");
    const ObjectId second = stored.make();
    stored.define(second, "new", Value(2));
    CHECK(stored.checkpoint().has_value());
    ok(stored.world.recycle(first));
    if (flushed_between) {
      const FullDisk full(1024);
      CHECK(stored.checkpoint().has_value() == false);
      CHECK(ok(stored.world.renumber(second)) == first);
      CHECK(stored.checkpoint().has_value() == false);
    } else {
      CHECK(ok(stored.world.renumber(second)) == first);
    }
    CHECK(stored.checkpoint().has_value());
    CHECK(stored.ask("SELECT group_concat(object || name) FROM properties") == "1new");
    CHECK(stored.ask("SELECT count(*) FROM verbs") == "0");
    CHECK(stored.ask("SELECT count(*) FROM objects") == "2");
  }
}

TEST_CASE("closing on a full disk says so, and leaves the last whole batch") {
  Stored stored;
  const ObjectId id = stored.make();
  stored.define(id, "text", Value("before"));
  CHECK(stored.checkpoint().has_value());
  {
    const FullDisk full(kSmallDisk);
    ok(stored.world.set_property(id, stored.name("text"), Value(std::string(1 << 20, 'x'))));
    CHECK(error_of(stored.store->close()).code == ErrorCode::file);
  }
  Small loaded;
  auto store = ok(WriteBehind::open(stored.file, loaded.world, stored.loop.poster(), nullptr));
  CHECK(loaded.get(id, "text") == Value("before"));
}

// A SIGCHLD taken by the writer would be one that the loop never hears of.
TEST_CASE("the writer's thread takes no signals") {
  Stored stored;
  stored.make();
  CHECK(stored.checkpoint().has_value());
  const std::string status = status_of_thread("world-writer");
  const auto at = status.find("SigBlk:\t");
  REQUIRE(at != std::string::npos);
  const std::uint64_t blocked = std::stoull(status.substr(at + 8, 16), nullptr, 16);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGXFSZ, SIGUSR1}) {
    CHECK((blocked >> (signal - 1) & 1) == 1);
  }
}

TEST_CASE("an open that fails says why and starts nothing") {
  Stored stored;
  World other;
  const auto second = WriteBehind::open(stored.file, other, stored.loop.poster(), nullptr);
  CHECK(error_of(second).code == ErrorCode::file);
  CHECK(contains(second.error().message, "in use"));
}

}  // namespace cosmoo
