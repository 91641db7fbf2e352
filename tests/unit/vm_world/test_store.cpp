// Files: what is refused and why, and that a refused file stays as it was.
#include <unistd.h>

#include <fstream>

#include "support.h"
#include "vm/world/batch.h"
#include "vm/world/store.h"

namespace cosmoo {
using namespace test;

namespace {

using Path = std::filesystem::path;

void write_file(const Path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}
std::string read_file(const Path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void sql(const Path& file, const char* statements) {
  auto database = ok(Database::open(file));
  ok(database.execute(statements));
  ok(database.close());
}

// A closed world file of many pages.
void make_world(const Path& file) {
  Small small;
  auto store = ok(Store::open(file));
  const ObjectId root = small.make();
  small.define(root, "text", Value(""), root);
  for (int i = 0; i < 300; ++i) {
    const ObjectId id = small.make({root}, root);
    ok(small.world.set_property(id, small.name("text"), Value(std::string(200, 'x'))));
    small.verb(id, "look");
  }
  ok(store->write(small.world.take_changes(), Durability::process));
  ok(store->close());
}

// Why the file does not load. Opening or loading fails; either may see it first.
std::string refusal(const Path& file) {
  auto store = Store::open(file);
  if (!store) {
    CHECK(store.error().code == ErrorCode::file);
    CHECK(store.error().message.rfind(file.string() + ": ", 0) == 0);
    return store.error().message;
  }
  World world;
  const Error error = error_of((*store)->load(world));
  CHECK(error.code == ErrorCode::file);
  CHECK(error.message.rfind(file.string() + ": ", 0) == 0);
  return error.message;
}

}  // namespace

TEST_CASE("a file that is not there is made, and is new until something is written") {
  Folder folder;
  const Path file = folder / "world.db";
  for (int i = 0; i < 2; ++i) {
    auto store = ok(Store::open(file));
    CHECK(store->is_new());
    World world;
    ok(store->load(world));
    CHECK(world.size() == 0);
    ok(store->close());
  }
  make_world(file);
  auto store = ok(Store::open(file));
  CHECK_FALSE(store->is_new());
}

TEST_CASE("a stored number that was recycled is not used again after loading") {
  Folder folder;
  {
    Small small;
    auto store = ok(Store::open(folder / "world.db"));
    small.make();
    ok(small.world.recycle(small.make()));
    ok(store->write(small.world.take_changes(), Durability::disk));
    ok(store->close());
  }
  World world;
  auto store = ok(Store::open(folder / "world.db"));
  ok(store->load(world));
  CHECK(ok(world.create({}, kSystem)) == ObjectId{2});
}

TEST_CASE("names with odd bytes, an empty value and long code survive") {
  Folder folder;
  const std::string odd("a\0b\xff'\"", 6);
  {
    Small small;
    auto store = ok(Store::open(folder / "world.db"));
    const ObjectId id = small.make();
    ok(small.world.set_name(id, odd));
    small.define(id, "Größe '", Value());
    const VerbRef ref = small.verb(id, "x*yz *");
    ok(small.world.set_verb_code(ref, std::string(100'000, '-')));
    ok(store->write(small.world.take_changes(), Durability::process));
    ok(store->close());
  }
  Small small;
  auto store = ok(Store::open(folder / "world.db"));
  ok(store->load(small.world));
  CHECK(small.world.find(kSystem)->name == odd);
  CHECK(small.get(kSystem, "Größe '").is_nil());
  CHECK(small.world.verb(VerbRef{kSystem, 0})->code.size() == 100'000);
  CHECK(small.world.verb(VerbRef{kSystem, 0})->version != 0);
  CHECK_FALSE(small.world.dirty());
}

TEST_CASE("a property changed in another spelling is the same row") {
  Folder folder;
  {
    Small small;
    auto store = ok(Store::open(folder / "world.db"));
    small.define(small.make(), "Size", Value(1));
    ok(store->write(small.world.take_changes(), Durability::process));
    ok(store->close());
  }
  {
    Small small;
    small.name("SIZE");
    auto store = ok(Store::open(folder / "world.db"));
    ok(store->load(small.world));
    ok(small.world.set_property(kSystem, small.name("size"), Value(2)));
    ok(store->write(small.world.take_changes(), Durability::process));
    ok(store->close());
  }
  Small small;
  auto store = ok(Store::open(folder / "world.db"));
  ok(store->load(small.world));
  CHECK(small.get(kSystem, "size") == Value(2));
}

TEST_CASE("what is no database, or another program's, is refused and left alone") {
  Folder folder;
  const Path text = folder / "text";
  write_file(text, std::string(5000, 'x'));
  CHECK(contains(refusal(text), "not a database"));
  CHECK(read_file(text) == std::string(5000, 'x'));
  write_file(text, "short");
  CHECK(contains(refusal(text), "not a database"));
  CHECK(read_file(text) == "short");

  const Path foreign = folder / "foreign.db";
  sql(foreign, "CREATE TABLE recipes(name)");
  const std::string before = read_file(foreign);
  CHECK(contains(refusal(foreign), "another program"));
  CHECK(read_file(foreign) == before);

  const Path marked = folder / "marked.db";
  sql(marked, "PRAGMA application_id = 7");
  CHECK(contains(refusal(marked), "another program"));
}

TEST_CASE("a file from a newer version is refused") {
  Folder folder;
  const Path file = folder / "world.db";
  make_world(file);
  sql(file, "PRAGMA user_version = 99");
  CHECK(contains(refusal(file), "newer version"));
  sql(file, "PRAGMA user_version = 0");
  CHECK(contains(refusal(file), "unknown file format 0"));
}

TEST_CASE("a truncated file is refused") {
  Folder folder;
  const Path file = folder / "world.db";
  make_world(file);
  const std::string whole = read_file(file);
  REQUIRE(whole.size() > 20 * 4096);
  for (const std::size_t size :
       {whole.size() / 2, whole.size() - 4096, std::size_t{4096}, std::size_t{1000}}) {
    CAPTURE(size);
    write_file(file, whole.substr(0, size));
    const std::string why = refusal(file);
    CHECK((contains(why, "damaged or truncated") || contains(why, "not a database")));
  }
}

TEST_CASE("an empty file beside a log is not taken for a new world") {
  Folder folder;
  write_file(folder / "world.db", "");
  write_file(folder / "world.db-wal", "something");
  CHECK(contains(refusal(folder / "world.db"), "truncated"));
}

TEST_CASE("pages overwritten with rubbish are seen") {
  Folder folder;
  const Path file = folder / "world.db";
  make_world(file);
  const std::string whole = read_file(file);
  for (std::size_t page = 1; page < whole.size() / 4096; page += 5) {
    CAPTURE(page);
    std::string bytes = whole;
    for (std::size_t i = 0; i < 4096; ++i) bytes[page * 4096 + i] = static_cast<char>(i * 7);
    write_file(file, bytes);
    CHECK(contains(refusal(file), "damaged"));
  }
}

TEST_CASE("an object that does not fit is named") {
  Folder folder;
  const Path file = folder / "world.db";
  struct Row {
    const char* change;
    const char* why;
  };
  for (const Row& row : {
           Row{"UPDATE properties SET value = x'01FF02' WHERE object = 7",
               "property \"text\" of #7 does not decode: byte 2"},
           Row{"UPDATE properties SET permissions = 200 WHERE object = 7",
               "property \"text\" of #7 has unknown permissions"},
           Row{"UPDATE properties SET object = 5000 WHERE object = 7",
               "#5000, which does not exist"},
           Row{"DELETE FROM properties WHERE object = 0",
               "#1: property \"text\" is defined on none"},
           Row{"UPDATE properties SET defined = 1 WHERE object = 7",
               "#7: property \"text\" is defined on both #7 and #0"},
           Row{"UPDATE properties SET clear = 1 WHERE object = 0", "#0: property \"text\""},
           Row{"UPDATE properties SET name = 'owner' WHERE object = 7", "#7: property \"owner\""},
           Row{"UPDATE objects SET parents = '0 x' WHERE id = 7", "object #7 has parents"},
           Row{"UPDATE objects SET parents = '999' WHERE id = 7", "#7: the parent #999"},
           Row{"UPDATE objects SET parents = '0 0' WHERE id = 7",
               "#7: the parent #0 is there twice"},
           Row{"UPDATE objects SET parents = '8' WHERE id = 0;"
               "UPDATE objects SET parents = '0' WHERE id = 8",
               "descends from itself"},
           Row{"UPDATE objects SET location = 999 WHERE id = 7", "#7: its location #999"},
           Row{"UPDATE objects SET location = 8 WHERE id = 7;"
               "UPDATE objects SET location = 7 WHERE id = 8",
               "is inside itself"},
           Row{"UPDATE objects SET flags = 4096 WHERE id = 7", "object #7 has unknown flags"},
           Row{"UPDATE objects SET id = -1 WHERE id = 7", "object #-1"},
           Row{"UPDATE meta SET value = 3 WHERE key = 'max_object'", "object #4 is beyond"},
           Row{"UPDATE meta SET value = 9e15 WHERE key = 'max_object'", "too many object numbers"},
           Row{"DELETE FROM meta WHERE key = 'max_object'", "no max_object in meta"},
           Row{"UPDATE verbs SET prep = 99 WHERE object = 7", "verb 1 of #7 has unknown arguments"},
           Row{"UPDATE verbs SET place = 3 WHERE object = 7", "verb 4 of #7 is misplaced"},
           Row{"UPDATE verbs SET object = 5000 WHERE object = 7", "#5000, which does not exist"},
           Row{"DROP TABLE verbs", "no such table"},
       }) {
    CAPTURE(row.change);
    std::filesystem::remove(file);
    make_world(file);
    sql(file, row.change);
    CHECK_MESSAGE(contains(refusal(file), row.why), refusal(file));
  }
}

TEST_CASE("directories that are missing or not writable are named") {
  Folder folder;
  CHECK(contains(refusal(folder / "missing/world.db"), "missing does not exist"));
  CHECK(contains(refusal(folder.path()), "not a regular file"));
  CHECK(contains(refusal("/proc/self/world.db"), "not writable"));
  if (::geteuid() == 0) return;  // permissions do not stop root
  const Path closed = folder / "closed";
  std::filesystem::create_directory(closed);
  std::filesystem::permissions(
      closed, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  CHECK(contains(refusal(closed / "world.db"), "not writable"));
  std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
}

TEST_CASE("a file that may only be read is refused") {
  if (::geteuid() == 0) return;  // permissions do not stop root
  Folder folder;
  make_world(folder / "world.db");
  std::filesystem::permissions(folder / "world.db", std::filesystem::perms::owner_read);
  CHECK(contains(refusal(folder / "world.db"), "not writable"));
}

TEST_CASE("a world in use is refused, by another name too, until it is let go") {
  Folder folder;
  const Path file = folder / "world.db";
  {
    auto first = ok(Store::open(file));
    const std::string why = refusal(file);
    CHECK(contains(why, "in use by another server"));
    CHECK(contains(why, std::to_string(::getpid())));
    std::filesystem::create_symlink(file, folder / "link.db");
    CHECK(contains(refusal(folder / "link.db"), "in use"));
  }
  CHECK(Store::open(file).has_value());
}

TEST_CASE("other programs can look into a world in use") {
  Folder folder;
  auto store = ok(Store::open(folder / "world.db"));
  Small small;
  small.make();
  ok(store->write(small.world.take_changes(), Durability::process));
  auto other = ok(Database::open(folder / "world.db"));
  CHECK(ok(other.ask("SELECT count(*) FROM objects")) == "1");
}

TEST_CASE("a batch that fails leaves nothing behind and can be written again") {
  Folder folder;
  Small small;
  auto store = ok(Store::open(folder / "world.db"));
  small.make();
  Changes changes = small.world.take_changes();
  changes.verbs.push_back(Changes::VerbsRow{kSystem, {Verb{}, Verb{}}});
  changes.verbs[0].verbs[1].args.prep = 5;
  sql(folder / "world.db",
      "CREATE TRIGGER stop BEFORE INSERT ON verbs WHEN NEW.prep = 5 BEGIN SELECT RAISE(ABORT, "
      "'no'); END");
  CHECK(error_of(store->write(changes, Durability::disk)).code == ErrorCode::file);
  auto other = ok(Database::open(folder / "world.db"));
  CHECK(ok(other.ask("SELECT count(*) FROM objects")) == "0");
  ok(other.execute("DROP TRIGGER stop"));
  ok(store->write(changes, Durability::process));
  CHECK(ok(other.ask("SELECT count(*) FROM verbs")) == "2");
}

TEST_CASE("joined batches keep the newest row of each object, property and verb list") {
  Small small;
  const ObjectId kept = small.make(), gone = small.make();
  small.define(kept, "p", Value(1));
  small.define(gone, "p", Value(1));
  small.verb(kept, "old");
  small.verb(gone, "old");
  Changes batch = small.world.take_changes();
  small.name("P");
  ok(small.world.set_property(kept, small.name("p"), Value(2)));
  ok(small.world.set_name(kept, "new"));
  ok(small.world.delete_verb(VerbRef{kept, 0}));
  ok(small.world.recycle(gone));
  small.make();
  merge(batch, small.world.take_changes());
  CHECK(batch.objects.size() == 3);
  CHECK(batch.max_object == 2);
  REQUIRE(batch.properties.size() == 1);
  CHECK(batch.properties[0].property->value == Value(2));
  REQUIRE(batch.verbs.size() == 1);
  CHECK(batch.verbs[0].verbs.empty());
  for (const auto& row : batch.objects) {
    if (row.object == kept) CHECK(row.data->name == "new");
    if (row.object == gone) CHECK_FALSE(row.data.has_value());
  }
  merge(batch, Changes{});
  CHECK(batch.objects.size() == 3);
}

}  // namespace cosmoo
