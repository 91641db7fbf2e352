// Command lines taken apart, what their words mean, and argument specifications as text.
#include "support.h"
#include "vm/world/command.h"

namespace cosmoo {
using namespace test;

namespace {

using Words = std::vector<std::string>;

struct House : Small {
  ObjectId thing = make();
  ObjectId room = make();
  ObjectId player = make();
  House() {
    define(thing, "aliases", Value(List{}));
    ok(world.move(player, room));
  }
  ObjectId put(std::string title, ObjectId where, List aliases = {}) {
    const ObjectId id = make({thing});
    ok(world.set_name(id, std::move(title)));
    ok(world.set_property(id, name("aliases"), Value(std::move(aliases))));
    ok(world.move(id, where));
    return id;
  }
  Command parse(std::string_view line) { return parse_command(world, player, line); }
  ObjectId match(std::string_view words) { return match_object(world, player, words); }
};

}  // namespace

TEST_CASE("words are separated by spaces, and quotes keep them together") {
  CHECK(split_words("") == Words{});
  CHECK(split_words("   ") == Words{});
  CHECK(split_words("  one   two ") == Words{"one", "two"});
  CHECK(split_words("say \"hello  there\" now") == Words{"say", "hello  there", "now"});
  CHECK(split_words("a\"b c\"d") == Words{"ab cd"});
  CHECK(split_words("\"\" x") == Words{"", "x"});
  CHECK(split_words("\"open ended") == Words{"open ended"});
}

TEST_CASE("a backslash keeps the character behind it") {
  CHECK(split_words("a\\ b") == Words{"a b"});
  CHECK(split_words("\\\"x\\\"") == Words{"\"x\""});
  CHECK(split_words("\"a\\\"b\"") == Words{"a\"b"});
  CHECK(split_words("end\\") == Words{"end"});
  CHECK(split_words("a\\\\b") == Words{"a\\b"});
}

TEST_CASE("a line is a verb, objects and a preposition between them") {
  House house;
  const ObjectId bird = house.put("yellow bird", house.player);
  const ObjectId clock = house.put("cuckoo clock", house.room);
  const Command command = house.parse("  put  yellow bird in cuckoo clock ");
  CHECK(command.verb == "put");
  CHECK(command.argstr == "yellow bird in cuckoo clock ");
  CHECK(command.args == Words{"yellow", "bird", "in", "cuckoo", "clock"});
  CHECK(command.dobjstr == "yellow bird");
  CHECK(command.dobj == bird);
  CHECK(command.prepstr == "in");
  CHECK(command.prep == 3);
  CHECK(command.iobjstr == "cuckoo clock");
  CHECK(command.iobj == clock);
}

TEST_CASE("without a preposition everything is the direct object") {
  House house;
  const ObjectId bird = house.put("yellow bird", house.room);
  const Command command = house.parse("get yellow bird");
  CHECK(command.dobjstr == "yellow bird");
  CHECK(command.dobj == bird);
  CHECK(command.prep == kNoPreposition);
  CHECK(command.prepstr == "");
  CHECK(command.iobj == kNothing);
  const Command alone = house.parse("inventory");
  CHECK(alone.argstr == "");
  CHECK(alone.args.empty());
  CHECK(alone.dobj == kNothing);
}

TEST_CASE("the first preposition counts, in its longest spelling") {
  House house;
  const Command longest = house.parse("put hat on TOP of box in room");
  CHECK(longest.dobjstr == "hat");
  CHECK(longest.prepstr == "on TOP of");
  CHECK(longest.prep == 4);
  CHECK(longest.iobjstr == "box in room");
  const Command first = house.parse("look at me");
  CHECK(first.dobjstr == "");
  CHECK(first.prepstr == "at");
  CHECK(first.iobj == house.player);
  CHECK(house.parse("go in front of it").prep == 2);
  CHECK(house.parse("go in front").prep == 3);
  CHECK(house.parse("take off of it").prepstr == "off of");
  CHECK(house.parse("take it from inside box").prepstr == "from inside");
  CHECK(house.parse("walk on").prepstr == "on");
}

TEST_CASE("lines are taken apart as in MOO") {
  struct Row {
    std::string_view line, verb, argstr, dobjstr, prepstr, iobjstr;
  };
  House house;
  for (const Row& row : std::initializer_list<Row>{
           // the earliest preposition, in its longest spelling
           {"put a in b on c", "put", "a in b on c", "a", "in", "b on c"},
           {"put a on top of b", "put", "a on top of b", "a", "on top of", "b"},
           {"put a on top b", "put", "a on top b", "a", "on", "top b"},
           {"stand in front of b", "stand", "in front of b", "", "in front of", "b"},
           {"stand in front b", "stand", "in front b", "", "in", "front b"},
           {"get a out of b", "get", "a out of b", "a", "out of", "b"},
           {"get a out b", "get", "a out b", "a out b", "", ""},
           {"get a from INSIDE b", "get", "a from INSIDE b", "a", "from INSIDE", "b"},
           {"look at", "look", "at", "", "at", ""},
           {"at in", "at", "in", "", "in", ""},
           {"with using", "with", "using", "", "using", ""},
           // what is quoted is one word: a whole preposition or none
           {"put \"a\" \"in\" b", "put", "\"a\" \"in\" b", "a", "in", "b"},
           {"put a \"in b\"", "put", "a \"in b\"", "a in b", "", ""},
           {"stand \"in front\" of b", "stand", "\"in front\" of b", "in front of b", "", ""},
           {"stand \"in front of\" b", "stand", "\"in front of\" b", "in front of b", "", ""},
           {"put a with/using b", "put", "a with/using b", "a with/using b", "", ""},
           {"put a \\in b", "put", "a \\in b", "a", "in", "b"},
           {"put a in\\ b", "put", "a in\\ b", "a in b", "", ""},
           {"put \"\" in b", "put", "\"\" in b", "", "in", "b"},
           // spaces: kept in argstr, one each in the parts; a tab is no space
           {"  put   a   in   b  ", "put", "a   in   b  ", "a", "in", "b"},
           {"put\ta in b", "put\ta", "in b", "", "in", "b"},
           {"put  \"a  b\"  c", "put", "\"a  b\"  c", "a  b c", "", ""},
           // shortcuts, the space before them passed over and that behind them kept
           {"  \"  put in b", "say", "  put in b", "put", "in", "b"},
           {":\"s hat\" is", "emote", "\"s hat\" is", "s hat", "is", ""},
           {";;x", "eval", ";x", ";x", "", ""},
           {"\\;x", ";x", "", "", "", ""},
           {"p\"u\"t a", "put", "a", "a", "", ""},
           {"\\", "", "", "", "", ""},
       }) {
    CAPTURE(row.line);
    const Command command = house.parse(row.line);
    CHECK(command.verb == row.verb);
    CHECK(command.argstr == row.argstr);
    CHECK(command.dobjstr == row.dobjstr);
    CHECK(command.prepstr == row.prepstr);
    CHECK(command.iobjstr == row.iobjstr);
    CHECK((command.prep == kNoPreposition) == row.prepstr.empty());
    if (row.iobjstr.empty()) CHECK(command.iobj == kNothing);
    if (row.dobjstr.empty()) CHECK(command.dobj == kNothing);
  }
}

TEST_CASE("three characters stand for verbs, and keep what follows as it is") {
  House house;
  const Command say = house.parse("\"Hello  \"there\" ");
  CHECK(say.verb == "say");
  CHECK(say.argstr == "Hello  \"there\" ");
  CHECK(say.args == Words{"Hello", "there"});
  const Command emote = house.parse("  : waves");
  CHECK(emote.verb == "emote");
  CHECK(emote.argstr == " waves");
  const Command eval = house.parse(";1+1");
  CHECK(eval.verb == "eval");
  CHECK(eval.argstr == "1+1");
  CHECK(house.parse(";").argstr == "");
}

TEST_CASE("the verb may be quoted, and an empty line has none") {
  House house;
  CHECK(house.parse("\\\"odd x").verb == "\"odd");
  CHECK(house.parse("a\"b c\" d").verb == "ab c");
  CHECK(house.parse("a\"b c\" d").argstr == "d");
  CHECK(house.parse("").verb == "");
  CHECK(house.parse("    ").verb == "");
}

TEST_CASE("me, here and numbers are objects") {
  House house;
  CHECK(house.match("me") == house.player);
  CHECK(house.match("Here") == house.room);
  CHECK(house.match("#1") == house.room);
  CHECK(house.match("") == kNothing);
  for (const std::string_view words :
       {"#99", "#", "#x", "#1x", "#-1", "# 1", "#99999999999999999999"}) {
    CHECK(house.match(words) == kFailedMatch);
  }
  ok(house.world.move(house.player, kNothing));
  CHECK(house.match("here") == kNothing);
  CHECK(house.match("me") == house.player);
  CHECK(match_object(house.world, ObjectId{99}, "me") == kFailedMatch);
}

TEST_CASE("a whole name wins over the beginning of others") {
  House house;
  const ObjectId box = house.put("box", house.room);
  const ObjectId boxer = house.put("boxer", house.room);
  CHECK(house.match("box") == box);
  CHECK(house.match("boxe") == boxer);
  CHECK(house.match("bo") == kAmbiguous);
  CHECK(house.match("BOX") == box);
  CHECK(house.match("fox") == kFailedMatch);
}

TEST_CASE("aliases count as names do, and one object is never ambiguous with itself") {
  House house;
  const ObjectId bird =
      house.put("yellow bird", house.player, List{Value("bird"), Value(3), Value("bi")});
  CHECK(house.match("bird") == bird);
  CHECK(house.match("yell") == bird);
  CHECK(house.match("b") == bird);
  const ObjectId other = house.put("red bird", house.room, List{Value("bird")});
  CHECK(house.match("bird") == kAmbiguous);
  CHECK(house.match("red bird") == other);
}

TEST_CASE("only what is held and what is in the room is meant") {
  House house;
  const ObjectId elsewhere = house.make();
  house.put("lamp", elsewhere);
  CHECK(house.match("lamp") == kFailedMatch);
  ok(house.world.set_name(house.player, "Ann"));
  CHECK(house.match("ann") == house.player);
  CHECK(match_object(house.world, ObjectId{99}, "lamp") == kFailedMatch);
}

TEST_CASE("a command's verb is looked for on the player, the room and both objects") {
  House house;
  const ObjectId box = house.put("box", house.room), ball = house.put("ball", house.player);
  const VerbArgs none;
  const VerbArgs on_this{ObjectSpec::this_, kNoPreposition, ObjectSpec::none};
  const VerbArgs into_this{ObjectSpec::any, 3, ObjectSpec::this_};
  house.verb(house.player, "look", none);
  house.verb(house.room, "look lie", none);
  house.verb(house.thing, "drop", on_this);
  house.verb(box, "put", into_this);
  const auto target = [&](std::string_view line) {
    const auto found = find_command_target(house.world, house.player, house.parse(line));
    return found ? found->object : kNothing;
  };
  CHECK(target("look") == house.player);
  CHECK(target("lie") == house.room);
  CHECK(target("drop ball") == ball);
  CHECK(target("put ball in box") == box);
  CHECK(target("put nonsense into box") == box);
  CHECK(target("put box in ball") == kNothing);
  CHECK(target("look ball") == kNothing);
  CHECK(target("") == kNothing);
  const auto drop = find_command_target(house.world, house.player, house.parse("drop ball"));
  CHECK(drop->verb.definer == house.thing);
}

TEST_CASE("a verb fits a command as its words for objects and preposition say") {
  struct Row {
    std::string_view dobj, prep, iobj, line;
    bool fits;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"none", "none", "none", "act", true},
           {"none", "none", "none", "act nonsense", false},
           {"none", "none", "none", "act box", false},
           {"none", "none", "none", "act in", false},
           {"any", "none", "none", "act", true},
           {"any", "none", "none", "act nonsense", true},
           {"any", "none", "none", "act box in", false},
           {"this", "none", "none", "act box", true},
           {"this", "none", "none", "act #3", true},
           {"this", "none", "none", "act hat", false},
           {"this", "none", "none", "act", false},
           {"this", "any", "any", "act box", true},
           {"this", "any", "any", "act box under hat", true},
           {"any", "in", "this", "act in box", true},
           {"any", "in", "this", "act hat inside box", true},
           {"any", "in", "this", "act nonsense into box", true},
           {"any", "in", "this", "act hat on box", false},
           {"any", "in", "this", "act box in hat", false},
           {"any", "in", "this", "act hat box", false},
           {"none", "at", "any", "act to", true},
           {"none", "at", "any", "act to nonsense", true},
           {"none", "at", "any", "act hat to box", false},
           {"this", "with", "this", "act box with box", true},
           {"this", "with", "this", "act box with hat", false},
           {"any", "any", "any", "act", true},
           {"any", "any", "any", "act hat off of box", true},
       }) {
    CAPTURE(row.line);
    House house;
    const ObjectId box = house.put("box", house.room);
    REQUIRE(box == ObjectId{3});
    house.put("hat", house.player);
    house.verb(box, "act", ok(parse_verb_args(row.dobj, row.prep, row.iobj)));
    const Command command = house.parse(row.line);
    CHECK(house.world.find_command_verb(box, command.verb, command.dobj, command.prep, command.iobj)
              .has_value() == row.fits);
  }
}

