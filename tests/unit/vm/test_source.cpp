#include <doctest/doctest.h>

#include "vm/lua/source.h"

namespace cosmoo::lua {
namespace {

std::string text_of(std::string_view source) { return translate(source).text; }

TEST_CASE("object and system literals are replaced") {
  CHECK(text_of("#4.name") == "toobj(4).name");
  CHECK(text_of("#-1") == "toobj(-1)");
  CHECK(text_of("$room") == "system.room");
  CHECK(text_of("$room:go()") == "system.room:go()");
  CHECK(text_of("$double(2)") == "system:double(2)");
  CHECK(text_of("#t + #\"x\"") == "#t + #\"x\"");
}

TEST_CASE("what stands in strings, comments and numbers is left alone") {
  for (const char* same :
       {"'#4 $x'", "\"a\\\"#4\"", "[[#4\n$x]]", "[==[#4]]$x]==]", "-- #4 $x\nreturn", "--[[ #4\n]]",
        "1e5 .. 0x1p4", "'a\\z\n  #4'", "a = b - c", "x[y[1]]"}) {
    CHECK(text_of(same) == same);
  }
  CHECK(text_of("--[[x]]#4") == "--[[x]]toobj(4)");
}

TEST_CASE("unfinished strings and comments do not run past the end") {
  for (const char* cut : {"'abc", "\"abc\\", "[[abc", "--[[abc", "[==", "#", "$", "#-", "'\\z"}) {
    CHECK(text_of(cut).size() >= std::string_view(cut).size());
  }
}

TEST_CASE("the variables that a text mentions are known") {
  const auto bit = [](std::string_view name) {
    for (std::size_t i = 0; i < kVerbVariables.size(); ++i) {
      if (kVerbVariables[i] == name) return 1u << i;
    }
    return 0u;
  };
  CHECK(translate("return this, args[1]").variables == (bit("this") | bit("args")));
  CHECK(translate("'this'").variables == 0);
  const auto forbidden = translate("x = _ENV.x").forbidden;
  REQUIRE(forbidden);
  CHECK(forbidden->at == 4);
  CHECK(forbidden->why == "_ENV cannot be used here");
}

TEST_CASE("arguments that are mentioned one by one become parameters") {
  const auto numbered = [](std::string_view source) { return translate(source).numbered_args; };
  CHECK(numbered("return args[1] .. args[3].name") == 3);
  CHECK(numbered("return 'x'..args[2]") == 2);
  CHECK(numbered("args[1] = args[1] + 1 -- all of args") == 1);
  CHECK(translate("return x..args[2][1], args[1]", Args::parameters).text ==
        "return x..args_2[1], args_1");
  for (const char* otherwise :
       {"return 1", "return #args, args[1]", "return args[i]", "return args[0]", "args[10] = 1",
        "return args[1], ...", "return x.args[1]", "return x. --[[y]] args[1]", "x:args[1]",
        "local args = {} return args[1]", "return args [1], args[1]", "args_1 = 2 return args[1]",
        "return args['1']"}) {
    CHECK_MESSAGE(numbered(otherwise) == 0, otherwise);
  }
}

TEST_CASE("a place in the translation is found again in the source") {
  const std::string source = "a = #12 + $xy .. b";
  const Translation translation = translate(source);
  const std::size_t b = translation.text.rfind('b');
  CHECK(translation.source_offset(b) == source.rfind('b'));
  CHECK(translation.source_offset(0) == 0);
}

}  // namespace
}  // namespace cosmoo::lua
