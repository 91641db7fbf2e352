// Thousands of random changes, done to the world and to a plain model of it; and the world compared
// with the model again and again, also after it was stored and loaded.
#include <random>

#include "model.h"
#include "support.h"
#include "vm/world/write_behind.h"

namespace cosmoo {
using namespace test;

namespace {

const std::vector<std::string> kProperties{"alpha", "beta", "gamma", "delta", "aliases"};
const std::vector<std::string> kVerbs{"look", "l*ook ex*amine", "get*", "jump hop", "*"};
const std::vector<std::string> kCalled{"look", "l", "exam", "get", "getaway", "hop", "sing"};

class Player {
 public:
  explicit Player(unsigned seed) : random_(seed) {}

  void change(World& world, Model& model);
  void compare(World& world, Model& model);

 private:
  void compare_holdings(const World& world, const Model& model);
  std::size_t below(std::size_t n) { return random_() % n; }
  bool chance(int percent) { return static_cast<int>(below(100)) < percent; }
  const std::string& one_of(const std::vector<std::string>& names) {
    return names[below(names.size())];
  }
  // Mostly objects that exist; now and then one that does not.
  ObjectId any(const Model& model) {
    if (model.things.empty() || chance(4))
      return ObjectId{static_cast<std::int64_t>(below(60)) - 2};
    return std::next(model.things.begin(), static_cast<std::ptrdiff_t>(below(model.things.size())))
        ->first;
  }
  std::vector<ObjectId> some(const Model& model) {
    std::vector<ObjectId> ids;
    const std::size_t count = std::vector<std::size_t>{0, 1, 1, 1, 2, 3}[below(6)];
    while (ids.size() < count) ids.push_back(any(model));
    return ids;
  }
  Value value() {
    switch (below(5)) {
      case 0:
        return Value(static_cast<std::int64_t>(random_()));
      case 1:
        return Value(std::string(below(40), 'x'));
      case 2:
        return Value(List{Value("Ann"), Value(static_cast<std::int64_t>(below(10)))});
      case 3:
        return Value(ObjectId{static_cast<std::int64_t>(below(10))});
      default:
        return Value(Map{{Value("k"), Value(static_cast<std::int64_t>(below(300)))}});
    }
  }
  std::uint8_t permissions() { return static_cast<std::uint8_t>(below(8)); }
  // A name in some mixture of cases.
  Symbol symbol(World& world, std::string name) {
    if (chance(30)) name[0] = static_cast<char>(name[0] - 'a' + 'A');
    return world.symbols().intern(name);
  }

  void change_object(World& world, Model& model, ObjectId id);
  void change_property(World& world, Model& model, ObjectId id);
  void change_verb(World& world, Model& model, ObjectId id);

