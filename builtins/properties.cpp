// Properties: adding and removing them, and who may do what with them. Their values are read and
// written as object.name.
#include "builtins/common.h"
#include "builtins/families.h"
#include "vm/world/quota.h"

namespace cosmoo {
namespace {

constexpr std::size_t kLongestName = 255;

Error no_property(ObjectId id, const std::string& name) {
  return Error(ErrorCode::propnf,
               to_string(id) + " has no property " + name.substr(0, kLongestName));
}

// A property that the caller may read, or write: its slot's permissions decide.
enum class Need { read, write };
Result<PropertyView> need_property(const Call& call, Need need) {
  World& world = call.services().world;
  const ObjectId id = call[0].object();
  if (auto object = need_object(world, id); !object) return tl::unexpected(object.error());
  const auto name = world.symbols().find(call[1].string());
  const auto view = name ? world.property(id, *name) : std::nullopt;
  if (!view) return tl::unexpected(no_property(id, call[1].string()));
  const Permission bit = need == Need::read ? kRead : kWrite;
  if ((view->slot->permissions & bit) == 0 && view->slot->owner != call.programmer() &&
      !world.is_wizard(call.programmer())) {
    return fail(ErrorCode::perm, to_string(call.programmer()) + " may not " +
                                     (need == Need::read ? "read " : "change ") + to_string(id) +
                                     "." + call[1].string());
  }
  return *view;
}

// What a property is to be: "rc", or as MOO has it {owner, "rc"}, and {owner, "rc", new name}.
struct Info {
  ObjectId owner;
  std::uint8_t permissions = 0;
  std::string name;
};
Result<Info> read_info(const Value& given, ObjectId owner, std::size_t longest) {
  constexpr std::string_view kForm =
      "a property is described by its permissions, such as \"rc\", or {owner, permissions}";
  const auto wrong = [&] { return fail(ErrorCode::invarg, std::string(kForm)); };
  Info info{owner, 0, {}};
  const Value* letters = &given;
  if (given.is_list()) {
    const List& list = given.list();
    if (list.size() < 2 || list.size() > longest || !list[0].is_object()) return wrong();
    info.owner = list[0].object();
    letters = &list[1];
    if (list.size() > 2) {
      if (!list[2].is_string()) return wrong();
      info.name = list[2].string();
    }
  }
  if (!letters->is_string()) return wrong();
  auto permissions = parse_property_permissions(letters->string());
  if (!permissions) return tl::unexpected(permissions.error());
  info.permissions = *permissions;
  return info;
}

// A name for a property, as a symbol; one that nobody used before counts for the caller, since it
// is never forgotten.
Result<Symbol> need_name(const Call& call, const std::string& name) {
  World& world = call.services().world;
  if (const auto known = world.symbols().find(name)) return *known;
  if (name.size() > kLongestName) {
    return fail(ErrorCode::invarg,
                "a property's name has at most " + std::to_string(kLongestName) + " characters");
  }
  const std::int64_t bytes = World::kNameBytes + std::ssize(name);
  if (auto room = check_room(world, call.programmer(), call.programmer(), bytes); !room) {
    return tl::unexpected(room.error());
  }
  world.count_name(call.programmer(), name);
  return world.symbols().intern(name);
}

Outcome properties(Call& call) {
  const ObjectId id = call[0].object();
  if (auto object = need_flag_or_control(call, id, kReadable); !object) return object.error();
  World& world = call.services().world;
  List names;
  for (const Symbol name : world.own_properties(id)) {
    names.emplace_back(world.symbols().name_of(name));
  }
  return Value(std::move(names));
}

// add_property(object, name, value [, info])
Outcome add_property(Call& call) {
  World& world = call.services().world;
  const ObjectId id = call[0].object();
  auto object = need_flag_or_control(call, id, kWritable);
  if (!object) return object.error();
  auto info = read_info(call.has(3) ? call[3] : Value("r"), call.programmer(), 2);
  if (!info) return info.error();
  if (auto allowed = need_authority_of(call, info->owner); !allowed) return allowed.error();
  if (auto owner = need_object(world, info->owner); !owner) return owner.error();
  auto name = need_name(call, call[1].string());
  if (!name) return name.error();
  const auto bytes = World::kSlotBytes + static_cast<std::int64_t>(call[2].bytes());
  if (auto room = check_room(world, (*object)->owner, call.programmer(), bytes); !room) {
    return room.error();
  }
  call.spend(work_on_family(world, id));
  Property property;
  property.owner = info->owner;
  property.permissions = info->permissions;
  property.value = call.take(2);
  return outcome(world.add_property(id, *name, std::move(property)));
}

Outcome delete_property(Call& call) {
  const ObjectId id = call[0].object();
  if (auto object = need_flag_or_control(call, id, kWritable); !object) return object.error();
  World& world = call.services().world;
  const auto name = world.symbols().find(call[1].string());
  if (!name) return no_property(id, call[1].string());
  if (is_wizards_limit(world, id, *name) && !world.is_wizard(call.programmer())) {
    return Error(ErrorCode::perm, "only wizards take a limit away that they have set: " +
                                      to_string(id) + "." + call[1].string());
  }
  call.spend(work_on_family(world, id));
  return outcome(world.delete_property(id, *name));
}

Outcome property_info(Call& call) {
  auto view = need_property(call, Need::read);
  if (!view) return view.error();
  return Value(List{Value(view->slot->owner),
                    Value(property_permissions_text(view->slot->permissions)),
                    Value(view->definer)});
}

Outcome set_property_info(Call& call) {
  World& world = call.services().world;
  const ObjectId id = call[0].object();
  auto view = need_property(call, Need::write);
  if (!view) return view.error();
  auto info = read_info(call[2], view->slot->owner, 3);
  if (!info) return info.error();
  if (info->owner != view->slot->owner) {
    if (!world.is_wizard(call.programmer())) {
      return Error(ErrorCode::perm, "only wizards give a property to another owner");
    }
    if (auto owner = need_object(world, info->owner); !owner) return owner.error();
  }
  const ObjectId holder = world.find(id)->owner;
  if (auto room = check_room(world, holder, call.programmer(), World::kSlotBytes); !room) {
    return room.error();
  }
  Symbol name = *world.symbols().find(call[1].string());
  if (!info->name.empty()) {
    if (auto object = need_flag_or_control(call, id, kWritable); !object) return object.error();
    auto renamed = need_name(call, info->name);
    if (!renamed) return renamed.error();
    call.spend(work_on_family(world, id));
    if (auto done = world.rename_property(id, name, *renamed); !done) return done.error();
    name = *renamed;
  }
  return outcome(world.set_property_info(id, name, info->owner, info->permissions));
}

Outcome clear_property(Call& call) {
  World& world = call.services().world;
  auto view = need_property(call, Need::write);
  if (!view) return view.error();
  return outcome(world.clear_property(call[0].object(), world.symbols().intern(call[1].string())));
}

Outcome is_clear_property(Call& call) {
  World& world = call.services().world;
  auto view = need_property(call, Need::read);
  if (!view) return view.error();
  const Object& object = *world.find(call[0].object());
  const auto own = object.properties.find(world.symbols().intern(call[1].string()));
  return Value(own == object.properties.end() || own->second.clear);
}

}  // namespace

std::span<const Builtin> property_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"properties",
       {{"object", kObject}},
       1,
       Access::everyone,
       properties,
       "list of strings",
       "The properties defined on an object itself. E_PERM unless it is readable or yours."},
      {"add_property",
       {{"object", kObject}, {"name", kString}, {"value"}, {"info", kString | kList}},
       3,
       Access::programmer,
       add_property,
       "nothing",
       "Defines a property on an object and all that descends from it. info is its permissions (of "
       "r, w and c; \"r\" if it is left out), or {owner, permissions}; it is yours otherwise. "
       "E_INVARG if there is one of that name, or the name or info is no good; E_PERM unless the "
       "object is writable or yours, and you the owner or a wizard; E_QUOTA."},
      {"delete_property",
       {{"object", kObject}, {"name", kString}},
       2,
       Access::programmer,
       delete_property,
       "nothing",
       "Takes a property away where it was defined. E_PROPNF; E_PERM as for add_property(), and "
       "for "
       "who takes a quota or budget away that a wizard owns."},
      {"property_info",
       {{"object", kObject}, {"name", kString}},
       2,
       Access::everyone,
       property_info,
       "{owner, permissions, definer}",
       "Who owns a property, what others may do with it, and where it was defined. E_PERM "
       "unless you may read it; E_PROPNF."},
      {"set_property_info",
       {{"object", kObject}, {"name", kString}, {"info", kString | kList}},
       3,
       Access::programmer,
       set_property_info,
       "nothing",
       "Changes a property's permissions, its owner, or its name, on this object: info is the "
       "permissions, {owner, permissions} or {owner, permissions, new name}. E_PERM unless you may "
       "write it; only wizards change the owner, and a new name takes a writable object or yours. "
       "E_PROPNF; E_INVARG for a new name where it is not defined, or one that is taken."},
      {"clear_property",
       {{"object", kObject}, {"name", kString}},
       2,
       Access::programmer,
       clear_property,
       "nothing",
       "Lets an object have its ancestor's value again. E_INVARG where the property was defined; "
       "E_PERM unless you may write it; E_PROPNF."},
      {"is_clear_property",
       {{"object", kObject}, {"name", kString}},
       2,
       Access::everyone,
       is_clear_property,
       "boolean",
       "Whether an object has its ancestor's value. E_PROPNF; E_PERM unless you may read it."},
  };
  return kRows;
}

}  // namespace cosmoo
