// Starting with a large world: reading the file of 100,000 objects with 10 properties each. The
// other side reads the same rows with SQLite and forgets them.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>

#include "tests/bench/measurements.h"
#include "tests/integration/support/server.h"
#include "vm/world/sqlite.h"
#include "vm/world/write_behind.h"

namespace cosmoo::bench {
namespace {

using Clock = std::chrono::steady_clock;

template <typename T>
T ok(Result<T> result) {
  if (!result) FAIL(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double milliseconds_since(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

std::unique_ptr<WriteBehind> open(const std::filesystem::path& file, World& world) {
  // Nothing is written while it is open, so nobody need be called back.
  return ok(WriteBehind::open(
      file, world, [](const auto&) {}, [](std::string_view) {}));
}

// Every tenth value is a list, every tenth a map, the others are short.
Value value_of(std::size_t object, std::size_t property) {
  const auto number = static_cast<std::int64_t>(object);
  if (property == 0) return Value(List{Value("a sword"), Value(number), Value(ObjectId{number})});
  if (property == 1) return Value(Map{{Value("weight"), Value(number)}});
  if (property % 2 == 0) return Value(number);
  return Value(fmt::format("the {} of object {}", property, object));
}

void make_world(const std::filesystem::path& file, std::size_t objects) {
  World world;
  const auto store = open(file, world);
  const ObjectId thing = ok(world.create({}, ObjectId{0}));
  std::vector<Symbol> names;
  for (std::size_t i = 0; i < 10; ++i) {
    names.push_back(world.symbols().intern(fmt::format("property_{}", i)));
    ok(world.add_property(thing, names[i],
                          Property{.value = {}, .owner = thing, .permissions = kRead}));
  }
  for (std::size_t i = 1; i < objects; ++i) {
    const ObjectId id = ok(world.create({thing}, thing));
    ok(world.set_name(id, fmt::format("object {}", i)));
    for (std::size_t j = 0; j < names.size(); ++j) {
      ok(world.set_property(id, names[j], value_of(i, j)));
    }
  }
  ok(store->close());
}

std::size_t read_rows(const std::filesystem::path& file) {
  std::size_t bytes = 0;
  Database database = ok(Database::open(file));
  for (const char* table : {"objects", "properties", "verbs"}) {
    Statement rows = ok(database.prepare(fmt::format("SELECT * FROM {}", table)));
    while (ok(rows.step())) bytes += rows.bytes(1).size();
  }
  return bytes;
}

}  // namespace

void measure_load(const Scale& scale, Report& report) {
  const test::TempDirectory folder;
  const auto file = folder.path() / "world.db";
  const auto objects = scale.of<std::size_t>(100'000, 1'000);
  make_world(file, objects);
  Rounds rounds;
  for (std::size_t i = 0; i < scale.rounds; ++i) {
    auto began = Clock::now();
    World world;
    const auto store = open(file, world);
    const double ours = milliseconds_since(began);
    CHECK(world.size() == objects);
    ok(store->close());
    began = Clock::now();
    CHECK(read_rows(file) > objects);
    rounds.add(ours, milliseconds_since(began));
  }
  report.line({"load.world", "100,000 objects", "their rows", "ms"}, rounds,
              {Bar::Of::ours, Bar::Side::at_most, 2000});
}

}  // namespace cosmoo::bench
