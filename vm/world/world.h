// All objects, in memory, with the index structures that make them quick to use.
//
// Rules
//  1. The world does what it is told: permissions are checked by access.h and the builtins.
//  2. Every change is noted in the dirty sets, so that write_behind.h can store it; the first one
//     after a take_changes() calls on_change().
//  3. Pointers to objects, properties and verbs are good until the next change of the world; hold
//     ids across anything else.
//  4. A property is defined on one object; a descendant gets a slot of its own when something is
//  set
//     there. Without one it has the nearest ancestor's value and permissions and its owner, or with
//     the `c` bit its own object's owner.
//  5. An object has at most one property of a name: whatever would give it two is refused.
//  6. Numbers of recycled objects are not used again, unless a wizard wants it: renumber() and
//     reset_max_object().
//  7. Given an object that is not there, every change fails with E_INVARG.
//  8. What an object occupies (itself, its name, slots, values and verbs) is counted for its owner
//     with each change. No change measures more than what it brings and what it replaces. quota.h
//     says who may not have more.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/world/object.h"
#include "vm/world/planned_calls.h"
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
  const Property* slot;  ///< The object's own: owner and permissions. Clear if it has none yet.
  const Value* value;    ///< Its value, or the nearest ancestor's if it is clear.
  ObjectId definer;      ///< Who introduced it.
  std::int64_t bytes;    ///< What `value` occupies.
};

/// What somebody's objects occupy: see rule 8 of world.h.
struct Holdings {
  std::int64_t objects = 0;
  std::int64_t bytes = 0;
  std::int64_t names = 0;  ///< Bytes of property names that it brought in; until the server ends.
  bool operator==(const Holdings&) const = default;
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
    bool anew = false;  ///< Another object had the number: what is stored of that one goes first.
  };
  struct VerbsRow {
    ObjectId object;
    std::vector<Verb> verbs;  ///< All of them, in order.
  };
  std::vector<ObjectRow> objects;
  std::vector<PropertyRow> properties;
  std::vector<VerbsRow> verbs;
  std::vector<PlannedCalls::Change> planned;
  std::int64_t max_object = -1;
  std::int64_t last_task = 0;
  bool empty() const {
    return objects.empty() && properties.empty() && verbs.empty() && planned.empty();
  }
};

class World {
 public:
  /// Numbers stay below this: they index a vector, of a gigabyte then.
  static constexpr std::int64_t kMostObjects = std::int64_t{1} << 27;
  static constexpr std::size_t kMostParents = 100;
  /// That an object may be given, itself included: looking for a verb or property goes through all,
  /// for every command that is typed near it.
  static constexpr std::size_t kMostAncestors = 100;

  World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  SymbolTable& symbols() { return symbols_; }
  const SymbolTable& symbols() const { return symbols_; }

  // --- objects
  const Object* find(ObjectId id) const;
  bool valid(ObjectId id) const { return find(id) != nullptr; }
  ObjectId max_object() const { return ObjectId{max_object_}; }
  std::size_t size() const { return size_; }
  std::vector<ObjectId> all() const;  ///< In the order of their numbers.

  /// A new object with the next number (never one that was used before). Owned by kNothing, it owns
  /// itself. E_INVARG: a parent that is not valid or there twice, too many, or two that both define
  /// a property of one name; too many ancestors. E_QUOTA: no more numbers.
  Result<ObjectId> create(const std::vector<ObjectId>& parents, ObjectId owner);
  /// Ends an object: its children go to its parents, its contents to nothing.
  Result<void> recycle(ObjectId id);
  /// Gives an object the lowest number that is free below its own, if any; the number it has then.
  /// Parents, children, places and owners follow; values that name it do not. A number is not free
  /// while anything belongs to it: nobody inherits what a recycled owner left, verbs above all.
  Result<ObjectId> renumber(ObjectId id);
  /// Lets the next object have the number after the highest that is not free.
  void reset_max_object();
  /// E_RECMOVE if `id` would become its own ancestor; E_INVARG as for create, also when a new
  /// ancestor defines a property that `id` or a descendant defines too.
  Result<void> set_parents(ObjectId id, const std::vector<ObjectId>& parents);
  /// E_RECMOVE: into itself or its contents.
  Result<void> move(ObjectId id, ObjectId where);
  Result<void> set_name(ObjectId id, std::string name);
  Result<void> set_owner(ObjectId id, ObjectId owner);
  Result<void> set_flag(ObjectId id, ObjectFlag flag, bool on);

