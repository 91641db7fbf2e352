// Worlds in folders: what goes out comes back exactly, and what is wrong changes nothing.
#include <fstream>
#include <sstream>

#include "tests/unit/vm_world/support.h"
#include "vm/lua/object_file.h"
#include "vm/object_text.h"
#include "vm/world/codec.h"
#include "vm/world_export.h"
#include "vm/world_import.h"

namespace cosmoo::test {
namespace {

namespace fs = std::filesystem;

using Texts = std::map<std::string, std::string>;

std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Texts texts_of(const fs::path& folder) {
  Texts texts;
  for (const auto& entry : fs::directory_iterator(folder)) {
    texts[entry.path().filename().string()] = read_text(entry.path());
  }
  return texts;
}

void write_text(const fs::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  REQUIRE(out.good());
}

FolderReport write(const fs::path& folder, const World& world) {
  return ok(write_folder(folder, export_world(world), Overwrite::own_files, Index::keep));
}

/// A folder with the three objects that a world needs.
struct Files : Folder {
  Files() {
    write_text(*this / "system.lua", "object { name = \"system\" }\n");
    write_text(*this / "root.lua", "object { name = \"root\", flags = \"fertile\" }\n");
    write_text(*this / "first_wizard.lua",
               "object { name = \"Wizard\", parents = { \"root\" }, flags = \"player wizard\" }\n");
  }
  void add(const std::string& name, std::string_view text) { write_text(*this / name, text); }
  ImportReport into(World& world, ImportMode mode = ImportMode::update) {
    return ok(import_folder(path(), world, mode));
  }
  std::string refused_by(World& world, ImportMode mode = ImportMode::update) {
    const auto result = import_folder(path(), world, mode);
    if (result) return "it worked";
    CHECK(result.error().code == ErrorCode::invarg);
    return result.error().message;
  }
};

ObjectId named(World& world, std::string_view name) {
  const auto view = world.property(kSystem, world.symbols().intern(name));
  return view && view->value->is_object() ? view->value->object() : kNothing;
}

// Values that no Lua literal holds, or that one would change.
std::vector<Value> nasty_values() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  Value deep(1);
  for (int i = 0; i < 99; ++i) deep = i % 2 == 0 ? Value(List{deep}) : Value(Map{{deep, Value(i)}});
  Value wide(1);
  for (int i = 0; i < 9; ++i) {
    List list(49, Value("x"));
    list.push_back(wide);
    wide = Value(std::move(list));
  }
  return {
      Value(),
      Value(true),
      Value(INT64_MIN),
      Value(INT64_MAX),
      Value(-0.0),
      Value(0.1),
      Value(1e300),
      Value(2.0),
      Value(1.0 / 0.0),
      Value(-1.0 / 0.0),
      Value(bytes),
      Value("]] ]==] end } -- \" \\ $room #4"),
      Value("two\nlines\r\n"),
      Value(ObjectId{-1}),
      Value(ObjectId{12345}),
      Value(kSystem),
      Value(ErrorCode::perm),
      Value(Error(ErrorCode::invarg, "with \"words\"")),
      Value(ErrorValue{ErrorCode::range, "carries", Value(List{Value(1), Value(Map{})})}),
      Value(List{}),
      Value(Map{}),
      Value(List{Value(1), Value(), Value(3), Value()}),
      Value(Map{{Value(1), Value("a")}, {Value(2), Value("b")}}),
      Value(Map{{Value(1.0), Value("a")}, {Value(2.5), Value("b")}}),
      Value(Map{{Value(3), Value("a")}, {Value("end"), Value("b")}, {Value(true), Value(false)}}),
      Value(Map{{Value(List{Value(1)}), Value(Map{{Value(), Value()}})},
                {Value(ErrorCode::type), Value(ObjectId{1})}}),
      deep,
      wide,
      Value(List(300, Value("a line that is long enough to need a line of its own"))),
  };
}

const std::vector<std::string>& nasty_codes() {
  static const std::vector<std::string> kCodes{
      "",
      "\n",
      "\n\n",
      "return 1",
      "return 1\n",
      "return 1\n\n\n",
      "  return 1",
      " return 1\n   \n\t return",
      "return 1  \n  -- trailing  ",
      "return 1\r\n-- two\r\n",
      "return 1\r-- one",
      "return ...",
      "local t = {...}\nreturn function(...) return ... end",
      "return \"...\"",
      "return [[\n  two spaces\nnone\n]]",
      "return [==[ ]] ]=] ]==]",
      "--[[ a comment\nend }\n]]",
      "-- end }",
      "end }\nverb { \"x\", function()",
      "this is no lua",
      "return [[ unfinished",
      "return 1 -- [[",
      "x = _ENV",
      "return $room, #4, #-1, '#4'",
      "do end end do",
      std::string("return '\0\x01\x7f'", 13),
      "return '\xff\xfe'",
      "goto done\n::done::",
      "]]",
      "return a[b[1]]",
      "return a[b[1]",
      "not lua ]]]=]",
      "not lua ]=",
  };
  return kCodes;
}

// Everything that the form has to hold, in one world.
struct Nasty : Small {
  Nasty() {
    const ObjectId system = make();
    const ObjectId root = make({}, ObjectId{2});
    const ObjectId wizard = make({root}, ObjectId{2});
    ok(world.recycle(make()));
    const ObjectId room = make({root}, wizard);
    const ObjectId thing = make({root}, ObjectId{77});
    const ObjectId both = make({thing, room}, thing);
    ok(world.set_owner(system, wizard));
    for (const auto flag : {kPlayer, kProgrammer, kWizard, kReadable, kWritable, kFertile}) {
      ok(world.set_flag(wizard, flag, true));
    }
    ok(world.set_name(root, "root \"quoted\"\n\x01\xc3\xa9"));
    ok(world.move(wizard, room));
    ok(world.move(thing, wizard));
    define(system, "root", Value(root), wizard);
    define(system, "first_wizard", Value(wizard), wizard);
    define(system, "room", Value(room), wizard);
    define(system, "place", Value(room), wizard);
    define(system, "o12", Value(room), wizard);
    define(system, "end", Value(both), thing, kRead | kWrite);
    define(system, "not a file", Value(thing), wizard);
    define(system, "gone", Value(ObjectId{99}), wizard);
    define(root, "description", Value("plain"), wizard, kRead | kChown);
    define(root, "kept", Value(1), thing, kRead);
    define(root, "odd [name] \"x\"", Value(1), thing, 0);
    ok(world.set_property(room, name("description"), Value("own")));
    ok(world.set_property(room, name("kept"), Value()));
    ok(world.set_property_info(thing, name("kept"), wizard, kWrite));
    ok(world.set_property_info(both, name("description"), room, 0));
    ok(world.set_property(both, name("description"), Value(2.0)));
    define(wizard, "password", Value("$argon2id$secret"), kNothing, 0);
    int number = 0;
    for (const Value& value : nasty_values()) {
      define(thing, "value_" + std::to_string(number++), value, thing);
    }
    for (const std::string& code : nasty_codes()) {
      const VerbRef ref = verb(thing, "look l*ook \"quoted\"", {});
      ok(world.set_verb_code(ref, code));
    }
    verb(both, "put*", {ObjectSpec::this_, 4, ObjectSpec::any}, 0);
    verb(both, "take", {ObjectSpec::any, kAnyPreposition, ObjectSpec::none}, kRead | kDebug);
  }
};

void check_same(const World& a, const World& b) {
  CHECK(a.max_object() == b.max_object());
  REQUIRE(a.all() == b.all());
  for (const ObjectId id : a.all()) {
    CAPTURE(id);
    const Object& one = *a.find(id);
    const Object& two = *b.find(id);
    CHECK(one.name == two.name);
    CHECK(one.owner == two.owner);
    CHECK(one.flags == two.flags);
    CHECK(one.parents == two.parents);
    CHECK(one.children == two.children);
    CHECK(one.location == two.location);
    REQUIRE(one.verbs.size() == two.verbs.size());
    for (std::size_t i = 0; i < one.verbs.size(); ++i) {
      CAPTURE(i);
      CHECK(one.verbs[i].names == two.verbs[i].names);
      CHECK(one.verbs[i].owner == two.verbs[i].owner);
      CHECK(one.verbs[i].permissions == two.verbs[i].permissions);
      CHECK(one.verbs[i].args == two.verbs[i].args);
      CHECK(to_literal(Value(one.verbs[i].code)) == to_literal(Value(two.verbs[i].code)));
    }
    for (const auto& [symbol, slot] : one.properties) {
      const std::string& name = a.symbols().name_of(symbol);
      CAPTURE(name);
      if (name == "password") continue;
      const auto other = b.symbols().find(name);
      REQUIRE(other.has_value());
      const auto it = two.properties.find(*other);
      REQUIRE(it != two.properties.end());
      CHECK(slot.owner == it->second.owner);
      CHECK(slot.permissions == it->second.permissions);
      CHECK(slot.defined_here == it->second.defined_here);
      CHECK(slot.clear == it->second.clear);
      std::string left, right;
      encode(slot.value, left);
      encode(it->second.value, right);
      CHECK((left == right));
    }
  }
}

}  // namespace

