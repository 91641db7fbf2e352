// Definitions, inheritance, slots, and what may not be defined twice.
#include "support.h"

namespace cosmoo {
using namespace test;

namespace {

const Property& slot(Small& small, ObjectId id, std::string_view name) {
  const auto view = small.world.property(id, small.name(name));
  REQUIRE(view.has_value());
  return *view->slot;
}

}  // namespace

TEST_CASE("a descendant has its ancestor's value until it is given one") {
  Small small;
  const ObjectId root = small.make(), middle = small.make({root}), leaf = small.make({middle});
  small.define(root, "colour", Value("red"), root);
  CHECK(small.get(leaf, "colour") == Value("red"));
  CHECK(slot(small, leaf, "colour").clear);
  CHECK(small.world.property(leaf, small.name("COLOUR"))->definer == root);
  ok(small.world.set_property(middle, small.name("colour"), Value("blue")));
  CHECK(small.get(leaf, "colour") == Value("blue"));
  CHECK(small.get(root, "colour") == Value("red"));
  CHECK_FALSE(slot(small, middle, "colour").clear);
  ok(small.world.clear_property(middle, small.name("colour")));
  CHECK(small.get(leaf, "colour") == Value("red"));
  CHECK(slot(small, middle, "colour").clear);
}

TEST_CASE(
    "a child's slot belongs to the parent slot's owner, with the c bit to the child's owner") {
  Small small;
  const ObjectId wizard = small.make(), user = small.make();
  const ObjectId root = small.make({}, wizard), child = small.make({root}, user);
  small.define(root, "plain", Value(1), wizard, kRead);
  small.define(root, "own", Value(1), wizard, kRead | kChown);
  CHECK(slot(small, child, "plain").owner == wizard);
  CHECK(slot(small, child, "own").owner == user);
  CHECK(slot(small, child, "own").permissions == (kRead | kChown));
  CHECK(slot(small, root, "own").owner == wizard);
  ok(small.world.set_property(child, small.name("own"), Value(2)));
  ok(small.world.set_property(child, small.name("plain"), Value(2)));
  CHECK(slot(small, child, "own").owner == user);
  CHECK(slot(small, child, "plain").owner == wizard);
}

TEST_CASE("a slot's owner and permissions are its own; its descendants without slots follow it") {
  Small small;
  const ObjectId a = small.make(), b = small.make(), c = small.make();
  const ObjectId root = small.make({}, a), child = small.make({root}, b),
                 leaf = small.make({child}, c);
  small.define(root, "p", Value(1), a, kRead);
  ok(small.world.set_property_info(child, small.name("p"), b, kRead | kWrite | kExecute));
  CHECK(slot(small, child, "p").permissions == (kRead | kWrite));
  CHECK(slot(small, child, "p").clear);
  CHECK(small.get(child, "p") == Value(1));
  CHECK(slot(small, leaf, "p").owner == b);
  CHECK(slot(small, leaf, "p").permissions == (kRead | kWrite));
  CHECK(slot(small, root, "p").owner == a);
  ok(small.world.set_property(root, small.name("p"), Value(5)));
  CHECK(small.get(leaf, "p") == Value(5));
}

TEST_CASE("a value is changed in place on the object's own copy") {
  Small small;
  const ObjectId root = small.make(), child = small.make({root});
  small.define(root, "list", Value(List{Value(1)}));
  Value* value = small.world.touch_property(child, small.name("list"), 0);
  REQUIRE(value != nullptr);
  value->mutable_list().push_back(Value(2));
  CHECK(small.get(child, "list") == Value(List{Value(1), Value(2)}));
  CHECK(small.get(root, "list") == Value(List{Value(1)}));
  CHECK(small.world.touch_property(child, small.name("nope"), 0) == nullptr);
  CHECK(small.world.touch_property(ObjectId{9}, small.name("list"), 0) == nullptr);
}

TEST_CASE("where two lines meet, the first parent's value is seen") {
  Small small;
  const ObjectId root = small.make();
  const ObjectId left = small.make({root}), right = small.make({root});
  const ObjectId bottom = small.make({left, right});
  small.define(root, "p", Value("root"));
  ok(small.world.set_property(right, small.name("p"), Value("right")));
  CHECK(small.get(bottom, "p") == Value("root"));
  ok(small.world.set_property(left, small.name("p"), Value("left")));
  CHECK(small.get(bottom, "p") == Value("left"));
  CHECK(small.world.property(bottom, small.name("p"))->definer == root);
}

TEST_CASE("a property is deleted where it is defined, with every descendant's slot") {
  Small small;
  const ObjectId root = small.make(), child = small.make({root});
  small.define(root, "p", Value(1));
  ok(small.world.set_property(child, small.name("p"), Value(2)));
  CHECK(code_of(small.world.delete_property(child, small.name("p"))) == ErrorCode::propnf);
  (void)small.world.take_changes();
  ok(small.world.delete_property(root, small.name("p")));
  CHECK_FALSE(small.world.property(child, small.name("p")).has_value());
  CHECK(small.world.take_changes().properties.size() == 2);
  small.define(child, "p", Value(3));
  CHECK_FALSE(small.world.property(root, small.name("p")).has_value());
  CHECK(small.get(child, "p") == Value(3));
}

TEST_CASE("what does not exist is E_PROPNF, and clearing a definition E_INVARG") {
  Small small;
  const ObjectId id = small.make();
  small.define(id, "p", Value(1));
  World& world = small.world;
  const Symbol none = small.name("none");
  CHECK(code_of(world.set_property(id, none, Value(1))) == ErrorCode::propnf);
  CHECK(code_of(world.clear_property(id, none)) == ErrorCode::propnf);
  CHECK(code_of(world.delete_property(id, none)) == ErrorCode::propnf);
  CHECK(code_of(world.set_property_info(id, none, id, kRead)) == ErrorCode::propnf);
  CHECK(code_of(world.clear_property(id, small.name("p"))) == ErrorCode::invarg);
  const ObjectId gone{9};
  CHECK(code_of(world.add_property(gone, none, {})) == ErrorCode::invarg);
  CHECK(code_of(world.set_property(gone, none, Value(1))) == ErrorCode::invarg);
  CHECK(code_of(world.clear_property(gone, none)) == ErrorCode::invarg);
  CHECK(code_of(world.delete_property(gone, none)) == ErrorCode::invarg);
  CHECK(code_of(world.set_property_info(gone, none, id, kRead)) == ErrorCode::invarg);
  CHECK_FALSE(world.property(gone, none).has_value());
}

TEST_CASE("names that are built in, empty or hold control characters are refused") {
  Small small;
  const ObjectId id = small.make();
  for (const std::string_view name : {"name", "LOCATION", "r", "", "a\nb", "\x7f"}) {
    CHECK(code_of(small.world.add_property(id, small.name(name), {})) == ErrorCode::invarg);
  }
  CHECK(code_of(small.world.add_property(id, small.name(std::string_view("a\0b", 3)), {})) ==
        ErrorCode::invarg);
  small.define(id, "Größe 2", Value(1));
}

TEST_CASE("a second definition of a name is refused, naming the property and both objects") {
  Small small;
  const ObjectId root = small.make(), child = small.make({root}), leaf = small.make({child});
  small.define(child, "size", Value(1));
  for (const ObjectId id : {root, leaf}) {
    const Error error = error_of(small.world.add_property(id, small.name("Size"), {}));
    CHECK(error.code == ErrorCode::invarg);
    CHECK(contains(error.message, "\"size\""));
    CHECK(contains(error.message, to_string(child)));
    CHECK(contains(error.message, to_string(id)));
  }
  CHECK(code_of(small.world.add_property(child, small.name("size"), {})) == ErrorCode::invarg);
}

TEST_CASE("a definition that a descendant would also have from another parent is refused") {
  Small small;
  const ObjectId here = small.make(), there = small.make();
  const ObjectId both = small.make({here, there});
  small.define(there, "size", Value(1));
  CHECK(code_of(small.world.add_property(here, small.name("size"), {})) == ErrorCode::invarg);
  ok(small.world.set_parents(both, {here}));
  small.define(here, "size", Value(2));
  CHECK(small.get(both, "size") == Value(2));
}

TEST_CASE("parents that define a property of one name do not go together") {
  Small small;
  const ObjectId a = small.make(), b = small.make();
  small.define(a, "size", Value(1));
  small.define(b, "size", Value(2));
  const Error error = error_of(small.world.create({a, b}, a));
  CHECK(error.code == ErrorCode::invarg);
  CHECK(error.message == "property \"size\" is defined on both #0 and #1");
  CHECK(small.world.size() == 2);
}

TEST_CASE("new parents may not define what the object or a descendant has") {
  Small small;
  const ObjectId a = small.make(), b = small.make({a}), c = small.make({b});
  const ObjectId stranger = small.make(), between = small.make({stranger});
  small.define(stranger, "size", Value(1));
  small.define(c, "size", Value(2));
  const Error error = error_of(small.world.set_parents(a, {between}));
  CHECK(error.code == ErrorCode::invarg);
  CHECK(contains(error.message, "\"size\""));
  CHECK(contains(error.message, to_string(stranger)));
  CHECK(contains(error.message, to_string(c)));
  ok(small.world.delete_property(c, small.name("size")));
  ok(small.world.set_parents(a, {between}));
  CHECK(small.get(c, "size") == Value(1));
}

TEST_CASE("with an ancestor goes what was set of its properties, and comes back clear") {
  Small small;
  const ObjectId old_parent = small.make(), new_parent = small.make();
  const ObjectId id = small.make({old_parent}), child = small.make({id});
  small.define(old_parent, "p", Value("old"));
  small.define(new_parent, "p", Value("new"));
  ok(small.world.set_property(id, small.name("p"), Value("mine")));
  ok(small.world.set_property(child, small.name("p"), Value("its")));
  ok(small.world.set_parents(id, {new_parent}));
  CHECK(small.get(id, "p") == Value("new"));
  CHECK(small.get(child, "p") == Value("new"));
  ok(small.world.set_parents(id, {old_parent}));
  CHECK(small.get(child, "p") == Value("old"));
}

TEST_CASE("a slot stays when its definer is still an ancestor by another way") {
  Small small;
  const ObjectId root = small.make(), left = small.make({root}), right = small.make({root});
  const ObjectId id = small.make({left});
  small.define(root, "p", Value(1));
  ok(small.world.set_property(id, small.name("p"), Value(2)));
  ok(small.world.set_parents(id, {right}));
  CHECK(small.get(id, "p") == Value(2));
  const ObjectId child = small.make({id, left});
  ok(small.world.set_property(child, small.name("p"), Value(3)));
  ok(small.world.set_parents(id, {}));
  CHECK_FALSE(small.world.property(id, small.name("p")).has_value());
  CHECK(small.get(child, "p") == Value(3));
}

TEST_CASE("the properties of a recycled object are gone from its descendants") {
  Small small;
  const ObjectId root = small.make(), middle = small.make({root}), leaf = small.make({middle});
  small.define(root, "kept", Value(1));
  small.define(middle, "lost", Value(1));
  ok(small.world.set_property(leaf, small.name("kept"), Value(2)));
  ok(small.world.set_property(leaf, small.name("lost"), Value(2)));
  ok(small.world.recycle(middle));
  CHECK(small.get(leaf, "kept") == Value(2));
  CHECK_FALSE(small.world.property(leaf, small.name("lost")).has_value());
}

TEST_CASE("an object lists the properties that it defines, by name") {
  Small small;
  const ObjectId root = small.make(), child = small.make({root});
  small.define(root, "zebra", Value(1));
  small.define(root, "Apple", Value(1));
  small.define(child, "mine", Value(1));
  ok(small.world.set_property(child, small.name("zebra"), Value(2)));
  const std::vector<Symbol> names = small.world.own_properties(root);
  CHECK(names == std::vector<Symbol>{small.name("apple"), small.name("zebra")});
  CHECK(small.world.own_properties(child) == std::vector<Symbol>{small.name("mine")});
  CHECK(small.world.own_properties(ObjectId{9}).empty());
}

}  // namespace cosmoo
