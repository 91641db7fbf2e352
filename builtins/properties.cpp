// Properties: adding and removing them, and who may do what with them. Their values are read and
// written as object.name.
#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

constexpr std::size_t kLongestName = 255;

Error no_property(ObjectId id, const std::string& name) {
  return Error(ErrorCode::propnf,
               to_string(id) + " has no property " + name.substr(0, kLongestName));
}

// A property of an object that the caller may read (or change) by its slot's permissions.
enum class Need { read, own };
Result<PropertyView> need_property(const Call& call, Need need) {
  World& world = call.services().world;
  const ObjectId id = call[0].object();
  if (auto object = need_object(world, id); !object) return tl::unexpected(object.error());
  const auto name = world.symbols().find(call[1].string());
  const auto view = name ? world.property(id, *name) : std::nullopt;
  if (!view) return tl::unexpected(no_property(id, call[1].string()));
  const bool allowed = view->slot->owner == call.programmer() ||
                       world.is_wizard(call.programmer()) ||
                       (need == Need::read && (view->slot->permissions & kRead) != 0);
  if (!allowed) {
    return fail(ErrorCode::perm, to_string(call.programmer()) + " may not " +
                                     (need == Need::read ? "read " : "change ") + to_string(id) +
                                     "." + call[1].string());
  }
  return *view;
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

// add_property(object, name, value [, permissions [, owner]])
Outcome add_property(Call& call) {
  World& world = call.services().world;
  const ObjectId id = call[0].object();
  if (auto object = need_flag_or_control(call, id, kWritable); !object) return object.error();
  Property property;
  property.owner = call.has(4) ? call[4].object() : call.programmer();
  if (auto allowed = need_authority_of(call, property.owner); !allowed) return allowed.error();
  auto permissions = parse_property_permissions(call.has(3) ? call[3].string() : "r");
  if (!permissions) return permissions.error();
  if (call[1].string().size() > kLongestName) {
    return Error(ErrorCode::invarg,
                 "a property's name has at most " + std::to_string(kLongestName) + " characters");
  }
  property.permissions = *permissions;
  property.value = call.take(2);
  return outcome(
      world.add_property(id, world.symbols().intern(call[1].string()), std::move(property)));
}

Outcome delete_property(Call& call) {
  const ObjectId id = call[0].object();
  if (auto object = need_flag_or_control(call, id, kWritable); !object) return object.error();
  World& world = call.services().world;
  const auto name = world.symbols().find(call[1].string());
  if (!name) return no_property(id, call[1].string());
  return outcome(world.delete_property(id, *name));
}

Outcome property_info(Call& call) {
  auto view = need_property(call, Need::read);
  if (!view) return view.error();
  return Value(List{Value(view->slot->owner),
                    Value(property_permissions_text(view->slot->permissions)),
                    Value(view->definer)});
}

// set_property_info(object, name, owner, permissions)
Outcome set_property_info(Call& call) {
  auto view = need_property(call, Need::own);
  if (!view) return view.error();
  if (call[2].object() != view->slot->owner) {
    if (auto allowed = need_authority_of(call, call[2].object()); !allowed) return allowed.error();
  }
  auto permissions = parse_property_permissions(call[3].string());
  if (!permissions) return permissions.error();
  World& world = call.services().world;
  return outcome(world.set_property_info(call[0].object(), world.symbols().intern(call[1].string()),
                                         call[2].object(), *permissions));
}

Outcome clear_property(Call& call) {
  World& world = call.services().world;
  auto view = need_property(call, Need::read);
  if (!view) return view.error();
  if ((view->slot->permissions & kWrite) == 0) {
    if (auto own = need_property(call, Need::own); !own) return own.error();
  }
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
       {{"object", kObject},
        {"name", kString},
        {"value"},
        {"permissions", kString},
        {"owner", kObject}},
       3,
       Access::programmer,
       add_property,
       "nothing",
       "Defines a property on an object and all that descends from it. Permissions are of r, w and "
       "c; \"r\" if none are given. E_INVARG if there is one of that name; E_PERM unless the "
       "object is writable or yours."},
      {"delete_property",
       {{"object", kObject}, {"name", kString}},
       2,
       Access::programmer,
       delete_property,
       "nothing",
       "Takes a property away where it was defined. E_PROPNF; E_PERM as for add_property()."},
      {"property_info",
       {{"object", kObject}, {"name", kString}},
       2,
       Access::everyone,
       property_info,
       "{owner, permissions, definer}",
       "Who owns a property, what others may do with it, and where it was defined."},
      {"set_property_info",
       {{"object", kObject}, {"name", kString}, {"owner", kObject}, {"permissions", kString}},
       4,
       Access::programmer,
       set_property_info,
       "nothing",
       "Changes a property's owner and permissions on this object. Only wizards give it to "
       "others."},
      {"clear_property",
       {{"object", kObject}, {"name", kString}},
       2,
       Access::programmer,
       clear_property,
       "nothing",
       "Lets an object have its ancestor's value again. E_INVARG where the property was defined."},
      {"is_clear_property",
       {{"object", kObject}, {"name", kString}},
       2,
       Access::everyone,
       is_clear_property,
       "boolean",
       "Whether an object has its ancestor's value."},
  };
  return kRows;
}

}  // namespace cosmoo