TEST_CASE("a world of nasty things goes into a folder and comes back the same") {
  Nasty nasty;
  Folder first, second;
  write(first / "w", nasty.world);
  World world;
  const auto texts = ok(read_folder(first / "w"));
  const auto report = ok(import_world(texts, world, ImportMode::update));
  CHECK(report.objects == 6);
  CHECK(report.created == 6);
  CHECK(report.verbs == nasty_codes().size() + 2);
  check_same(nasty.world, world);
  write(second / "w", world);
  CHECK((texts_of(first / "w") == texts_of(second / "w")));
  CHECK(ok(world.create({}, kNothing)) == ObjectId{7});
}

TEST_CASE("a folder read into the world that it was written from changes nothing") {
  Nasty nasty;
  Folder folder;
  write(folder / "w", nasty.world);
  for (const ImportMode mode : {ImportMode::update, ImportMode::replace}) {
    (void)nasty.world.take_changes();
    const auto report = ok(import_folder(folder / "w", nasty.world, mode));
    CHECK(report.created == 0);
    CHECK(report.verbs == 0);
    CHECK(!nasty.world.dirty());
    CHECK(to_literal(nasty.get(ObjectId{2}, "password")) == "\"$argon2id$secret\"");
  }
}

TEST_CASE("what is at a place stands there in the same order after an import") {
  Nasty nasty;
  const auto made = [&] { return ok(nasty.world.create({}, kNothing)); };
  const ObjectId room = made(), a = made(), b = made(), c = made();
  for (const ObjectId id : {c, a, b}) CHECK(nasty.world.move(id, room).has_value());
  const std::vector<ObjectId> order{c, a, b};
  Folder first, second;
  write(first / "w", nasty.world);
  World world;
  (void)ok(import_folder(first / "w", world, ImportMode::update));
  CHECK((world.find(room)->contents == order));
  write(second / "w", world);
  CHECK((texts_of(first / "w") == texts_of(second / "w")));
  // What comes later is last, and replacing brings the order back.
  CHECK(world.move(c, kNothing).has_value());
  CHECK(world.move(c, room).has_value());
  CHECK((world.find(room)->contents == std::vector<ObjectId>{a, b, c}));
  (void)ok(import_folder(first / "w", world, ImportMode::update));
  CHECK((world.find(room)->contents == std::vector<ObjectId>{a, b, c}));
  (void)ok(import_folder(first / "w", world, ImportMode::replace));
  CHECK((world.find(room)->contents == order));
}