  /// Puts all of these objects in place at once, whole, each in the place of the one of its number
  /// if there is one; or, if the world would not be in order then, none, and says everything that
  /// would be wrong: a parent or location that does not exist, a circle of either, or rule 5. Slots
  /// of properties that nobody defines then are dropped. Of the objects, `children`, `contents` and
  /// the verbs' versions need not be filled; `arrived` 0 puts one after those that are there.
  /// Numbers may be ones that were used before.
  struct Problem {
    ObjectId object;
    std::string text;
  };
  std::vector<Problem> adopt(std::vector<Object> objects);
  /// Numbers up to `last` count as used.
  void reserve_numbers(std::int64_t last) { max_object_ = std::max(max_object_, last); }

  bool is_a(ObjectId id, ObjectId ancestor) const;
  bool is_wizard(ObjectId id) const;
  /// `who` owns `id` or is a wizard.
  bool controls(ObjectId who, ObjectId id) const;
  /// Ancestors in lookup order, `id` itself first: depth first, each once.
  std::vector<ObjectId> ancestry(ObjectId id) const;
  /// `id` first, then all that inherit from it, nearer ones before farther ones.
  std::vector<ObjectId> with_descendants(ObjectId id) const;
  std::vector<ObjectId> owned_by(ObjectId owner) const;  ///< In the order of their numbers.

  std::vector<ObjectId> players() const;
  /// By name or alias (the list property `aliases`), whole and without regard to case.
  std::optional<ObjectId> find_player(std::string_view name) const;
  /// What the property `aliases` of an object holds, if it is a list of no more than kMostAliases;
  /// null otherwise. They are compared for every command typed near it, on nobody's budget.
  static constexpr std::size_t kMostAliases = 64;
  const List* aliases(ObjectId id) const;

  // --- properties (not the built-in ones of symbol.h: access.h joins both)
  std::optional<PropertyView> property(ObjectId id, Symbol name) const;
  std::vector<Symbol> own_properties(ObjectId id) const;  ///< Defined here; sorted by name.
  /// E_INVARG: a built-in property's name, an empty one or one with control characters, or rule 5;
  /// the message names both objects.
  Result<void> add_property(ObjectId id, Symbol name, Property property);
  /// E_PROPNF: not defined on this object.
  Result<void> delete_property(ObjectId id, Symbol name);
  /// Here and in all descendants. E_INVARG: not defined on this object, or as for add_property.
  Result<void> rename_property(ObjectId id, Symbol from, Symbol to);
  /// Sets the object's own value. E_PROPNF.
  Result<void> set_property(ObjectId id, Symbol name, Value value);
  /// Back to the nearest ancestor's value. E_PROPNF; E_INVARG: it is defined here.
  Result<void> clear_property(ObjectId id, Symbol name);
  /// Of the object's own slot alone. E_PROPNF.
  Result<void> set_property_info(ObjectId id, Symbol name, ObjectId owner,
                                 std::uint8_t permissions);
  /// As above, for who has measured it: `bytes` is value.bytes().
  Result<void> set_property(ObjectId id, Symbol name, Value value, std::size_t bytes);
  /// The object's own value for changing in place (copied down first if it was clear); noted as
  /// changed. It is about to grow by that many bytes(). Null: no such property.
  Value* touch_property(ObjectId id, Symbol name, std::int64_t growth);

