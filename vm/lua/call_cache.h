// Where the verb calls that scripts have just made lead to.
#pragma once

#include <array>
#include <cstdint>
#include <lua5.4/lua.hpp>

#include "vm/lua/source.h"
#include "vm/world/world.h"

namespace cosmoo::lua {

/// A verb's code, ready to run: a function in Lua's registry, and what it wants to know.
struct CompiledVerb {
  int function = LUA_NOREF;     ///< None: an eval's, which is in no registry.
  std::uint32_t variables = 0;  ///< Bits of kVerbVariables, in the order of its parameters.
};

/// What a call comes to.
struct CallTarget {
  ObjectId definer;
  ObjectId owner;
  CompiledVerb code;
};

/// Direct mapped: bounded, and forgotten in whole when anything about the world's verbs changes.
class CallCache {
 public:
  explicit CallCache(const World& world) : world_(world) {}

  /// Null: not known. Good until the next remember().
  const CallTarget* find(ObjectId object, Symbol name) const {
    const Entry& entry = entries_[place(object, name)];
    const bool known = entry.object == object && entry.name == name &&
                       entry.generation == world_.verb_generation();
    return known ? &entry.target : nullptr;
  }
  void remember(ObjectId object, Symbol name, const CallTarget& target) {
    entries_[place(object, name)] = {object, name, world_.verb_generation(), target};
  }
  void clear() { entries_.fill(Entry{}); }

 private:
  struct Entry {
    ObjectId object;
    Symbol name{};
    std::uint64_t generation = 0;  ///< The world has none of this number.
    CallTarget target;
  };
  static constexpr std::size_t kEntries = 1024;

  static std::size_t place(ObjectId object, Symbol name) {
    const std::uint64_t mixed = (static_cast<std::uint64_t>(object.number) * 0x9E3779B97F4A7C15u) ^
                                (static_cast<std::uint64_t>(name) * 0xC2B2AE3D27D4EB4Fu);
    return mixed >> 54;
  }
  static_assert(kEntries == std::size_t{1} << (64 - 54));

  const World& world_;
  std::array<Entry, kEntries> entries_{};
};

}  // namespace cosmoo::lua
