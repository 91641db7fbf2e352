// Permissions of properties. The table of built-in ones is at the end.
//
// Rules
//  1. Reading a defined property takes its r bit, writing its w bit, or owning the slot, or being a
//     wizard. The slot's owner counts, not the object's.
//  2. Built-in properties are readable by everyone; who may write one is its row in the table.
//  3. Permission is decided before the value is looked at.
#include "vm/world/access.h"

#include <algorithm>
#include <array>

#include "vm/world/quota.h"

namespace cosmoo {
namespace {

enum class Writer : std::uint8_t { owner_or_wizard, wizard, nobody };

struct Row {
  Writer writer;
  std::string_view changed_by;  ///< The builtin that changes it, where nobody writes it.
  Value (*read)(const Object&);
  Result<void> (*write)(World&, const Object&, Value);
};

const Row& row_of(Symbol name);

std::string label(const World& world, ObjectId object, Symbol name) {
  return to_string(object) + "." + world.symbols().name_of(name);
}

tl::unexpected<Error> not_valid(const World& world, ObjectId object, Symbol name) {
  return fail(ErrorCode::invind,
              label(world, object, name) + ": " + to_string(object) + " is not a valid object");
}

tl::unexpected<Error> not_found(const World& world, ObjectId object, Symbol name) {
  return fail(ErrorCode::propnf, label(world, object, name) + ": no such property");
}

tl::unexpected<Error> may_not(const World& world, ObjectId object, Symbol name, ObjectId programmer,
                              std::string_view what) {
  return fail(ErrorCode::perm, label(world, object, name) + ": " + to_string(programmer) +
                                   " may not " + std::string(what) + " it");
}

tl::unexpected<Error> in_property(const World& world, ObjectId object, Symbol name,
                                  const Error& error) {
  return fail(error.code, label(world, object, name) + ": " + error.message);
}

ObjectId owner_of(const World& world, ObjectId object) { return world.find(object)->owner; }

bool allows(const World& world, const Property& slot, Permission bit, ObjectId programmer) {
  return (slot.permissions & bit) != 0 || slot.owner == programmer || world.is_wizard(programmer);
}

Result<void> check_builtin_write(const World& world, const Object& object, Symbol name,
                                 ObjectId programmer) {
  const Row& row = row_of(name);
  if (row.writer == Writer::nobody) {
    return fail(ErrorCode::perm, label(world, object.id, name) + " is changed by " +
                                     std::string(row.changed_by) + " alone");
  }
  if (world.is_wizard(programmer)) return {};
  const bool wizard_only =
      row.writer == Writer::wizard ||
      (name == static_cast<Symbol>(BuiltinProperty::name) && object.is(kPlayer));
  if (wizard_only || object.owner != programmer) {
    return may_not(world, object.id, name, programmer, "write");
  }
  return {};
}

}  // namespace

Result<Value> read_property(const World& world, ObjectId object, Symbol name, ObjectId programmer) {
  if (SymbolTable::is_builtin(name)) {
    const Object* found = world.find(object);
    if (!found) return not_valid(world, object, name);
    return row_of(name).read(*found);
  }
  const Result<const Value*> stored = stored_property(world, object, name, programmer);
  if (!stored) return tl::unexpected(stored.error());
  return **stored;
}

Result<const Value*> stored_property(const World& world, ObjectId object, Symbol name,
                                     ObjectId programmer) {
  const auto view = world.property(object, name);
  if (!view) {
    if (!world.valid(object)) return not_valid(world, object, name);
    return not_found(world, object, name);
  }
  if (!allows(world, *view->slot, kRead, programmer)) {
    return may_not(world, object, name, programmer, "read");
  }
  return view->value;
}

Result<void> write_property(World& world, ObjectId object, Symbol name, Value value,
                            ObjectId programmer) {
  if (SymbolTable::is_builtin(name)) {
    const Object* found = world.find(object);
    if (!found) return not_valid(world, object, name);
    if (auto checked = check_builtin_write(world, *found, name, programmer); !checked) {
      return checked;
    }
    auto written = row_of(name).write(world, *found, std::move(value));
    if (written) return written;
    return in_property(world, object, name, written.error());
  }
  const auto view = world.property(object, name);
  if (!view) {
    if (!world.valid(object)) return not_valid(world, object, name);
    return not_found(world, object, name);
  }
  if (!allows(world, *view->slot, kWrite, programmer)) {
    return may_not(world, object, name, programmer, "write");
  }
  const std::size_t bytes = value.bytes();
  const std::int64_t growth = static_cast<std::int64_t>(bytes) - view->slot->bytes;
  if (growth > 0) {
    if (auto room = check_room(world, owner_of(world, object), programmer, growth); !room) {
      return in_property(world, object, name, room.error());
    }
  }
  return world.set_property(object, name, std::move(value), bytes);
}

Result<Value*> update_property(World& world, ObjectId object, Symbol name, ObjectId programmer,
                               const Growth& growth) {
  if (!world.valid(object)) return not_valid(world, object, name);
  if (SymbolTable::is_builtin(name)) {
    return fail(ErrorCode::type,
                label(world, object, name) + " is built in and cannot be changed in place");
  }
  const auto view = world.property(object, name);
  if (!view) return not_found(world, object, name);
  if (!allows(world, *view->slot, kWrite, programmer)) {
    return may_not(world, object, name, programmer, "write");
  }
  const Result<std::int64_t> more = growth(*view->value);
  if (!more) return tl::unexpected(more.error());
  const std::int64_t copied = view->slot->clear ? view->bytes : 0;
  if (*more + copied > 0) {
    if (auto room = check_room(world, owner_of(world, object), programmer, *more + copied); !room) {
      return in_property(world, object, name, room.error());
    }
  }
  return world.touch_property(object, name, *more);
}

namespace {

// --- built-in properties

Value list_of(const std::vector<ObjectId>& ids) {
  List list;
  list.reserve(ids.size());
  for (const ObjectId id : ids) list.emplace_back(id);
  return Value(std::move(list));
}

Result<void> write_name(World& world, const Object& object, Value value) {
  if (!value.is_string()) {
    return fail(ErrorCode::type, "a name is a string, not " + to_literal(value));
  }
  constexpr std::size_t kLongest = 255;
  const std::string& name = value.string();
  if (name.size() > kLongest) return fail(ErrorCode::invarg, "a name has at most 255 characters");
  if (std::any_of(name.begin(), name.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; })) {
    return fail(ErrorCode::invarg, "a name has no control characters");
  }
  return world.set_name(object.id, std::move(value).take_string());
}

Result<void> write_owner(World& world, const Object& object, Value value) {
  if (!value.is_object()) {
    return fail(ErrorCode::type, "an owner is an object, not " + to_literal(value));
  }
  if (!world.valid(value.object())) {
    return fail(ErrorCode::invarg, to_string(value.object()) + " is not a valid object");
  }
  return world.set_owner(object.id, value.object());
}

template <ObjectFlag flag>
Value read_flag(const Object& object) {
  return Value(object.is(flag));
}

// Booleans, and MOO's 0 and 1.
template <ObjectFlag flag>
Result<void> write_flag(World& world, const Object& object, Value value) {
  if (value.type() == Value::Type::integer) {
    if (value.integer() != 0 && value.integer() != 1) {
      return fail(ErrorCode::invarg, "a flag is true or false, not " + to_literal(value));
    }
  } else if (value.type() != Value::Type::boolean) {
    return fail(ErrorCode::type, "a flag is true or false, not " + to_literal(value));
  }
  const bool on = value.type() == Value::Type::boolean ? value.boolean() : value.integer() != 0;
  return world.set_flag(object.id, flag, on);
}

template <ObjectFlag flag>
constexpr Row flag_row(Writer writer) {
  return {writer, {}, read_flag<flag>, write_flag<flag>};
}

// In the order of BuiltinProperty.
constexpr std::array<Row, static_cast<std::size_t>(BuiltinProperty::count)> kRows{{
    {Writer::owner_or_wizard,
     {},
     [](const Object& object) { return Value(object.name); },
     write_name},
    {Writer::wizard, {}, [](const Object& object) { return Value(object.owner); }, write_owner},
    {Writer::nobody, "move()", [](const Object& object) { return Value(object.location); },
     nullptr},
    {Writer::nobody, "move()", [](const Object& object) { return list_of(object.contents); },
     nullptr},
    {Writer::nobody, "chparents()", [](const Object& object) { return list_of(object.parents); },
     nullptr},
    {Writer::nobody, "chparents()", [](const Object& object) { return list_of(object.children); },
     nullptr},
    flag_row<kProgrammer>(Writer::wizard),
    flag_row<kWizard>(Writer::wizard),
    flag_row<kReadable>(Writer::owner_or_wizard),
    flag_row<kWritable>(Writer::owner_or_wizard),
    flag_row<kFertile>(Writer::owner_or_wizard),
}};

const Row& row_of(Symbol name) { return kRows[static_cast<std::size_t>(name)]; }

}  // namespace
}  // namespace cosmoo