  // --- verbs
  /// Bytes of all verbs' names that one object may be given: they are looked through for commands.
  static constexpr std::size_t kMostVerbNames = 64u << 10;
  /// The first verb called `name` that is executable, from `id` up through its ancestry.
  std::optional<VerbRef> find_verb(ObjectId id, Symbol name) const;
  /// The same for a name that may be no symbol; slower.
  std::optional<VerbRef> find_verb(ObjectId id, std::string_view name) const;
  /// As find_verb, above `definer` in the ancestry of `id`: what pass() calls.
  std::optional<VerbRef> find_verb_above(ObjectId id, ObjectId definer, Symbol name) const;
  /// The verb for a command: name and arguments must fit.
  std::optional<VerbRef> find_command_verb(ObjectId id, std::string_view name, ObjectId dobj,
                                           std::int8_t prep, ObjectId iobj) const;
  const Verb* verb(const VerbRef& ref) const;
  /// Another number, never 0, after every change that could make find_verb() or verb() answer
  /// otherwise.
  std::uint64_t verb_generation() const { return verb_generation_; }
  /// Defined on `id` itself; by name or, `"2"`, by its 1-based place.
  std::optional<VerbRef> own_verb(ObjectId id, std::string_view name) const;
  /// E_INVARG: no name. E_QUOTA: more than kMostVerbNames on the object.
  Result<VerbRef> add_verb(ObjectId id, Verb verb);
  // These four: E_VERBNF.
  Result<void> delete_verb(const VerbRef& ref);
  Result<void> set_verb_code(const VerbRef& ref, std::string code);
  Result<void> set_verb_info(const VerbRef& ref, ObjectId owner, std::uint8_t permissions,
                             std::string names);
  Result<void> set_verb_args(const VerbRef& ref, VerbArgs args);

  /// Verb calls that will be made later.
  PlannedCalls& planned() { return planned_; }
  const PlannedCalls& planned() const { return planned_; }

  // --- what is occupied, in bytes
  static constexpr std::int64_t kObjectBytes = 256;  ///< An object without anything.
  static constexpr std::int64_t kParentBytes = 16;
  static constexpr std::int64_t kSlotBytes = 64;  ///< A property's slot without its value.
  static constexpr std::int64_t kVerbBytes = 128;
  static constexpr std::int64_t kNameBytes = 96;  ///< A new property name, besides its letters.
  Holdings holdings(ObjectId owner) const;
  /// Somebody has brought in a property name that nobody used before.
  void count_name(ObjectId who, std::string_view name);
  /// How much somebody may hold whose `byte_quota` says nothing else; see quota.h.
  void set_owner_bytes(std::int64_t bytes) { owner_bytes_ = bytes; }
  std::int64_t owner_bytes() const { return owner_bytes_; }
  Symbol byte_quota_name() const { return byte_quota_name_; }

  // --- for the store
  /// The function is called in the middle of a change: it may set a timer, not take the changes.
  void on_change(std::function<void()> on_change) { on_change_ = std::move(on_change); }
  bool dirty() const;
  Changes take_changes();
  /// Puts a loaded object in place, whole; links to parents and locations are made by
  /// finish_load().
  void load_object(Object object);
  /// Checks and links everything that was loaded. An error names the object that does not fit.
  Result<void> finish_load(std::int64_t max_object);

 private:
  struct PropertyKey {
    ObjectId object;
    Symbol name;
    bool operator==(const PropertyKey&) const = default;
    friend std::size_t hash_value(const PropertyKey& key) noexcept {
      return (static_cast<std::size_t>(key.object.number) << 24) ^
             static_cast<std::size_t>(key.name);
    }
  };
  /// One remembered answer of find_verb; good while its generation is the current one.
  struct CachedVerb {
    std::uint32_t object = 0;
    std::uint32_t name = 0;
    std::uint64_t generation = 0;
    std::uint32_t definer = 0;
    std::uint32_t index = 0;
  };
  /// Property names that some objects define, and who does.
  using Definitions = boost::unordered_flat_map<Symbol, ObjectId>;
  using IdSet = boost::unordered_flat_set<ObjectId>;
  /// The slot that decides for an object, the value it sees, and the property's definer.
  struct FoundProperty {
    const Property* slot = nullptr;
    const Property* valued = nullptr;  ///< The slot whose value it sees.
    ObjectId definer;
    bool own = false;  ///< The slot is the object's own.
  };

  Object* mutable_find(ObjectId id) { return const_cast<Object*>(find(id)); }
  Object& at(ObjectId id) { return *objects_[static_cast<std::size_t>(id.number)]; }
  const Object& at(ObjectId id) const { return *objects_[static_cast<std::size_t>(id.number)]; }