TEST_CASE("every preposition is found in every spelling") {
  const std::vector<std::string_view> rows{"with/using",
                                           "at/to",
                                           "in front of",
                                           "in/inside/into",
                                           "on top of/on/onto/upon",
                                           "out of/from inside/from",
                                           "over",
                                           "through",
                                           "under/underneath/beneath",
                                           "behind",
                                           "beside",
                                           "for/about",
                                           "is",
                                           "as",
                                           "off/off of"};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto index = static_cast<std::int8_t>(i);
    CHECK(preposition_text(index) == rows[i]);
    for (const std::string& spec :
         {std::string(rows[i]), std::to_string(i), "#" + std::to_string(i)}) {
      CHECK(ok(parse_verb_args("any", spec, "any")).prep == index);
    }
    std::string_view rest = rows[i];
    while (true) {
      const auto slash = rest.find('/');
      CHECK(find_preposition(rest.substr(0, slash)) == index);
      if (slash == std::string_view::npos) break;
      rest.remove_prefix(slash + 1);
    }
  }
  for (const std::string_view words : {"", "on top", "with/using", "4", "on  top of"}) {
    CHECK_FALSE(find_preposition(words).has_value());
  }
  CHECK(preposition_text(15) == "none");
  CHECK(preposition_text(kAnyPreposition) == "any");
}

