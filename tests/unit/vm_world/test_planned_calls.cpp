// Planned calls: in memory, in batches, and in the file.
#include "tests/unit/vm_world/support.h"
#include "vm/world/batch.h"
#include "vm/world/sqlite.h"
#include "vm/world/store.h"

namespace cosmoo {
namespace {

using namespace test;

PlannedCall call_of(std::int64_t task, std::int64_t due_us = 1000) {
  PlannedCall call;
  call.task = task;
  call.due_us = due_us;
  call.object = ObjectId{0};
  call.verb = "ring";
  call.args = Value(List{Value("loud"), Value(2.5), Value(ObjectId{7})});
  call.programmer = ObjectId{3};
  call.caller = ObjectId{4};
  call.player = ObjectId{5};
  return call;
}

void sql(const std::filesystem::path& file, const std::string& text) {
  auto database = ok(Database::open(file));
  ok(database.execute(text.c_str()));
  ok(database.close());
}

// A world of one object, with one planned call.
void make_world(const std::filesystem::path& file) {
  Small small;
  auto store = ok(Store::open(file));
  small.make();
  small.world.planned().last_task() = 12;
  small.world.planned().add(call_of(12));
  ok(store->write(small.world.take_changes(), Durability::process));
  ok(store->close());
}

TEST_CASE("a planned call comes back from the file as it was, and so does the last task's number") {
  Folder folder;
  make_world(folder / "world.db");
  World world;
  auto store = ok(Store::open(folder / "world.db"));
  ok(store->load(world));
  CHECK(world.planned().last_task() == 12);
  REQUIRE(world.planned().size() == 1);
  const PlannedCall* call = world.planned().find(12);
  REQUIRE(call != nullptr);
  const PlannedCall expected = call_of(12);
  CHECK(call->due_us == expected.due_us);
  CHECK(call->object == expected.object);
  CHECK(call->verb == expected.verb);
  CHECK(call->args == expected.args);
  CHECK(call->programmer == expected.programmer);
  CHECK(call->caller == expected.caller);
  CHECK(call->player == expected.player);
  CHECK_FALSE(world.dirty());
}

TEST_CASE("a call that was taken is gone from the file with the next batch") {
  Folder folder;
  make_world(folder / "world.db");
  {
    World world;
    auto store = ok(Store::open(folder / "world.db"));
    ok(store->load(world));
    CHECK(world.planned().take(12).has_value());
    CHECK_FALSE(world.planned().take(12).has_value());
    CHECK(world.dirty());
    ok(store->write(world.take_changes(), Durability::process));
    ok(store->close());
  }
  World world;
  auto store = ok(Store::open(folder / "world.db"));
  ok(store->load(world));
  CHECK(world.planned().size() == 0);
  CHECK(world.planned().last_task() == 12);
}

TEST_CASE("a call that comes and goes between two batches is in neither") {
  Small small;
  (void)small.world.take_changes();
  small.world.planned().add(call_of(1));
  CHECK(small.world.dirty());
  CHECK(small.world.planned().take(1).has_value());
  CHECK_FALSE(small.world.dirty());
  CHECK(small.world.take_changes().planned.empty());
}

TEST_CASE("joined batches keep the newest of each planned call") {
  Small small;
  small.world.planned().add(call_of(1));
  small.world.planned().add(call_of(2));
  small.world.planned().last_task() = 2;
  Changes older = small.world.take_changes();
  small.world.planned().take(1);
  small.world.planned().last_task() = 3;
  merge(older, small.world.take_changes());
  CHECK(older.last_task == 3);
  REQUIRE(older.planned.size() == 2);
  for (const auto& change : older.planned) CHECK(change.call.has_value() == (change.task == 2));
}

TEST_CASE("planned calls are told in the order in which they are due") {
  Small small;
  small.world.planned().add(call_of(1, 300));
  small.world.planned().add(call_of(3, 100));
  small.world.planned().add(call_of(2, 100));
  std::vector<std::int64_t> order;
  for (const PlannedCall* call : small.world.planned().in_order()) order.push_back(call->task);
  CHECK(order == std::vector<std::int64_t>{2, 3, 1});
}

TEST_CASE("a world's file of the first format is brought to the one of today") {
  Folder folder;
  make_world(folder / "world.db");
  sql(folder / "world.db",
      "DROP TABLE planned; DELETE FROM meta WHERE key = 'last_task'; PRAGMA user_version = 1");
  for (int i = 0; i < 2; ++i) {  // once by the step, once as it is then
    World world;
    auto store = ok(Store::open(folder / "world.db"));
    CHECK_FALSE(store->is_new());
    ok(store->load(world));
    CHECK(world.size() == 1);
    CHECK(world.planned().size() == 0);
    world.planned().add(call_of(12));
    world.planned().take(12);
    ok(store->close());
  }
  make_world(folder / "other.db");
  sql(folder / "other.db", "PRAGMA user_version = 0");
  CHECK(contains(error_of(Store::open(folder / "other.db")).message, "unknown file format 0"));
}

TEST_CASE("a planned call that does not fit is named, and the file refused") {
  const std::pair<const char*, const char*> kDamages[] = {
      {"UPDATE planned SET task = 13", "task 13 is beyond the last number used, 12"},
      {"UPDATE planned SET task = -1", "task -1 is beyond the last number used, 12"},
      {"UPDATE planned SET due = -5", "task 12 has no possible time"},
      {"UPDATE planned SET verb = ''", "task 12 names no verb"},
      {"UPDATE planned SET args = x'0106'", "task 12 has arguments that do not decode"},
      {"UPDATE planned SET args = x'0181'", "task 12 has arguments that are no list"},
      {"UPDATE meta SET value = -3 WHERE key = 'last_task'", "no task has a negative number"},
      {"DELETE FROM meta WHERE key = 'last_task'", "no last_task in meta"},
  };
  for (const auto& [damage, message] : kDamages) {
    Folder folder;
    make_world(folder / "world.db");
    sql(folder / "world.db", damage);
    World world;
    auto store = ok(Store::open(folder / "world.db"));
    const Error error = error_of(store->load(world));
    CHECK(error.code == ErrorCode::file);
    CHECK_MESSAGE(contains(error.message, message), error.message);
  }
}

}  // namespace
}  // namespace cosmoo
