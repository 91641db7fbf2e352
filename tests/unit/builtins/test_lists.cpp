// Lists and maps.
#include "tests/unit/builtins/builtin_world.h"

namespace cosmoo {
namespace {

TEST_CASE("length counts bytes and items, equal compares contents") {
  const Example examples[] = {
      {"length('')", "0"},
      {"length('h\xC3\xA9')", "3"},
      {"length({})", "0"},
      {"length({1, 2, 3})", "3"},
      {"length({a = 1, b = 2})", "2"},
      {"length(5)", "E_TYPE: length(): argument 1"},
      {"length()", "E_ARGS"},
      {"equal({1, {k = 'x'}}, {1.0, {k = 'x'}})", "true"},
      {"equal('a', 'A')", "false"},
      {"equal(1, '1')", "false"},
      {"equal(nil, nil)", "true"},
      {"equal(E_PERM, E_TYPE)", "false"},
      {"equal(1)", "E_ARGS"},
  };
  check_examples(examples);
}

TEST_CASE("items are put in, replaced and taken out of a copy") {
  const Example examples[] = {
      {"listappend({1, 2}, 3)", "{1, 2, 3}"},
      {"listappend({1, 2}, 3, 1)", "{1, 3, 2}"},
      {"listappend({1, 2}, 3, -7)", "{3, 1, 2}"},
      {"listappend({1, 2}, 3, math.maxinteger)", "{1, 2, 3}"},
      {"listappend({1, 2}, 3, math.mininteger)", "{3, 1, 2}"},
      {"listappend({}, {})", "{{}}"},
      {"listinsert({1, 2}, 3)", "{3, 1, 2}"},
      {"listinsert({1, 2}, 3, 2)", "{1, 3, 2}"},
      {"listinsert({1, 2}, 3, 9)", "{1, 2, 3}"},
      {"listinsert({1, 2}, 3, -9)", "{3, 1, 2}"},
      {"listdelete({1, 2, 3}, 2)", "{1, 3}"},
      {"listset({1, 2, 3}, 'x', 3)", R"({1, 2, "x"})"},
      {"local l = {1, 2} listappend(l, 3) listset(l, 9, 1) return l", "{1, 2}"},
      {"listdelete({1, 2}, 0)", "E_RANGE: listdelete(): there is no item 0 in a list of 2"},
      {"listdelete({1, 2}, 3)", "E_RANGE"},
      {"listset({1, 2}, 0, 3)", "E_RANGE"},
      {"listset({1, 2}, 0, -1)", "E_RANGE"},
      {"listappend({1}, nil)", "E_TYPE"},
      {"listinsert({1}, nil)", "E_TYPE"},
      {"listset({1}, nil, 1)", "E_TYPE"},
      {"listappend({a = 1}, 1)", "E_TYPE"},
      {"listappend({1}, 1, 'x')", "E_TYPE"},
      {"listappend({1})", "E_ARGS"},
  };
  check_examples(examples);
}

TEST_CASE("a list of a property is changed in a copy only") {
  BuiltinWorld world;
  Property property;
  property.value = Value(List{Value(1), Value(2)});
  property.owner = BuiltinWorld::kWizardPlayer;
  property.permissions = kRead;
  REQUIRE(world.world.add_property(kSystem, world.world.symbols().intern("numbers"), property)
              .has_value());
  CHECK(world.run_as_programmer(
            "{reverse(#0.numbers), setremove(#0.numbers, 1), listset(#0.numbers, 5, 1), "
            "#0.numbers}") == "{{2, 1}, {2}, {5, 2}, {1, 2}}");
}

TEST_CASE("sets hold a value once, and members are found") {
  const Example examples[] = {
      {"setadd({1, 2}, 2)", "{1, 2}"},
      {"setadd({1, 2}, 3)", "{1, 2, 3}"},
      {"setadd({'a'}, 'A')", R"({"a", "A"})"},
      {"setadd({{1}}, {1})", "{{1}}"},
      {"setremove({1, 2, 1}, 1)", "{2, 1}"},
      {"setremove({1, 2}, 3)", "{1, 2}"},
      {"is_member('b', {'a', 'b', 'b'})", "2"},
      {"is_member('B', {'a', 'b'})", "0"},
      {"is_member('B', {'a', 'b'}, false)", "2"},
      {"is_member('B', {'a', 'b'}, 0)", "2"},
      {"is_member({'X'}, {{'x'}}, 0)", "1"},
      {"is_member({k = 'X'}, {{k = 'x'}}, 0)", "1"},
      {"is_member({k = 'X'}, {{K = 'x'}}, 0)", "0"},
      {"all_members(1, {1, 2, 1.0, '1'})", "{1, 3}"},
      {"all_members('A', {'a', 'b', 'A'}, false)", "{1, 3}"},
      {"all_members(5, {})", "{}"},
      {"setadd({}, nil)", "E_TYPE"},
      {"setremove({}, nil)", "E_TYPE"},
      {"is_member(1, {a = 1})", "E_TYPE"},
      {"all_members(1, 'x')", "E_TYPE"},
  };
  check_examples(examples);
}

TEST_CASE("reverse turns lists and strings around") {
  const Example examples[] = {
      {"reverse({1, 2, 3})", "{3, 2, 1}"},
      {"reverse('abc')", R"("cba")"},
      {"reverse({})", "{}"},
      {"reverse('')", R"("")"},
      {"reverse(1)", "E_TYPE"},
      {"reverse({k = 1})", "E_TYPE"},
  };
  check_examples(examples);
}

TEST_CASE("slice takes one part, or several, of each item") {
  const Example examples[] = {
      {"slice({{'z', 1}, {'y', 2}})", R"({"z", "y"})"},
      {"slice({{'z', 1}, {'y', 2}}, 2)", "{1, 2}"},
      {"slice({{'z', 1, 9}, {'y', 2, 8}}, {3, 1})", R"({{9, "z"}, {8, "y"}})"},
      {"slice({'foo', 'bar'}, 2)", R"({"o", "a"})"},
      {"slice({{n = 1}, {m = 2}, {n = 3}}, 'n')", "{1, 3}"},
      {"slice({{n = 1}, {}}, 'n', 0)", "{1, 0}"},
      {"slice({{1}, {}}, 1, 'none')", R"({1, "none"})"},
      {"slice({{1}, {}}, 1)", "E_RANGE"},
      {"slice({{1}}, 0)", "E_RANGE"},
      {"slice({{1}}, {})", "E_RANGE"},
      {"slice({{1}}, 'n')", "E_INVARG"},
      {"slice({5})", "E_INVARG"},
      {"slice({{1}}, {#1})", "E_INVARG"},
      {"slice(5)", "E_TYPE"},
  };
  check_examples(examples);
}

// Values are shared inside of the server: a result can name one large list a hundred thousand
// times, and only becomes large where it is measured or copied.
TEST_CASE("attack: a slice that holds a large list many times is refused") {
  BuiltinWorld world;
  CHECK(world.run_as_programmer("local l, n = {}, {} for i = 1, 5000 do l[i] = i n[i] = 1 end "
                                "local ok, why = pcall(slice, {{l}}, n) return {ok, why}") ==
        "{false, E_QUOTA}");
  CHECK(world.run_as_programmer("local l, n = {}, {} for i = 1, 5000 do l[i] = i n[i] = 1 end "
                                "slice({{l}}, n)") ==
        "E_QUOTA: slice(): the result is larger than 64 MiB");
  CHECK(world.run_as_programmer("local l, n = {}, {} for i = 1, 5000 do l[i] = i n[i] = 'k' end "
                                "mapvalues({k = l}, table.unpack(n))") ==
        "E_QUOTA: mapvalues(): the result is larger than 64 MiB");
}

TEST_CASE("sort orders what can be compared") {
  const Example examples[] = {
      {"sort({3, 1.5, 2})", "{1.5, 2, 3}"},
      {"sort({'b', 'A', 'a', 'B'})", R"({"A", "a", "B", "b"})"},
      {"sort({#3, #-1, #2})", "{#-1, #2, #3}"},
      {"sort({E_PERM, E_TYPE})", "{E_TYPE, E_PERM}"},
      {"sort({true, false})", "{false, true}"},
      {"sort({})", "{}"},
      {"sort({'x', 'y', 'z'}, {3, 1, 2})", R"({"y", "z", "x"})"},
      {"sort({{'z', 1}, {'y', 2}}, {2, 1})", R"({{"y", 2}, {"z", 1}})"},
      {"sort({1, 2, 3}, {'a', 'a', 'a'})", "{1, 2, 3}"},
      {"sort({1, 2, 3}, {'a', 'a', 'a'}, false, true)", "{1, 2, 3}"},
      {"sort({'f10', 'f9', 'F1'})", R"({"F1", "f10", "f9"})"},
      {"sort({'f10', 'f9', 'F1'}, {}, 1)", R"({"F1", "f9", "f10"})"},
      {"sort({'a01', 'a1', 'a', 'a1b', '2', 'a0'}, {}, true)",
       R"({"2", "a", "a0", "a01", "a1", "a1b"})"},
      {"sort({1, 3, 2}, {}, 0, 1)", "{3, 2, 1}"},
      {"sort({1, 3, 2}, {}, 0, 0)", "{1, 2, 3}"},
      {"local s = sort({0/0, 1, -1}) return s[2]", "-1"},
      {"sort({1, 'a'})", "E_TYPE: sort(): integer and string cannot be compared"},
      {"sort({{1}, {2}})", "E_TYPE: sort(): lists have no order"},
      {"sort({1, 2}, {1})", "E_INVARG: sort(): there are 2 items and 1 keys"},
      {"sort({k = 1})", "E_TYPE"},
  };
  check_examples(examples);
}

TEST_CASE("attack: sorting that the task cannot pay is not begun") {
  SchedulerLimits limits;
  limits.foreground.ticks = 3000;
  BuiltinWorld world(limits);
  CHECK(world
            .run_as_programmer(
                "local t = {} for i = 1, 20 do t[i] = ('x'):rep(200000) end sort(t) return 1")
            .starts_with("aborted: "));
}

TEST_CASE("maps give their keys and values in order") {
  const Example examples[] = {
      {"mapkeys({b = 1, a = 2, [3] = 4})", R"({3, "a", "b"})"},
      {"mapkeys({})", "{}"},
      {"mapkeys({'x', 'y'})", "{1, 2}"},
      {"mapvalues({b = 1, a = 2})", "{2, 1}"},
      {"mapvalues({b = 1, a = 2}, 'b', 'b')", "{1, 1}"},
      {"mapdelete({b = 1, a = 2}, 'a')", "{b = 1}"},
      {"mapdelete({b = 1, a = 2}, {'a', 'b'})", "{}"},
      {"mapdelete({'x', 'y'}, 2)", R"({"x"})"},
      {"maphaskey({b = 1}, 'b')", "true"},
      {"maphaskey({b = 1}, 'B')", "false"},
      {"maphaskey({'x'}, 1)", "true"},
      {"maphaskey({}, 1)", "false"},
      {"mapvalues({b = 1}, 'x')", "E_RANGE: mapvalues(): there is no key \"x\""},
      {"mapdelete({b = 1}, 'x')", "E_RANGE"},
      {"mapdelete({b = 1}, {'b', 'x'})", "E_RANGE"},
      {"mapdelete({b = 1}, nil)", "E_TYPE"},
      {"maphaskey({b = 1}, nil)", "E_TYPE"},
      {"mapkeys('x')", "E_TYPE"},
      {"mapvalues()", "E_ARGS"},
  };
  check_examples(examples);
}

}  // namespace
}  // namespace cosmoo
