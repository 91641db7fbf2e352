// Verb names, looking verbs up, and changing them.
#include "support.h"
#include "vm/world/command.h"

namespace cosmoo {
using namespace test;

namespace {

constexpr VerbArgs kThis{ObjectSpec::this_, kNoPreposition, ObjectSpec::none};
constexpr VerbArgs kNoArgs{ObjectSpec::none, kNoPreposition, ObjectSpec::none};
constexpr VerbArgs kAnyArgs{ObjectSpec::any, kAnyPreposition, ObjectSpec::any};

}  // namespace

TEST_CASE("a star marks from where on a verb's name may be cut short") {
  for (const std::string_view called : {"l", "lo", "loo", "look", "LOOK"}) {
    CHECK(verb_name_matches("l*ook", called));
  }
  for (const std::string_view called : {"", "k", "looks", "lok"}) {
    CHECK_FALSE(verb_name_matches("l*ook", called));
  }
}

TEST_CASE("a star at the end lets anything follow, and alone is everything") {
  CHECK(verb_name_matches("get*", "get"));
  CHECK(verb_name_matches("get*", "get_all_of_it"));
  CHECK_FALSE(verb_name_matches("get*", "ge"));
  CHECK(verb_name_matches("*", "whatever"));
  CHECK_FALSE(verb_name_matches("*", ""));
}

TEST_CASE("stars stand where MOO lets them") {
  struct Row {
    std::string_view names, fits, does_not;  // words that are called
  };
  for (const Row& row : std::initializer_list<Row>{
           {"foo*bar", "foo foob foobA FOOBAR", "fo foobarx foox bar"},
           {"foo*", "foo food foo*", "fo"},
           {"*foo", "f fo foo", "x foox"},
           {"f*oo*", "f fo foo foozle", "fx"},
           {"f*o*o", "f fo foo", "fooo fx"},
           {"foo**", "foo fooz", "fo"},
           {"*", "x anything", ""},
           {"a*b c*d", "a ab c cd", "ac b"},
       }) {
    CAPTURE(row.names);
    for (const std::string& called : split_words(row.fits)) {
      CHECK_MESSAGE(verb_name_matches(row.names, called), called);
    }
    for (const std::string& called : split_words(row.does_not)) {
      CHECK_FALSE_MESSAGE(verb_name_matches(row.names, called), called);
    }
  }
}

TEST_CASE("a verb has several names") {
  CHECK(verb_name_matches("  l*ook   ex*amine ", "exam"));
  CHECK(verb_name_matches("look examine", "examine"));
  CHECK_FALSE(verb_name_matches("look examine", "look examine"));
  CHECK_FALSE(verb_name_matches("", "x"));
}

TEST_CASE("a call finds the nearest executable verb") {
  Small small;
  const ObjectId root = small.make(), child = small.make({root});
  const VerbRef root_look = small.verb(root, "l*ook");
  small.verb(child, "look", {}, kRead);
  const Symbol look = small.name("look");
  CHECK(small.world.find_verb(child, look) == root_look);
  const VerbRef child_look = small.verb(child, "lo*ok");
  CHECK(small.world.find_verb(child, look) == child_look);
  CHECK(small.world.find_verb(child, small.name("l")) == root_look);
  CHECK_FALSE(small.world.find_verb(child, small.name("jump")).has_value());
  CHECK_FALSE(small.world.find_verb(ObjectId{9}, look).has_value());
}

TEST_CASE("what was looked up before does not hide a later change") {
  Small small;
  World& world = small.world;
  const ObjectId a = small.make(), b = small.make(), child = small.make({a});
  const Symbol jump = small.name("jump");
  CHECK_FALSE(world.find_verb(child, jump).has_value());
  const VerbRef in_a = small.verb(a, "jump");
  CHECK(world.find_verb(child, jump) == in_a);
  ok(world.set_verb_info(in_a, a, kRead, "jump"));
  CHECK_FALSE(world.find_verb(child, jump).has_value());
  ok(world.set_verb_info(in_a, a, kExecute, "hop"));
  CHECK_FALSE(world.find_verb(child, jump).has_value());
  CHECK(world.find_verb(child, small.name("hop")) == in_a);
  const VerbRef in_b = small.verb(b, "jump");
  ok(world.set_parents(child, {b}));
  CHECK(world.find_verb(child, jump) == in_b);
  CHECK_FALSE(world.find_verb(child, small.name("hop")).has_value());
  ok(world.delete_verb(in_b));
  CHECK_FALSE(world.find_verb(child, jump).has_value());
  small.verb(b, "jump");
  CHECK(world.find_verb(child, jump).has_value());
  ok(world.recycle(b));
  CHECK_FALSE(world.find_verb(child, jump).has_value());
}

TEST_CASE("what is above a definer in an object's ancestry is what pass() calls") {
  Small small;
  const ObjectId root = small.make();
  const ObjectId left = small.make({root}), right = small.make({root});
  const ObjectId bottom = small.make({left, right});
  for (const ObjectId id : {root, left, right, bottom}) small.verb(id, "act");
  const Symbol act = small.name("act");
  World& world = small.world;
  CHECK(world.find_verb_above(bottom, bottom, act)->definer == left);
  CHECK(world.find_verb_above(bottom, left, act)->definer == root);
  CHECK(world.find_verb_above(bottom, root, act)->definer == right);
  CHECK_FALSE(world.find_verb_above(bottom, right, act).has_value());
  CHECK(world.find_verb_above(left, left, act)->definer == root);
  CHECK_FALSE(world.find_verb_above(left, root, act).has_value());
}

TEST_CASE("above a definer that is no ancestor any more is its own ancestry") {
  Small small;
  const ObjectId root = small.make(), definer = small.make({root}), stranger = small.make();
  small.verb(root, "act");
  small.verb(definer, "act");
  CHECK(small.world.find_verb_above(stranger, definer, small.name("act"))->definer == root);
  CHECK_FALSE(small.world.find_verb_above(stranger, ObjectId{99}, small.name("act")).has_value());
}

TEST_CASE("a command's verb must fit in its name and its arguments") {
  Small small;
  World& world = small.world;
  const ObjectId root = small.make(), box = small.make({root}), ball = small.make();
  const VerbRef open = small.verb(root, "open", kThis, kRead);
  const VerbRef look = small.verb(root, "look", kNoArgs);
  const VerbRef put = small.verb(root, "put", VerbArgs{ObjectSpec::any, 3, ObjectSpec::this_});
  const VerbRef any = small.verb(root, "think", kAnyArgs);
  CHECK(world.find_command_verb(box, "open", box, kNoPreposition, kNothing) == open);
  CHECK_FALSE(world.find_command_verb(box, "open", ball, kNoPreposition, kNothing).has_value());
  CHECK_FALSE(world.find_command_verb(box, "open", box, 3, kNothing).has_value());
  CHECK_FALSE(world.find_command_verb(box, "open", root, kNoPreposition, kNothing).has_value());
  CHECK(world.find_command_verb(box, "look", kNothing, kNoPreposition, kNothing) == look);
  CHECK_FALSE(
      world.find_command_verb(box, "look", ObjectId{-3}, kNoPreposition, kNothing).has_value());
  CHECK(world.find_command_verb(box, "put", ball, 3, box) == put);
  CHECK_FALSE(world.find_command_verb(box, "put", ball, 4, box).has_value());
  CHECK_FALSE(world.find_command_verb(box, "put", ball, kNoPreposition, box).has_value());
  CHECK(world.find_command_verb(box, "think", kNothing, kNoPreposition, kNothing) == any);
  CHECK(world.find_command_verb(box, "think", ObjectId{-2}, 7, ball) == any);
  CHECK_FALSE(world.find_command_verb(kNothing, "look", kNothing, kNoPreposition, kNothing));
}

TEST_CASE("the first of several fitting verbs is taken") {
  Small small;
  const ObjectId id = small.make();
  const VerbRef first = small.verb(id, "put", VerbArgs{ObjectSpec::any, 3, ObjectSpec::this_});
  const VerbRef second = small.verb(id, "put", kAnyArgs);
  CHECK(small.world.find_command_verb(id, "put", id, 3, id) == first);
  CHECK(small.world.find_command_verb(id, "put", id, 4, id) == second);
}

TEST_CASE("an own verb is found by name or by its place") {
  Small small;
  const ObjectId root = small.make(), id = small.make({root});
  small.verb(root, "inherited");
  const VerbRef look = small.verb(id, "l*ook ex*amine"), jump = small.verb(id, "jump");
  World& world = small.world;
  CHECK(world.own_verb(id, "lo") == look);
  CHECK(world.own_verb(id, "l*ook") == look);
  CHECK(world.own_verb(id, "1") == look);
  CHECK(world.own_verb(id, "2") == jump);
  CHECK_FALSE(world.own_verb(id, "0").has_value());
  CHECK_FALSE(world.own_verb(id, "3").has_value());
  CHECK_FALSE(world.own_verb(id, "inherited").has_value());
  CHECK_FALSE(world.own_verb(ObjectId{9}, "look").has_value());
}

TEST_CASE("every change of code makes a new version") {
  Small small;
  const ObjectId id = small.make();
  const VerbRef ref = small.verb(id, "act");
  const VerbRef other = small.verb(id, "other");
  const auto before = small.world.verb(ref)->version;
  CHECK(small.world.verb(other)->version != before);
  ok(small.world.set_verb_code(ref, "return 1"));
  CHECK(small.world.verb(ref)->code == "return 1");
  CHECK(small.world.verb(ref)->version > small.world.verb(other)->version);
  const auto after = small.world.verb(ref)->version;
  ok(small.world.set_verb_args(ref, kThis));
  CHECK(small.world.verb(ref)->args == kThis);
  CHECK(small.world.verb(ref)->version == after);
}

TEST_CASE("verbs that are not there are E_VERBNF, and a verb needs a name") {
  Small small;
  World& world = small.world;
  const ObjectId id = small.make();
  const VerbRef none{id, 0};
  CHECK(world.verb(none) == nullptr);
  CHECK(code_of(world.delete_verb(none)) == ErrorCode::verbnf);
  CHECK(code_of(world.set_verb_code(none, "")) == ErrorCode::verbnf);
  CHECK(code_of(world.set_verb_info(none, id, kRead, "x")) == ErrorCode::verbnf);
  CHECK(code_of(world.set_verb_args(VerbRef{ObjectId{9}, 0}, kThis)) == ErrorCode::verbnf);
  CHECK(code_of(world.add_verb(id, Verb{})) == ErrorCode::invarg);
  Verb verb;
  verb.names = "x";
  CHECK(code_of(world.add_verb(ObjectId{9}, verb)) == ErrorCode::invarg);
  const VerbRef ref = small.verb(id, "x");
  CHECK(code_of(world.set_verb_info(ref, id, kRead, "  ")) == ErrorCode::invarg);
  CHECK(world.verb(ref)->names == "x");
}

// They are all looked through for every command that is typed near the object.
TEST_CASE("the names of all verbs of an object are bounded") {
  Small small;
  const ObjectId id = small.make();
  Verb verb;
  verb.names = std::string(999, 'x');
  const std::size_t most = World::kMostVerbNames / 1000;
  for (std::size_t i = 0; i < most; ++i) ok(small.world.add_verb(id, verb));
  CHECK(code_of(small.world.add_verb(id, verb)) == ErrorCode::quota);
  CHECK(small.world.find(id)->verbs.size() == most);
  CHECK(code_of(small.world.set_verb_info(VerbRef{id, 0}, id, 0, std::string(2000, 'y'))) ==
        ErrorCode::quota);
  ok(small.world.set_verb_info(VerbRef{id, 0}, id, 0, "short"));
  ok(small.world.add_verb(id, verb));
}

}  // namespace cosmoo