TEST_CASE("verb arguments go to text and back") {
  const auto round = [](std::string_view dobj, std::string_view prep, std::string_view iobj) {
    return to_string(ok(parse_verb_args(dobj, prep, iobj)));
  };
  CHECK(round("this", "none", "any") == "this none any");
  CHECK(round("None", "in", "ANY") == "none in any");
  CHECK(round("any", "on top of/on/onto/upon", "this") == "any on this");
  CHECK(round("any", "any", "none") == "any any none");
  CHECK(round("none", "from inside", "none") == "none from none");
  CHECK(round("any", "Onto/upon", "this") == "any on this");
  CHECK(round("this", "#0", "any") == round("this", "using", "any"));
  for (const std::string_view wrong : {"15", "#15", "-1", "#", "", "4x", "##4", "/on", "in of"}) {
    CHECK_MESSAGE(code_of(parse_verb_args("this", wrong, "none")) == ErrorCode::invarg, wrong);
  }
  CHECK(code_of(parse_verb_args("that", "none", "none")) == ErrorCode::invarg);
  CHECK(code_of(parse_verb_args("this", "near", "none")) == ErrorCode::invarg);
  CHECK(code_of(parse_verb_args("this", "none", "")) == ErrorCode::invarg);
}

TEST_CASE("permission letters go to bits and back, and a wrong letter is named") {
  CHECK(ok(parse_property_permissions("")) == 0);
  CHECK(ok(parse_property_permissions("cR")) == (kRead | kChown));
  CHECK(ok(parse_verb_permissions("rxd")) == (kRead | kExecute | kDebug));
  CHECK(property_permissions_text(kRead | kWrite | kChown) == "rwc");
  CHECK(verb_permissions_text(kDebug | kExecute | kRead | kWrite) == "rwxd");
  const Error error = error_of(parse_property_permissions("rx"));
  CHECK(error.code == ErrorCode::invarg);
  CHECK(contains(error.message, "\"x\""));
  CHECK(code_of(parse_verb_permissions("c")) == ErrorCode::invarg);
}

}  // namespace cosmoo
