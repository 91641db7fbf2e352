// Symbols, and objects without their properties and verbs.
#include "support.h"

namespace cosmoo {
using namespace test;

using Ids = std::vector<ObjectId>;

TEST_CASE("a name is one symbol in upper and lower case, in the spelling first seen") {
  SymbolTable table;
  const Symbol symbol = table.intern("Description");
  CHECK(table.intern("dEsCrIpTiOn") == symbol);
  CHECK(table.name_of(symbol) == "Description");
  CHECK(table.intern("descriptions") != symbol);
  CHECK(table.find("DESCRIPTION") == symbol);
  CHECK_FALSE(table.find("never seen").has_value());
  const std::string long_name(1000, 'X');
  CHECK(table.intern(long_name) == table.intern(fold(long_name)));
}

TEST_CASE("only ASCII letters have two cases") {
  CHECK(fold("ÄÖ Az[") == "ÄÖ az[");
  CHECK(same_name("a[b", "A[B"));
  CHECK_FALSE(same_name("a[b", "a{b"));
  CHECK_FALSE(same_name("a", "ab"));
}

TEST_CASE("the built-in properties are the first symbols of every table") {
  SymbolTable table;
  CHECK(table.intern("name") == static_cast<Symbol>(BuiltinProperty::name));
  CHECK(table.intern("F") == static_cast<Symbol>(BuiltinProperty::f));
  CHECK(SymbolTable::is_builtin(table.intern("contents")));
  CHECK_FALSE(SymbolTable::is_builtin(table.intern("description")));
}

TEST_CASE("objects are numbered from 0 and a number is not used twice") {
  Small small;
  CHECK(small.make() == kSystem);
  const ObjectId second = small.make();
  CHECK(second == ObjectId{1});
  ok(small.world.recycle(second));
  CHECK_FALSE(small.world.valid(second));
  CHECK(small.make() == ObjectId{2});
  CHECK(small.world.max_object() == ObjectId{2});
  CHECK(small.world.size() == 2);
  CHECK(small.world.all() == Ids{{0}, {2}});
}

TEST_CASE("an object that nobody owns owns itself") {
  Small small;
  const ObjectId alone = small.make();
  CHECK(small.world.find(alone)->owner == alone);
  CHECK(small.world.find(small.make({}, alone))->owner == alone);
}

TEST_CASE("parents must be valid and each there once") {
  Small small;
  const ObjectId one = small.make();
  CHECK(code_of(small.world.create({ObjectId{7}}, one)) == ErrorCode::invarg);
  CHECK(code_of(small.world.create({one, one}, one)) == ErrorCode::invarg);
  CHECK(code_of(small.world.set_parents(one, {kNothing})) == ErrorCode::invarg);
  CHECK(code_of(small.world.set_parents(ObjectId{7}, {one})) == ErrorCode::invarg);
  CHECK(small.world.size() == 1);
}

TEST_CASE("children are listed with every parent, in the order of their numbers") {
  Small small;
  const ObjectId a = small.make(), b = small.make();
  const ObjectId first = small.make({b}), second = small.make({a, b}), third = small.make({a});
  CHECK(small.world.find(a)->children == Ids{second, third});
  CHECK(small.world.find(b)->children == Ids{first, second});
  ok(small.world.set_parents(first, {a}));
  CHECK(small.world.find(a)->children == Ids{first, second, third});
  CHECK(small.world.find(b)->children == Ids{second});
}

TEST_CASE("ancestry is depth first, each ancestor once") {
  Small small;
  const ObjectId root = small.make();
  const ObjectId left = small.make({root}), right = small.make({root});
  const ObjectId bottom = small.make({left, right});
  const ObjectId leaf = small.make({bottom});
  CHECK(small.world.ancestry(leaf) == Ids{leaf, bottom, left, root, right});
  CHECK(small.world.ancestry(ObjectId{99}).empty());
  CHECK(small.world.is_a(leaf, right));
  CHECK(small.world.is_a(leaf, leaf));
  CHECK_FALSE(small.world.is_a(left, right));
  CHECK_FALSE(small.world.is_a(ObjectId{99}, root));
}

TEST_CASE("nobody becomes its own ancestor") {
  Small small;
  const ObjectId a = small.make(), b = small.make({a}), c = small.make({b});
  CHECK(code_of(small.world.set_parents(a, {a})) == ErrorCode::recmove);
  const Error error = error_of(small.world.set_parents(a, {c}));
  CHECK(error.code == ErrorCode::recmove);
  CHECK(error.message == "#0 cannot descend from #2, its own descendant");
  CHECK(small.world.find(a)->parents.empty());
}

TEST_CASE("a recycled object's children go to its parents, in its place and once") {
  Small small;
  const ObjectId grand = small.make(), other = small.make(), more = small.make();
  const ObjectId middle = small.make({grand, other});
  const ObjectId child = small.make({more, middle, other});
  ok(small.world.recycle(middle));
  CHECK(small.world.find(child)->parents == Ids{more, grand, other});
  CHECK(small.world.find(grand)->children == Ids{child});
  CHECK(small.world.find(other)->children == Ids{child});
}

TEST_CASE("a recycled object's contents go to nothing and its place forgets it") {
  Small small;
  const ObjectId room = small.make(), box = small.make(), ball = small.make();
  ok(small.world.move(box, room));
  ok(small.world.move(ball, box));
  ok(small.world.recycle(box));
  CHECK(small.world.find(ball)->location == kNothing);
  CHECK(small.world.find(room)->contents.empty());
  CHECK(code_of(small.world.recycle(box)) == ErrorCode::invarg);
}

TEST_CASE("contents are in the order of arrival") {
  Small small;
  const ObjectId room = small.make(), a = small.make(), b = small.make(), c = small.make();
  for (const ObjectId id : {c, a, b}) ok(small.world.move(id, room));
  CHECK(small.world.find(room)->contents == Ids{c, a, b});
  ok(small.world.move(c, room));
  CHECK(small.world.find(room)->contents == Ids{a, b, c});
  ok(small.world.move(b, kNothing));
  CHECK(small.world.find(room)->contents == Ids{a, c});
  CHECK(small.world.find(b)->location == kNothing);
}

TEST_CASE("nothing can be moved into itself or what it contains") {
  Small small;
  const ObjectId a = small.make(), b = small.make(), c = small.make();
  ok(small.world.move(b, a));
  ok(small.world.move(c, b));
  CHECK(code_of(small.world.move(a, a)) == ErrorCode::recmove);
  CHECK(code_of(small.world.move(a, c)) == ErrorCode::recmove);
  CHECK(code_of(small.world.move(a, ObjectId{9})) == ErrorCode::invarg);
  CHECK(code_of(small.world.move(a, ObjectId{-2})) == ErrorCode::invarg);
  CHECK(code_of(small.world.move(ObjectId{9}, a)) == ErrorCode::invarg);
  CHECK(small.world.find(a)->location == kNothing);
}

TEST_CASE("wizards control everything, owners what they own") {
  Small small;
  const ObjectId wizard = small.make(), owner = small.make(), thing = small.make({}, owner);
  ok(small.world.set_flag(wizard, kWizard, true));
  CHECK(small.world.is_wizard(wizard));
  CHECK(small.world.controls(wizard, thing));
  CHECK(small.world.controls(owner, thing));
  CHECK_FALSE(small.world.controls(owner, wizard));
  CHECK_FALSE(small.world.controls(kNothing, thing));
  ok(small.world.set_flag(wizard, kWizard, false));
  CHECK_FALSE(small.world.controls(wizard, thing));
}

TEST_CASE("players are found by name, then by alias, whole and in any case") {
  Small small;
  const ObjectId root = small.make();
  small.define(root, "aliases", Value(List{}));
  const ObjectId ann = small.make({root}), bob = small.make({root}), thing = small.make({root});
  ok(small.world.set_name(ann, "Ann"));
  ok(small.world.set_name(bob, "Bob"));
  ok(small.world.set_name(thing, "Stone"));
  ok(small.world.set_property(ann, small.name("aliases"),
                              Value(List{Value("bob"), Value("A"), Value(1)})));
  ok(small.world.set_flag(bob, kPlayer, true));
  ok(small.world.set_flag(ann, kPlayer, true));
  CHECK(small.world.players() == Ids{ann, bob});
  CHECK(small.world.find_player("ANN") == ann);
  CHECK(small.world.find_player("bob") == bob);
  CHECK(small.world.find_player("a") == ann);
  CHECK_FALSE(small.world.find_player("an").has_value());
  CHECK_FALSE(small.world.find_player("stone").has_value());
  CHECK_FALSE(small.world.find_player("").has_value());
  ok(small.world.set_flag(ann, kPlayer, false));
  CHECK_FALSE(small.world.find_player("ann").has_value());
  ok(small.world.recycle(bob));
  CHECK(small.world.players().empty());
}

TEST_CASE("the first change after the changes were taken is announced, later ones are not") {
  Small small;
  int announced = 0;
  small.world.on_change([&] { ++announced; });
  const ObjectId id = small.make();
  ok(small.world.set_name(id, "x"));
  CHECK(announced == 1);
  CHECK(small.world.dirty());
  const Changes changes = small.world.take_changes();
  CHECK(changes.objects.size() == 1);
  CHECK(changes.objects[0].data->name == "x");
  CHECK(changes.max_object == 0);
  CHECK_FALSE(small.world.dirty());
  CHECK(small.world.take_changes().empty());
  ok(small.world.set_name(id, "y"));
  CHECK(announced == 2);
}

TEST_CASE("what was recycled is one deleted row, whatever changed before") {
  Small small;
  const ObjectId id = small.make();
  small.define(id, "p", Value(1));
  small.verb(id, "look");
  ok(small.world.recycle(id));
  const Changes changes = small.world.take_changes();
  REQUIRE(changes.objects.size() == 1);
  CHECK_FALSE(changes.objects[0].data.has_value());
  CHECK(changes.properties.empty());
  CHECK(changes.verbs.empty());
  CHECK(changes.max_object == 0);
}

TEST_CASE("a refused change of parents changes nothing and is not noted") {
  Small small;
  const ObjectId a = small.make(), b = small.make(), child = small.make({a});
  small.define(a, "p", Value(1));
  small.define(b, "p", Value(2));
  (void)small.world.take_changes();
  CHECK(code_of(small.world.set_parents(child, {a, b})) == ErrorCode::invarg);
  CHECK(small.world.find(child)->parents == Ids{a});
  CHECK(small.world.find(b)->children.empty());
  CHECK_FALSE(small.world.dirty());
}

TEST_CASE("a chain of ten thousand parents in a file is walked without running out of stack") {
  World world;
  for (int i = 0; i < 10'000; ++i) {
    Object object;
    object.id = ObjectId{i};
    object.owner = object.id;
    if (i > 0) object.parents = {ObjectId{i - 1}};
    world.load_object(std::move(object));
  }
  REQUIRE(world.finish_load(10'000));
  CHECK(world.ancestry(ObjectId{9'999}).size() == 10'000);
  CHECK(world.is_a(ObjectId{9'999}, ObjectId{0}));
}

// Every command that is typed near an object is looked for on all of its ancestors.
TEST_CASE("an object has so many ancestors and no more, however it comes by them") {
  Small small;
  const auto chain = [&](std::size_t length) {
    ObjectId last = small.make();
    for (std::size_t i = 1; i < length; ++i) last = small.make({last});
    return last;
  };
  const ObjectId full = chain(World::kMostAncestors);
  CHECK(small.world.ancestry(full).size() == World::kMostAncestors);
  CHECK(code_of(small.world.create({full}, kNothing)) == ErrorCode::invarg);
  // Lines that meet.
  const ObjectId a = chain(World::kMostAncestors / 2), b = chain(World::kMostAncestors / 2);
  CHECK(code_of(small.world.create({a, b}, kNothing)) == ErrorCode::invarg);
  // What is given to an object counts for those that descend from it.
  const ObjectId top = small.make(), under = small.make({top}), bottom = small.make({under, a});
  const ObjectId line = chain(World::kMostAncestors / 2 - 3);
  ok(small.world.set_parents(top, {line}));
  CHECK(small.world.ancestry(bottom).size() == World::kMostAncestors);
  const auto before = small.world.find(top)->parents;
  const ObjectId longer = small.make({line});
  CHECK(code_of(small.world.set_parents(top, {longer})) == ErrorCode::invarg);
  CHECK(small.world.find(top)->parents == before);
  CHECK(small.world.find(longer)->children.empty());
}

// Who owned them is gone; who gets its number would find verbs of a stranger that run with its
// permissions.
TEST_CASE("a number that something still belongs to is not given anew") {
  Small small;
  const ObjectId gone = small.make(), free = small.make(), left = small.make();
  const ObjectId last = small.make();
  small.verb(left, "act", VerbArgs{});
  ok(small.world.set_verb_info(VerbRef{left, 0}, gone, kExecute, "act"));
  ok(small.world.recycle(gone));
  ok(small.world.recycle(free));
  CHECK(ok(small.world.renumber(last)) == free);
  ok(small.world.delete_verb(VerbRef{left, 0}));
  CHECK(ok(small.world.renumber(left)) == gone);

  const ObjectId owner = small.make();
  small.define(free, "p", Value(1));
  ok(small.world.set_property_info(free, small.name("p"), owner, 0));
  ok(small.world.recycle(owner));
  small.world.reset_max_object();
  CHECK(small.world.max_object() == owner);
  ok(small.world.delete_property(free, small.name("p")));
  small.world.reset_max_object();
  CHECK(small.world.max_object() < owner);
}

}  // namespace cosmoo