TEST_CASE("a place whose order its files do not tell has that of the numbers") {
  Nasty nasty;
  const auto made = [&] { return ok(nasty.world.create({}, kNothing)); };
  const ObjectId room = made(), a = made(), b = made();
  for (const ObjectId id : {a, b}) CHECK(nasty.world.move(id, room).has_value());
  Folder folder;
  write(folder / "w", nasty.world);
  for (const ObjectId where : {kNothing, room}) CHECK(nasty.world.move(a, where).has_value());
  CHECK((nasty.world.find(room)->contents == std::vector<ObjectId>{b, a}));
  (void)ok(import_folder(folder / "w", nasty.world, ImportMode::replace));
  CHECK((nasty.world.find(room)->contents == std::vector<ObjectId>{a, b}));
}

TEST_CASE("passwords are in no file, and none is read from one") {
  Nasty nasty;
  Folder folder;
  write(folder / "w", nasty.world);
  for (const auto& [name, text] : texts_of(folder / "w")) CHECK(!contains(text, "secret"));
  Files files;
  files.add("room.lua", "object { name = \"r\" }\nproperty { \"Password\", \"x\" }\n");
  World world;
  CHECK(files.refused_by(world) == "room.lua:2: Password: passwords are not kept in files");
}

TEST_CASE("only files that differ are written, and those of objects that are gone removed") {
  Nasty nasty;
  Folder folder;
  const fs::path into = folder / "w";
  CHECK(write(into, nasty.world).written == 6);
  write_text(into / "notes.lua", "-- somebody's own");
  write_text(into / "README.md", "about");
  CHECK(write(into, nasty.world).written == 0);
  ok(nasty.world.set_name(ObjectId{4}, "other"));
  ok(nasty.world.recycle(ObjectId{5}));
  const auto report = write(into, nasty.world);
  CHECK(report.written == 2);  // and the heir of what is gone
  CHECK(report.removed == 1);
  CHECK(!fs::exists(into / "o5.lua"));
  CHECK(fs::exists(into / "notes.lua"));
  CHECK(fs::exists(into / "README.md"));
}

