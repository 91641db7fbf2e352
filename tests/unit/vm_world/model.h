// The world again, in the plainest way: every question is answered by looking at everything. What
// test_random.cpp compares the real one with.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vm/world/world.h"

namespace cosmoo::test {

class Model {
 public:
  struct Slot {
    Value value;
    ObjectId owner;
    std::uint8_t permissions = 0;
    ObjectId definer;
    bool clear = false;
  };
  struct Thing {
    std::string name;
    ObjectId owner;
    std::uint32_t flags = 0;
    std::vector<ObjectId> parents;
    ObjectId location = kNothing;
    int arrived = 0;
    std::map<std::string, Slot> slots;
    std::vector<Verb> verbs;
  };
  struct View {
    Slot slot;
    Value value;
  };

  // Each says how the real world has to answer, and does it if that is E_NONE.
  ErrorCode create(const std::vector<ObjectId>& parents, ObjectId owner);
  ErrorCode recycle(ObjectId id);
  ErrorCode set_parents(ObjectId id, const std::vector<ObjectId>& parents);
  ErrorCode move(ObjectId id, ObjectId where);
  ErrorCode add_property(ObjectId id, const std::string& name, const Value& value, ObjectId owner,
                         std::uint8_t permissions);
  ErrorCode delete_property(ObjectId id, const std::string& name);
  ErrorCode rename_property(ObjectId id, const std::string& from, const std::string& to);
  ErrorCode set_property(ObjectId id, const std::string& name, const Value& value);
  ErrorCode clear_property(ObjectId id, const std::string& name);
  ErrorCode set_property_info(ObjectId id, const std::string& name, ObjectId owner,
                              std::uint8_t permissions);

  bool owns_something(ObjectId id) const;
  /// Numbers that are free at the end are given again.
  void reset_last();
  /// Of an object that exists; the number that it has then.
  ObjectId renumber(ObjectId id);

  Thing* find(ObjectId id);
  /// What an object occupies, by the rules of world.h.
  std::int64_t bytes(ObjectId id) const;
  std::optional<View> view(ObjectId id, const std::string& name) const;
  std::vector<ObjectId> ancestry(ObjectId id) const;
  std::vector<ObjectId> children(ObjectId id) const;
  std::vector<ObjectId> contents(ObjectId id) const;
  std::optional<VerbRef> find_verb(ObjectId id, const std::string& called) const;

  std::map<ObjectId, Thing> things;
  std::int64_t last = -1;

 private:
  void walk(ObjectId id, std::vector<ObjectId>& line) const;
  bool is_a(ObjectId id, ObjectId ancestor) const;
  bool good_parents(const std::vector<ObjectId>& parents) const;
  bool clashes() const;
  void drop_lost_slots();
  Slot* own_slot(ObjectId id, const std::string& name);

  int moves_ = 0;
};

}  // namespace cosmoo::test