  std::mt19937 random_;
};

void Player::change(World& world, Model& model) {
  const ObjectId id = any(model);
  if (model.things.size() < 4 || (model.things.size() < 16 && chance(10))) {
    const std::vector<ObjectId> parents = some(model);
    const ObjectId owner = chance(20) ? kNothing : any(model);
    CHECK(code_of(world.create(parents, owner)) == model.create(parents, owner));
  } else if (chance(30)) {
    change_object(world, model, id);
  } else if (chance(75)) {
    change_property(world, model, id);
  } else {
    change_verb(world, model, id);
  }
}

void Player::change_object(World& world, Model& model, ObjectId id) {
  Model::Thing* thing = model.find(id);
  switch (below(9)) {
    case 0:
      CHECK(code_of(world.recycle(id)) == model.recycle(id));
      break;
    case 7:
      if (chance(20)) {
        world.reset_max_object();
        model.reset_last();
      } else {
        const auto number = world.renumber(id);
        REQUIRE(number.has_value() == (thing != nullptr));
        if (number) CHECK(*number == model.renumber(id));
      }
      break;
    case 1:
    case 2: {
      const std::vector<ObjectId> parents = some(model);
      CHECK(code_of(world.set_parents(id, parents)) == model.set_parents(id, parents));
      break;
    }
    case 3:
    case 4: {
      const ObjectId where = chance(10) ? kNothing : any(model);
      CHECK(code_of(world.move(id, where)) == model.move(id, where));
      break;
    }
    case 5: {
      const std::string name = "name " + std::to_string(below(1000));
      CHECK(world.set_name(id, name).has_value() == (thing != nullptr));
      if (thing) thing->name = name;
      break;
    }
    case 6: {
      const ObjectId owner = any(model);
      CHECK(world.set_owner(id, owner).has_value() == (thing != nullptr));
      if (thing) thing->owner = owner;
      break;
    }
    default: {
      const auto flag = static_cast<ObjectFlag>(1u << below(6));
      const bool on = chance(50);
      CHECK(world.set_flag(id, flag, on).has_value() == (thing != nullptr));
      if (thing) thing->flags = on ? thing->flags | flag : thing->flags & ~std::uint32_t{flag};
    }
  }
}

void Player::change_property(World& world, Model& model, ObjectId id) {
  const std::string& name = one_of(kProperties);
  const Symbol as = symbol(world, name);
  const ObjectId owner = any(model);
  const std::uint8_t bits = permissions();
  const Value new_value = value();
  switch (below(8)) {
    case 0:
    case 1:
      CHECK(code_of(world.add_property(id, as, Property{new_value, owner, bits})) ==
            model.add_property(id, name, new_value, owner, bits));
      break;
    case 2: {
      const std::string& other = one_of(kProperties);
      if (chance(50)) {
        CHECK(code_of(world.delete_property(id, as)) == model.delete_property(id, name));
      } else {
        CHECK(code_of(world.rename_property(id, as, symbol(world, other))) ==
              model.rename_property(id, name, other));
      }
      break;
    }
    case 3:
      CHECK(code_of(world.clear_property(id, as)) == model.clear_property(id, name));
      break;
    case 4:
      CHECK(code_of(world.set_property_info(id, as, owner, bits)) ==
            model.set_property_info(id, name, owner, bits));
      break;
    case 5: {
      // In place: a list grows, anything else is replaced.
      const auto now = world.property(id, as);
      const std::int64_t before = !now || now->value->is_list() ? 0 : now->bytes;
      Value* stored =
          world.touch_property(id, as, static_cast<std::int64_t>(new_value.bytes()) - before);
      const auto view = model.view(id, name);
      REQUIRE((stored != nullptr) == view.has_value());
      if (!stored) break;
      if (stored->is_list()) {
        stored->mutable_list().push_back(new_value);
      } else {
        *stored = new_value;
      }
      CHECK(model.set_property(id, name, *stored) == ErrorCode::none);
      break;
    }
    default:
      CHECK(code_of(world.set_property(id, as, new_value)) ==
            model.set_property(id, name, new_value));
  }
}

void Player::change_verb(World& world, Model& model, ObjectId id) {
  Model::Thing* thing = model.find(id);
  if (!thing || thing->verbs.size() < 2) {
    Verb verb;
    verb.names = one_of(kVerbs);
    verb.owner = any(model);
    verb.permissions = static_cast<std::uint8_t>((below(2) << 3) | kRead);
    verb.args = VerbArgs{ObjectSpec::this_, static_cast<std::int8_t>(below(5)), ObjectSpec::any};
    CHECK(world.add_verb(id, verb).has_value() == (thing != nullptr));
    if (thing) thing->verbs.push_back(verb);
    return;
  }
  const VerbRef ref{id, below(thing->verbs.size())};
  Verb& verb = thing->verbs[ref.index];
  switch (below(4)) {
    case 0:
      ok(world.delete_verb(ref));
      thing->verbs.erase(thing->verbs.begin() + static_cast<std::ptrdiff_t>(ref.index));
      break;
    case 1:
      verb.code = "return " + std::to_string(below(1000));
      ok(world.set_verb_code(ref, verb.code));
      break;
    case 2:
      verb.names = one_of(kVerbs);
      verb.permissions = chance(70) ? kExecute : kRead;
      ok(world.set_verb_info(ref, verb.owner, verb.permissions, verb.names));
      break;
    default:
      verb.args = VerbArgs{ObjectSpec::any, kAnyPreposition, ObjectSpec::none};
      ok(world.set_verb_args(ref, verb.args));
  }
}

void Player::compare(World& world, Model& model) {
  REQUIRE(world.max_object() == ObjectId{model.last});
  REQUIRE(world.size() == model.things.size());
  std::vector<ObjectId> players;
  for (const auto& [id, thing] : model.things) {
    CAPTURE(id.number);
    const Object* object = world.find(id);
    REQUIRE(object != nullptr);
    CHECK(object->name == thing.name);
    CHECK(object->owner == thing.owner);
    CHECK(object->flags == thing.flags);
    CHECK(object->parents == thing.parents);
    CHECK(object->location == thing.location);
    CHECK(object->children == model.children(id));
    CHECK(object->contents == model.contents(id));
    CHECK(world.ancestry(id) == model.ancestry(id));
    if ((thing.flags & kPlayer) != 0) players.push_back(id);
    for (const std::string& name : kProperties) {
      CAPTURE(name);
      const auto view = world.property(id, symbol(world, name));
      const auto expected = model.view(id, name);
      REQUIRE(view.has_value() == expected.has_value());
      if (!view) continue;
      CHECK(to_literal(*view->value) == to_literal(expected->value));
      CHECK(view->slot->owner == expected->slot.owner);
      CHECK(view->slot->permissions == expected->slot.permissions);
      CHECK(view->slot->clear == expected->slot.clear);
      CHECK(view->definer == expected->slot.definer);
    }
    for (const std::string& called : kCalled) {
      CHECK(world.find_verb(id, symbol(world, called)) == model.find_verb(id, called));
    }
    REQUIRE(object->verbs.size() == thing.verbs.size());
    for (std::size_t i = 0; i < thing.verbs.size(); ++i) {
      CHECK(object->verbs[i].names == thing.verbs[i].names);
      CHECK(object->verbs[i].owner == thing.verbs[i].owner);
      CHECK(object->verbs[i].permissions == thing.verbs[i].permissions);
      CHECK(object->verbs[i].args == thing.verbs[i].args);
      CHECK(object->verbs[i].code == thing.verbs[i].code);
    }
  }
  CHECK(world.players() == players);
  compare_holdings(world, model);
}

// What is counted with each change is what counting everything gives.
void Player::compare_holdings(const World& world, const Model& model) {
  std::map<ObjectId, Holdings> expected;
  for (const auto& [id, thing] : model.things) {
    Holdings& holdings = expected[thing.owner];
    ++holdings.objects;
    const std::int64_t bytes = model.bytes(id);
    holdings.bytes += bytes;
    CHECK(world.find(id)->bytes == bytes);
  }
  for (const auto& [owner, holdings] : expected) CHECK(world.holdings(owner) == holdings);
  for (std::int64_t number = -1; number <= model.last + 1; ++number) {
    if (!expected.contains(ObjectId{number})) {
      CHECK(world.holdings(ObjectId{number}) == Holdings{});
    }
  }
}

}  // namespace

TEST_CASE("a world changed at random is what the model says, and so is the stored one") {
  Folder folder;
  Loop loop;
  Model model;
  Player player(20);
  for (int round = 0; round < 8; ++round) {
    World world;
    auto store = ok(WriteBehind::open(folder / "world.db", world, loop.poster(), nullptr));
    CHECK(store->is_new() == (round == 0));
    player.compare(world, model);
    for (int i = 0; i < 400; ++i) {
      player.change(world, model);
      if (i % 7 == 0) store->flush();
      if (i % 20 == 0) player.compare(world, model);
      if (i % 50 == 0) {
        bool done = false;
        store->checkpoint([&](const Result<void>& result) { done = result.has_value(); });
        CHECK(loop.run_until([&] { return done; }));
      }
    }
    player.compare(world, model);
    ok(store->close());
  }
}

}  // namespace cosmoo