TEST_CASE("what an export did not write is written over only when that is asked") {
  Nasty nasty;
  Folder folder;
  const fs::path into = folder / "w";
  fs::create_directory(into);
  write_text(into / "place.lua", "-- by hand\nobject { name = \"mine\" }\n");
  const auto plan = export_world(nasty.world);
  const Error refused = error_of(write_folder(into, plan, Overwrite::own_files, Index::keep));
  CHECK(refused.code == ErrorCode::file);
  CHECK(contains(refused.message, "place.lua: it differs, and no export wrote it"));
  CHECK(texts_of(into).size() == 1);
  CHECK(ok(write_folder(into, plan, Overwrite::all, Index::none)).written == 6);
  CHECK(read_text(into / "place.lua").starts_with("-- by hand\nobject { name = \"\","));
  CHECK(!fs::exists(into / "world.index"));
}

TEST_CASE("comments above statements stay when a file is written again") {
  Files files;
  const std::string text =
      "-- What it is,\n-- in two lines.\nobject { name = \"r\" }\n\n"
      "property { \"a\", 1 }\nproperty { \"b\", 2 }\n\n-- About c.\nproperty { \"c\", 3 }\n\n"
      "-- First.\nverb { \"x\", function()\n  -- inside\nend }\n\n-- Second.\nverb { \"x\", "
      "function()\nend }\n";
  files.add("room.lua", text);
  Small small;
  files.into(small.world);
  ok(write_folder(files.path(), export_world(small.world), Overwrite::all, Index::keep));
  CHECK(read_text(files / "room.lua") == text);
}

TEST_CASE("some objects are written beside what was there") {
  Nasty nasty;
  Folder folder;
  const fs::path into = folder / "w";
  write(into, nasty.world);
  ok(nasty.world.set_name(ObjectId{4}, "other"));
  ok(nasty.world.set_name(ObjectId{5}, "another"));
  const auto plan = ok(export_objects(nasty.world, {ObjectId{4}, ObjectId{4}}));
  const auto report = ok(write_folder(into, plan, Overwrite::own_files, Index::keep));
  CHECK(report.objects == 1);
  CHECK(report.written == 1);
  CHECK(report.removed == 0);
  CHECK(contains(read_text(into / "place.lua"), "name = \"other\""));
  CHECK(!contains(read_text(into / "o5.lua"), "another"));
  CHECK(error_of(export_objects(nasty.world, {ObjectId{3}})).code == ErrorCode::invarg);
}

// A link in the folder that leads elsewhere: neither is its target read nor written.
TEST_CASE("links in a folder are not followed") {
  Nasty nasty;
  Folder folder;
  const fs::path into = folder / "w";
  write_text(folder / "target", "object { name = \"elsewhere\" }\n");
  fs::create_directory(into);
  fs::create_symlink(folder / "target", into / "place.lua");
  const Error read = error_of(read_folder(into));
  CHECK(read.code == ErrorCode::file);
  CHECK(contains(read.message, "place.lua: it is a symbolic link"));
  CHECK(!write_folder(into, export_world(nasty.world), Overwrite::all, Index::keep).has_value());
  CHECK(read_text(folder / "target") == "object { name = \"elsewhere\" }\n");
}