  // world_bytes.cpp
  void hold(Object& object, std::int64_t more);
  void give_up(const Object& object);
  void start_holding(Object& object);
  void change_owner(Object& object, ObjectId owner);

  // world_numbers.cpp
  void move_to_number(Object& object, ObjectId number);
  void change_owner_everywhere(ObjectId from, ObjectId to);
  IdSet named_owners() const;

  // world_family.cpp
  void append_ancestry(ObjectId id, std::vector<ObjectId>& out, IdSet& seen) const;
  Result<void> check_parents(const std::vector<ObjectId>& parents) const;
  Result<void> check_ancestors(const std::vector<ObjectId>& family) const;
  Result<void> collect_definitions(const std::vector<ObjectId>& objects, Definitions& found) const;
  Result<void> check_clashes(const std::vector<ObjectId>& family, const Definitions& added) const;
  void drop_lost_slots(const std::vector<ObjectId>& family, const Definitions& lost);
  void link_parents(const Object& object);
  void unlink_parents(const Object& object);
  void leave_location(Object& object);
  void enter_location(Object& object, ObjectId where);

  // world_properties.cpp
  Result<void> check_new_property(const Object& object, Symbol name) const;
  FoundProperty find_property(const Object& object, Symbol name) const;
  void search_property(const Object& object, Symbol name, FoundProperty& found) const;
  ObjectId slot_owner(const Object& object, const FoundProperty& found) const;
  const Property* inherited_slot(ObjectId owner, std::uint8_t permissions) const;
  Property* own_slot(Object& object, Symbol name);

  // world_verbs.cpp
  std::optional<VerbRef> search_verb(ObjectId id, std::string_view called) const;
  void forget_verbs();

  // world_adopt.cpp
  std::vector<Problem> check_adopted(const std::vector<ObjectId>& ids) const;
  bool descends_from_itself(ObjectId id) const;
  bool contains_itself(ObjectId id) const;
  void settle_adopted(Object& object, const Object* before);
  void relink();
  void drop_stray_slots(const std::vector<ObjectId>& family);

  // world_load.cpp
  void note_object(ObjectId id);
  void note_number(ObjectId id);
  void note_verbs(ObjectId id);
  void note_property(ObjectId id, Symbol name);
  void note_first();
  Result<void> check_loaded_parents() const;
  Result<void> check_loaded_locations() const;
  Result<void> check_loaded_properties(const Object& object) const;

  SymbolTable symbols_;
  Symbol aliases_name_;
  Symbol byte_quota_name_;
  std::vector<std::unique_ptr<Object>> objects_;  // by number; null: recycled
  std::size_t size_ = 0;
  std::int64_t max_object_ = -1;
  std::int64_t highest_ever_ = -1;  // since it was loaded
  std::uint64_t moves_ = 0;
  std::vector<ObjectId> players_;  // sorted

  boost::unordered_flat_map<ObjectId, Holdings> holdings_;
  std::int64_t owner_bytes_ = INT64_MAX;

  // Slots of objects that have none: one for each owner and permissions, and never changed.
  mutable boost::unordered_flat_map<std::uint64_t, std::unique_ptr<Property>> inherited_slots_;
  // Direct mapped: bounded, and forgotten in whole by a new generation.
  mutable std::vector<CachedVerb> verb_cache_;
  std::uint64_t verb_generation_ = 1;
  std::uint64_t last_version_ = 0;

  boost::unordered_flat_set<ObjectId> dirty_objects_;
  boost::unordered_flat_set<ObjectId> anew_;  // of those, whose number another object had before
  boost::unordered_flat_set<ObjectId> dirty_verbs_;
  boost::unordered_flat_set<PropertyKey> dirty_properties_;
  PlannedCalls planned_{[this] { note_first(); }};
  bool noted_ = false;
  std::function<void()> on_change_;
};

/// Whether `called` is one of the verb names in `names` ("l*ook examine *"), MOO's rules for `*`.
bool verb_name_matches(std::string_view names, std::string_view called);

}  // namespace cosmoo
