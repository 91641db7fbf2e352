// All objects, in memory, with the index structures that make them quick to use.
//
// Rules
//  1. The world does what it is told: permissions are checked by access.h and the builtins.
//  2. Every change is noted in the dirty sets, so that write_behind.h can store it; the first one
//     after a take_changes() calls on_change().
//  3. Pointers to objects, properties and verbs are good until the next change of the world; hold
//     ids across anything else.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/world/object.h"
#include "vm/world/symbol.h"

namespace cosmoo {

/// Where a verb was found. Names it across changes; find it again with World::verb().
struct VerbRef {
  ObjectId definer;
  std::size_t index = 0;
  bool operator==(const VerbRef&) const = default;
};

/// A property as an object has it: inherited ones too.
struct PropertyView {
  const Property* slot;   ///< The object's own: owner and permissions.
  const Value* value;     ///< Its value, or the nearest ancestor's if it is clear.
  ObjectId definer;       ///< Who introduced it.
};

/// What has changed since the last batch: a list of rows for the store.
struct Changes {
  struct PropertyRow {
    ObjectId object;
    std::string name;
    std::optional<Property> property;  ///< none: deleted
  };
  struct ObjectRow {
    ObjectId object;
    std::optional<Object> data;  ///< none: recycled. Properties and verbs are rows of their own.
  };
  struct VerbsRow {
    ObjectId object;
    std::vector<Verb> verbs;  ///< All of them, in order.
  };
  std::vector<ObjectRow> objects;
  std::vector<PropertyRow> properties;
  std::vector<VerbsRow> verbs;
  std::int64_t max_object = -1;
  bool empty() const { return objects.empty() && properties.empty() && verbs.empty(); }
};

class World {
 public:
  World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  SymbolTable& symbols() { return symbols_; }
  const SymbolTable& symbols() const { return symbols_; }

  // --- objects
  const Object* find(ObjectId id) const;
  bool valid(ObjectId id) const { return find(id) != nullptr; }
  ObjectId max_object() const { return ObjectId{max_object_}; }
  std::size_t size() const { return objects_.size(); }
  std::vector<ObjectId> all() const;  ///< In the order of their numbers.

  /// A new object with the next number (never one that was used before). E_INVARG: a parent that
  /// is not valid, or two parents that both define a property of one name.
  Result<ObjectId> create(const std::vector<ObjectId>& parents, ObjectId owner);
  /// Ends an object: its children go to its parents, its contents to nothing.
  Result<void> recycle(ObjectId id);
  /// E_RECMOVE if `id` would become its own ancestor; E_INVARG as for create, also when a new
  /// ancestor defines a property that `id` or a descendant defines too.
  Result<void> set_parents(ObjectId id, const std::vector<ObjectId>& parents);
  /// E_RECMOVE: into itself or its contents.
  Result<void> move(ObjectId id, ObjectId where);
  Result<void> set_name(ObjectId id, std::string name);
  Result<void> set_owner(ObjectId id, ObjectId owner);
  Result<void> set_flag(ObjectId id, ObjectFlag flag, bool on);

  bool is_a(ObjectId id, ObjectId ancestor) const;
  bool is_wizard(ObjectId id) const;
  /// `who` owns `id` or is a wizard.
  bool controls(ObjectId who, ObjectId id) const;
  /// Ancestors in lookup order, `id` itself first: depth first, each once.
  std::vector<ObjectId> ancestry(ObjectId id) const;

  std::vector<ObjectId> players() const;
  /// By name or alias (the list property `aliases`), whole and without regard to case.
  std::optional<ObjectId> find_player(std::string_view name) const;

  // --- properties (not the built-in ones of symbol.h: access.h joins both)
  std::optional<PropertyView> property(ObjectId id, Symbol name) const;
  std::vector<Symbol> own_properties(ObjectId id) const;  ///< Defined here; sorted by name.
  Result<void> add_property(ObjectId id, Symbol name, Property property);
  Result<void> delete_property(ObjectId id, Symbol name);
  /// Sets the object's own value. E_PROPNF.
  Result<void> set_property(ObjectId id, Symbol name, Value value);
  Result<void> clear_property(ObjectId id, Symbol name);
  Result<void> set_property_info(ObjectId id, Symbol name, ObjectId owner,
                                 std::uint8_t permissions);
  /// The object's own value for changing in place (copied down first if it was clear); noted as
  /// changed. Null: no such property.
  Value* touch_property(ObjectId id, Symbol name);

  // --- verbs
  /// The first verb called `name` that is executable, from `id` up through its ancestry.
  std::optional<VerbRef> find_verb(ObjectId id, Symbol name) const;
  /// As find_verb, above `definer` in the ancestry of `id`: what pass() calls.
  std::optional<VerbRef> find_verb_above(ObjectId id, ObjectId definer, Symbol name) const;
  /// The verb for a command: name and arguments must fit.
  std::optional<VerbRef> find_command_verb(ObjectId id, std::string_view name, ObjectId dobj,
                                           std::int8_t prep, ObjectId iobj) const;
  const Verb* verb(const VerbRef& ref) const;
  /// Defined on `id` itself; by name or, `"2"`, by its 1-based place.
  std::optional<VerbRef> own_verb(ObjectId id, std::string_view name) const;
  Result<VerbRef> add_verb(ObjectId id, Verb verb);
  Result<void> delete_verb(const VerbRef& ref);
  Result<void> set_verb_code(const VerbRef& ref, std::string code);
  Result<void> set_verb_info(const VerbRef& ref, ObjectId owner, std::uint8_t permissions,
                             std::string names);
  Result<void> set_verb_args(const VerbRef& ref, VerbArgs args);

  // --- for the store
  void on_change(std::function<void()> on_change) { on_change_ = std::move(on_change); }
  bool dirty() const;
  Changes take_changes();
  /// Puts a loaded object in place, whole; links to parents and locations are made by finish_load().
  void load_object(Object object);
  /// Checks and links everything that was loaded. An error names the object that does not fit.
  Result<void> finish_load(std::int64_t max_object);

 private:
  struct VerbKey {
    ObjectId object;
    Symbol name;
    bool operator==(const VerbKey&) const = default;
    friend std::size_t hash_value(const VerbKey& key);
  };
  struct PropertyKey {
    ObjectId object;
    Symbol name;
    bool operator==(const PropertyKey&) const = default;
    friend std::size_t hash_value(const PropertyKey& key);
  };

  // Implementation notes are free to change the members below; the interface above is the contract.
  SymbolTable symbols_;
  std::vector<std::unique_ptr<Object>> objects_;  // by number; null: recycled
  std::int64_t max_object_ = -1;
  mutable boost::unordered_flat_map<VerbKey, std::optional<VerbRef>> verb_cache_;
  boost::unordered_flat_set<ObjectId> dirty_objects_;
  boost::unordered_flat_set<ObjectId> dirty_verbs_;
  boost::unordered_flat_set<PropertyKey> dirty_properties_;
  std::function<void()> on_change_;
  std::uint64_t last_version_ = 0;
};

/// Whether `called` is one of the verb names in `names` ("l*ook examine *"), MOO's rules for `*`.
bool verb_name_matches(std::string_view names, std::string_view called);

}  // namespace cosmoo