// An index made by hand that names files outside of the folder, for an export to remove.
TEST_CASE("an index names nothing outside of its folder") {
  Nasty nasty;
  Folder folder;
  write(folder / "w", nasty.world);
  write_text(folder / "victim.lua", "mine");
  write_text(folder.path() / "w" / "world.index", "last 9\n5 ../victim\n");
  const Error refused =
      error_of(write_folder(folder / "w", export_world(nasty.world), Overwrite::all, Index::keep));
  CHECK(refused.message == "world.index:2: neither a number and a name, nor last and a number");
  CHECK(fs::exists(folder / "victim.lua"));
}

TEST_CASE("all that is wrong with a folder is said at once, and nothing changes") {
  Files files;
  files.add("a.lua",
            "object { name = \"a\", parents = { \"nobody\" }, flags = \"shiny\" }\n"
            "property { \"x\", ref \"nobody\" }\n");
  files.add("b.lua",
            "object { name = \"b\" }\n"
            "property { \"x\", 1, perms = \"q\" }\n"
            "property { \"y\", 1 }\n"
            "property { \"Y\", 2 }\n"
            "property { \"f\", function() end }\n"
            "property { \"n\", 1, colour = 2 }\n"
            "verb { \"v\", \"this that\", function()\nend }\n"
            "verb { \"w\", \"none none none\" }\n"
            "verb { \"u\", function()\n  return 1\nend, perms = \"z\" }\n"
            "verb { \"t\", code = \"return return\" }\n"
            "verb { \"s\", function() return 1\nend }\n"
            "verb { \"\", function()\nend }\n");
  files.add("c.lua", "object { name = \"c\" }\nverb { \"v\", function()\n  return 7 7\nend }\n");
  files.add("d.lua", "property { \"x\", 1 }\n");
  files.add("e.lua", "while true do end\n");
  files.add("bad name.lua", "object { name = \"x\" }\n");
  World world;
  const std::string all = files.refused_by(world);
  for (const char* part :
       {"a.lua:1: there is no flag shiny", "a.lua:2: there is no object called nobody",
        "b.lua:2: x: \"q\" is not a permission of a property",
        "b.lua:4: the property Y is there twice: in line 3 too",
        "b.lua:5: f: a function is not a value", "b.lua:6: the field colour means nothing here",
        "b.lua:7: v: \"this that\" should be three words",
        "b.lua:9: w: the code, a function, is missing",
        "b.lua:10: u: \"z\" is not a permission of a verb",
        "b.lua:13: t: line 1, column 8: unexpected symbol near 'return'",
        "b.lua:14: a verb's code stands between a line with function() and one with end",
        "b.lua:16: a verb needs a name", "c.lua:3:", "d.lua: there is no object { ... } in it",
        "e.lua:1: the file runs without end", "bad name.lua: bad name is no name of an object"}) {
    CHECK_MESSAGE(contains(all, part), part);
  }
  CHECK(world.size() == 0);
  CHECK(!world.dirty());
}

