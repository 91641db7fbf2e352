// What an object consists of: plain data, as the world keeps it in memory.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "vm/value.h"
#include "vm/world/symbol.h"

namespace cosmoo {

/// Flags of an object, as bits.
enum ObjectFlag : std::uint32_t {
  kPlayer = 1,
  kProgrammer = 2,
  kWizard = 4,
  kReadable = 8,   ///< "r": anyone may list its properties and verbs
  kWritable = 16,  ///< "w": anyone may add properties and verbs
  kFertile = 32,   ///< "f": anyone may make children
};

/// Permission letters of properties and verbs, as bits.
enum Permission : std::uint8_t {
  kRead = 1,     ///< r
  kWrite = 2,    ///< w
  kChown = 4,    ///< c: properties; a child's slot belongs to the child's owner
  kExecute = 8,  ///< x: verbs; callable from code
  kDebug = 16,   ///< d: verbs; kept for MOO's sake, errors always raise
};

struct Property {
  Value value;
  ObjectId owner;
  std::uint8_t permissions = kRead;
  bool defined_here = false;  ///< This object introduced the property.
  bool clear = false;         ///< The value is the nearest ancestor's.
  std::int64_t bytes = 0;     ///< What the value occupies, 0 if it is clear; the world counts it.
};

/// How a command's object must relate to the verb's object.
enum class ObjectSpec : std::uint8_t { none, any, this_ };

/// Index of a preposition in the table of world/command.h, or one of these.
using PrepositionSpec = std::int8_t;
inline constexpr PrepositionSpec kAnyPreposition = -2;
inline constexpr PrepositionSpec kNoPreposition = -1;

struct VerbArgs {
  ObjectSpec dobj = ObjectSpec::none;
  PrepositionSpec prep = kNoPreposition;
  ObjectSpec iobj = ObjectSpec::none;
  bool operator==(const VerbArgs&) const = default;
};

struct Verb {
  std::string names;  ///< Space-separated, `*` marks where abbreviation may begin: "l*ook examine".
  ObjectId owner;
  std::uint8_t permissions = kRead | kExecute | kDebug;
  VerbArgs args;
  std::string code;           ///< Lua source.
  std::uint64_t version = 0;  ///< New with every change of the code; unique in this process.
};

struct Object {
  ObjectId id;
  std::string name;
  ObjectId owner;
  std::uint32_t flags = 0;
  std::vector<ObjectId> parents;
  std::vector<ObjectId> children;  ///< In the order of their numbers.
  ObjectId location = kNothing;
  std::uint64_t arrived = 0;       ///< Which of the world's moves brought it to its location.
  std::vector<ObjectId> contents;  ///< In the order of their arrival.
  boost::unordered_flat_map<Symbol, Property> properties;
  std::vector<Verb> verbs;
  std::int64_t bytes = 0;  ///< What all of it occupies, roughly; the world counts it.

  bool is(ObjectFlag flag) const { return (flags & flag) != 0; }
};

}  // namespace cosmoo
