// Who may read and write what.
#include "support.h"

namespace cosmoo {
using namespace test;

namespace {

struct People : Small {
  ObjectId wizard = make();
  ObjectId owner = make();
  ObjectId stranger = make();
  ObjectId thing = make({}, owner);

  People() {
    ok(world.set_flag(wizard, kWizard, true));
    ok(world.set_name(thing, "thing"));
  }
  ErrorCode read(std::string_view property, ObjectId programmer) {
    return code_of(read_property(world, thing, name(property), programmer));
  }
  ErrorCode write(std::string_view property, Value value, ObjectId programmer) {
    return code_of(write_property(world, thing, name(property), std::move(value), programmer));
  }
};

// For a change that makes nothing larger.
Result<std::int64_t> no_growth(const Value&) { return 0; }

}  // namespace

TEST_CASE("reading takes the r bit, the slot's owner or a wizard") {
  People people;
  people.define(people.thing, "open", Value(1), people.wizard, kRead);
  people.define(people.thing, "secret", Value(2), people.owner, 0);
  CHECK(people.read("open", people.stranger) == ErrorCode::none);
  CHECK(people.read("secret", people.stranger) == ErrorCode::perm);
  CHECK(people.read("secret", kNothing) == ErrorCode::perm);
  CHECK(people.read("secret", people.owner) == ErrorCode::none);
  CHECK(people.read("secret", people.wizard) == ErrorCode::none);
}

TEST_CASE("writing takes the w bit, the slot's owner or a wizard") {
  People people;
  people.define(people.thing, "board", Value(1), people.owner, kWrite);
  people.define(people.thing, "mine", Value(1), people.owner, kRead);
  CHECK(people.write("board", Value(2), people.stranger) == ErrorCode::none);
  CHECK(people.read("board", people.stranger) == ErrorCode::perm);
  CHECK(people.write("mine", Value(2), people.stranger) == ErrorCode::perm);
  CHECK(people.write("mine", Value(3), people.owner) == ErrorCode::none);
  CHECK(people.write("mine", Value(4), people.wizard) == ErrorCode::none);
  CHECK(people.get(people.thing, "mine") == Value(4));
}

// A wizard hangs a property on someone's object and trusts that its owner cannot change it.
TEST_CASE("owning the object is not owning the slot") {
  People people;
  people.define(people.thing, "rank", Value(1), people.wizard, kRead);
  CHECK(people.write("rank", Value(9), people.owner) == ErrorCode::perm);
  CHECK(people.get(people.thing, "rank") == Value(1));
}

TEST_CASE("an inherited slot is the class owner's, with the c bit the child's owner's") {
  People people;
  const ObjectId child = people.make({people.thing}, people.stranger);
  people.define(people.thing, "fixed", Value(1), people.owner, 0);
  people.define(people.thing, "free", Value(1), people.owner, kChown);
  World& world = people.world;
  CHECK(code_of(read_property(world, child, people.name("fixed"), people.stranger)) ==
        ErrorCode::perm);
  ok(write_property(world, child, people.name("free"), Value(2), people.stranger));
  CHECK(code_of(write_property(world, child, people.name("free"), Value(2), people.owner)) ==
        ErrorCode::perm);
  CHECK(people.get(people.thing, "free") == Value(1));
}

TEST_CASE("errors name the object and the property") {
  People people;
  people.define(people.thing, "secret", Value(2), people.owner, 0);
  World& world = people.world;
  const auto message = [&](ObjectId object, std::string_view property) {
    return error_of(read_property(world, object, people.name(property), people.stranger)).message;
  };
  CHECK(message(people.thing, "secret") == "#3.secret: #2 may not read it");
  CHECK(message(people.thing, "nope") == "#3.nope: no such property");
  CHECK(message(ObjectId{77}, "x") == "#77.x: #77 is not a valid object");
}

TEST_CASE("what is not there is E_INVIND or E_PROPNF") {
  People people;
  World& world = people.world;
  const ObjectId gone{77};
  for (const std::string_view property : {"name", "x"}) {
    const Symbol symbol = people.name(property);
    CHECK(code_of(read_property(world, gone, symbol, people.wizard)) == ErrorCode::invind);
    CHECK(code_of(write_property(world, gone, symbol, Value(1), people.wizard)) ==
          ErrorCode::invind);
    CHECK(code_of(update_property(world, gone, symbol, people.wizard, no_growth)) ==
          ErrorCode::invind);
  }
  CHECK(people.read("x", people.wizard) == ErrorCode::propnf);
  CHECK(people.write("x", Value(1), people.wizard) == ErrorCode::propnf);
  CHECK(code_of(update_property(world, people.thing, people.name("x"), people.wizard, no_growth)) ==
        ErrorCode::propnf);
}

TEST_CASE("everyone reads the built-in properties") {
  People people;
  World& world = people.world;
  const ObjectId child = people.make({people.thing});
  ok(world.move(child, people.thing));
  const auto value = [&](ObjectId object, std::string_view property) {
    return ok(read_property(world, object, people.name(property), kNothing));
  };
  CHECK(value(people.thing, "name") == Value("thing"));
  CHECK(value(people.thing, "owner") == Value(people.owner));
  CHECK(value(people.thing, "contents") == Value(List{Value(child)}));
  CHECK(value(people.thing, "children") == Value(List{Value(child)}));
  CHECK(value(child, "parents") == Value(List{Value(people.thing)}));
  CHECK(value(child, "location") == Value(people.thing));
  CHECK(value(people.wizard, "wizard") == Value(true));
  for (const std::string_view flag : {"programmer", "wizard", "r", "w", "f"}) {
    CHECK(value(people.thing, flag) == Value(false));
  }
}

TEST_CASE("a name is written by the owner, a player's by wizards") {
  People people;
  CHECK(people.write("name", Value("a"), people.stranger) == ErrorCode::perm);
  CHECK(people.write("name", Value("b"), people.owner) == ErrorCode::none);
  ok(people.world.set_flag(people.thing, kPlayer, true));
  CHECK(people.write("name", Value("c"), people.owner) == ErrorCode::perm);
  CHECK(people.write("name", Value("d"), people.wizard) == ErrorCode::none);
  CHECK(people.world.find(people.thing)->name == "d");
  CHECK(people.write("name", Value(1), people.wizard) == ErrorCode::type);
}

// A name with a line break in it would print lines of its maker's choice on everybody's screen.
TEST_CASE("a name has no control characters") {
  People people;
  CHECK(people.write("name", Value("a\r\n*** You are out of luck ***"), people.owner) ==
        ErrorCode::invarg);
  CHECK(people.world.find(people.thing)->name == "thing");
}

TEST_CASE("wizards alone write owners and the flags that give power") {
  People people;
  for (const std::string_view flag : {"programmer", "wizard"}) {
    CHECK(people.write(flag, Value(true), people.owner) == ErrorCode::perm);
    CHECK(people.write(flag, Value(true), people.wizard) == ErrorCode::none);
  }
  CHECK(people.world.is_wizard(people.thing));
  CHECK(people.write("owner", Value(people.stranger), people.owner) == ErrorCode::perm);
  CHECK(people.write("owner", Value(people.stranger), people.wizard) == ErrorCode::none);
  CHECK(people.world.find(people.thing)->owner == people.stranger);
  CHECK(people.write("owner", Value(ObjectId{77}), people.wizard) == ErrorCode::invarg);
  CHECK(people.write("owner", Value("me"), people.wizard) == ErrorCode::type);
}

TEST_CASE("being a player is a flag and no property: the name is free") {
  People people;
  ok(people.world.set_flag(people.thing, kPlayer, true));
  CHECK(people.read("player", people.wizard) == ErrorCode::propnf);
  people.define(people.thing, "player", Value(people.owner), people.owner);
  CHECK(people.get(people.thing, "player") == Value(people.owner));
}

TEST_CASE("the owner writes r, w and f") {
  People people;
  for (const std::string_view flag : {"r", "w", "f"}) {
    CHECK(people.write(flag, Value(true), people.stranger) == ErrorCode::perm);
    CHECK(people.write(flag, Value(true), people.owner) == ErrorCode::none);
    CHECK(people.write(flag, Value(0), people.owner) == ErrorCode::none);
    CHECK(people.write(flag, Value(1), people.owner) == ErrorCode::none);
    CHECK(people.write(flag, Value(2), people.owner) == ErrorCode::invarg);
    CHECK(people.write(flag, Value("yes"), people.owner) == ErrorCode::type);
  }
  CHECK(people.world.find(people.thing)->flags == (kReadable | kWritable | kFertile));
}

TEST_CASE("places and families are not written, and the message says what changes them") {
  People people;
  for (const std::string_view property : {"location", "contents", "parents", "children"}) {
    const auto written = write_property(people.world, people.thing, people.name(property),
                                        Value(kNothing), people.wizard);
    const Error error = error_of(written);
    CHECK(error.code == ErrorCode::perm);
    CHECK(contains(error.message, property));
    CHECK((contains(error.message, "move()") || contains(error.message, "chparents()")));
  }
}

TEST_CASE("changing in place asks for the right to write") {
  People people;
  World& world = people.world;
  people.define(people.thing, "list", Value(List{}), people.owner, kRead);
  const Symbol list = people.name("list");
  CHECK(code_of(update_property(world, people.thing, list, people.stranger, no_growth)) ==
        ErrorCode::perm);
  Value* value = ok(update_property(world, people.thing, list, people.owner, no_growth));
  value->mutable_list().push_back(Value(1));
  CHECK(people.get(people.thing, "list") == Value(List{Value(1)}));
  CHECK(code_of(update_property(world, people.thing, people.name("contents"), people.wizard,
                                no_growth)) == ErrorCode::type);
}

}  // namespace cosmoo