TEST_CASE("what would not be in order together is refused with both sides named") {
  Files files;
  Small small;
  files.into(small.world);
  const ObjectId root = named(small.world, "root");
  const ObjectId child = small.make({root});
  small.define(child, "colour", Value("red"));
  (void)small.world.take_changes();

  SUBCASE("a property that a descendant has already") {
    files.add("root.lua", "object { name = \"root\" }\nproperty { \"colour\", 1 }\n");
    CHECK(contains(files.refused_by(small.world), "\"colour\" is defined on both #3 and #1"));
  }
  SUBCASE("a circle of parents") {
    files.add("a.lua", "object { name = \"a\", parents = { \"b\" } }\n");
    files.add("b.lua", "object { name = \"b\", parents = { \"a\" } }\n");
    const std::string all = files.refused_by(small.world);
    CHECK(contains(all, "a.lua:1: #4 would descend from itself"));
    CHECK(contains(all, "b.lua:1: #5 would descend from itself"));
  }
  SUBCASE("a circle of places") {
    files.add("a.lua", "object { name = \"a\", location = \"a\" }\n");
    CHECK(contains(files.refused_by(small.world), "a.lua:1: #4 would be inside itself"));
  }
  SUBCASE("parents and places that do not exist") {
    files.add("a.lua", "object { name = \"a\", parents = { #50 }, location = #51 }\n");
    const std::string all = files.refused_by(small.world);
    CHECK(contains(all, "a.lua:1: the parent #50 does not exist"));
    CHECK(contains(all, "a.lua:1: the location #51 does not exist"));
  }
  SUBCASE("two parents with one property") {
    files.add("a.lua", "object { name = \"a\" }\nproperty { \"p\", 1 }\n");
    files.add("b.lua", "object { name = \"b\" }\nproperty { \"p\", 1 }\n");
    files.add("c.lua", "object { name = \"c\", parents = { \"a\", \"b\" } }\n");
    CHECK(
        contains(files.refused_by(small.world), "c.lua:1: #6: property \"p\" is defined on both"));
  }
  SUBCASE("two files of one object") {
    files.add("o1.lua", "object { name = \"again\" }\n");
    CHECK(contains(files.refused_by(small.world), "it describes #1, as root.lua does"));
  }
  SUBCASE("a name that is something else") {
    small.define(kSystem, "motto", Value("x"));
    (void)small.world.take_changes();
    files.add("motto.lua", "object { name = \"m\" }\n");
    CHECK(contains(files.refused_by(small.world), "#0.motto is there already, and no object"));
  }
  SUBCASE("a clear property that nobody has") {
    files.add("a.lua", "object { name = \"a\" }\nproperty { \"p\", clear = true }\n");
    CHECK(contains(files.refused_by(small.world), "a.lua:2: p: it is clear, but nothing"));
  }
  SUBCASE("a built-in property") {
    files.add("a.lua", "object { name = \"a\" }\nproperty { \"Owner\", 1 }\n");
    CHECK(contains(files.refused_by(small.world), "a.lua:2: Owner: it is a built-in property"));
  }
  CHECK(small.world.size() == 4);
  CHECK(!small.world.dirty());
}

TEST_CASE("a new world needs the system object and an owner") {
  World world;
  Folder folder;
  write_text(folder / "a.lua", "object { name = \"a\" }\n");
  const Error refused = error_of(import_folder(folder.path(), world, ImportMode::update));
  CHECK(refused.message == "the folder: system.lua is missing");
  CHECK(error_of(import_folder(folder / "none", world, ImportMode::update)).code ==
        ErrorCode::file);
}

TEST_CASE("bringing a world in line leaves what is there, replacing does not") {
  Files files;
  files.add("room.lua",
            "object { name = \"room\", parents = { \"root\" }, owner = \"root\" }\n"
            "property { \"colour\", \"red\" }\n"
            "verb { \"one\", function()\n  return 1\nend }\n");
  Small small;
  files.into(small.world);
  const ObjectId room = named(small.world, "room");
  const ObjectId wizard = named(small.world, "first_wizard");
  ok(small.world.set_property(room, small.name("colour"), Value("blue")));
  small.define(room, "extra", Value(1));
  small.verb(room, "two");
  ok(small.world.move(room, wizard));
  ok(small.world.set_verb_code({room, 0}, "return 2"));
  const ObjectId heir = small.make({room});
  ok(small.world.set_property(heir, small.name("extra"), Value(2)));
  ok(small.world.set_property(heir, small.name("colour"), Value("green")));

  CHECK(files.into(small.world).verbs == 1);
  CHECK(small.get(room, "colour") == Value("blue"));
  CHECK(small.get(room, "extra") == Value(1));
  CHECK(small.world.find(room)->verbs.size() == 2);
  CHECK(small.world.find(room)->verbs[0].code == "return 1");
  CHECK(small.world.find(room)->location == wizard);

  CHECK(files.into(small.world, ImportMode::replace).verbs == 0);
  CHECK(small.get(room, "colour") == Value("red"));
  CHECK(small.get(room, "extra") == Value("no such property"));
  CHECK(small.get(heir, "extra") == Value("no such property"));
  CHECK(small.get(heir, "colour") == Value("green"));
  CHECK(small.world.find(room)->verbs.size() == 1);
  CHECK(small.world.find(room)->location == kNothing);
  CHECK(small.world.find(wizard)->contents.empty());
  CHECK(named(small.world, "room") == room);
}

TEST_CASE("parents may change places, and a property move up, in one import") {
  Files files;
  files.add("a.lua", "object { name = \"a\" }\nproperty { \"p\", 1 }\n");
  files.add("b.lua", "object { name = \"b\", parents = { \"a\" } }\nproperty { \"q\", 2 }\n");
  Small small;
  files.into(small.world);
  const ObjectId a = named(small.world, "a"), b = named(small.world, "b");
  const ObjectId heir = small.make({b});
  ok(small.world.set_property(heir, small.name("q"), Value("own")));
  files.add("b.lua", "object { name = \"b\" }\nproperty { \"p\", 3 }\nproperty { \"q\", 4 }\n");
  files.add("a.lua", "object { name = \"a\", parents = { \"b\" } }\n");
  files.into(small.world, ImportMode::replace);
  CHECK(small.world.find(a)->parents == std::vector{b});
  CHECK(small.world.find(b)->parents.empty());
  CHECK(small.world.find(b)->children == std::vector{a, heir});
  CHECK(small.get(a, "p") == Value(3));
  CHECK(small.get(heir, "q") == Value("own"));
}

TEST_CASE("numbers of files and of the index are kept where they are free") {
  Files files;
  files.add("o40.lua", "object { name = \"forty\" }\n");
  files.add("chair.lua", "object { name = \"chair\", parents = { #40 } }\n");
  files.add("table.lua", "object { name = \"table\" }\n");
  files.add("world.index", "# by hand\nlast 60\n30 chair\n2 table\n");
  World world;
  files.into(world);
  CHECK(named(world, "chair") == ObjectId{30});
  CHECK(named(world, "table") == ObjectId{2});
  CHECK(world.find(ObjectId{40})->name == "forty");
  CHECK(named(world, "first_wizard") == ObjectId{62});
  CHECK(ok(world.create({}, kNothing)) == ObjectId{63});
}

TEST_CASE("words and paths that are no file of an object") {
  CHECK(numbered_file("o12") == ObjectId{12});
  CHECK(numbered_file("o0") == ObjectId{0});
  for (const char* word : {"o", "o-1", "o1x", "o01", "12", "o999999999999", "oo1", ""}) {
    CHECK_MESSAGE(!numbered_file(word).has_value(), word);
  }
  CHECK(names_a_file("first_room"));
  for (const char* word :
       {"", "a b", "../a", "a.b", "o12", "O12", "System", "cosmoo", "1a", "\xff"}) {
    CHECK_MESSAGE(!names_a_file(word), word);
  }
}

TEST_CASE("files that hold what no object is are refused, whatever is in them") {
  const auto nobody = [](std::string_view) { return std::optional<ObjectId>(); };
  for (const char* text : {"",
                           "\xff",
                           "\x1bLua",
                           "object { } object { }",
                           "object(1)",
                           "local s = 'x' while true do s = s .. s end",
                           "object { name = {} }",
                           "property()",
                           "return object",
                           "object { parents = 1 }",
                           "object { location = stored '00', arrived = 1 }",
                           "object { name = 'x', arrived = 1 }",
                           "object { arrived = 'x' }",
                           "object { name = 'x' } property { 'a', list { n = 1e9 } }",
                           "object { name = 'x' } property { 'a', stored 'zz' }",
                           "object { name = 'x' } property { 'a', stored '02FF' }",
                           "object { name = 'x' } property { 'a', map { 1 } }",
                           "object { name = 'x' } property { 'a', map { { 1, 2 }, { 1, 3 } } }",
                           "object { name = 'x' } property { 'a', failure(1, 'x') }",
                           "local t = {} t[1] = t object { name = 'x' } property { 'a', t }"}) {
    const ObjectFile file = read_object_file(text, "x.lua", nobody);
    CHECK_MESSAGE(!file.problems.empty(), text);
    if (!file.problems.empty()) CHECK(file.problems.front().starts_with("x.lua"));
  }
}

}  // namespace cosmoo::test
