// An object as a file describes it: what is read from one, and what one is written from. The form
// of the text is told in world_files.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vm/world/object.h"

namespace cosmoo {

/// Whatever is left out (an empty optional) is as it would be without being said.
struct ObjectSource {
  struct PropertySource {
    std::string name;
    std::optional<Value> value;  ///< None: clear, the ancestor's.
    std::optional<ObjectId> owner;
    std::optional<std::uint8_t> permissions;
    int line = 0;
    std::string comment;  ///< The lines of `--` right above it, each with its end.
  };
  struct VerbSource {
    std::string names;
    VerbArgs args{ObjectSpec::this_, kNoPreposition, ObjectSpec::this_};
    std::optional<ObjectId> owner;
    std::uint8_t permissions = kRead | kExecute | kDebug;
    std::string code;
    int line = 0;
    std::string comment;
  };
  std::string name;
  std::optional<ObjectId> owner;
  std::vector<ObjectId> parents;
  std::optional<ObjectId> location;
  /// What is at one location stands in the order of these; without one, in that of the numbers.
  std::optional<std::int64_t> arrived;
  std::uint32_t flags = 0;
  std::vector<PropertySource> properties;
  std::vector<VerbSource> verbs;
  int line = 0;
  std::string comment;
};

/// System names of objects, for values that name them.
using ObjectNames = std::map<ObjectId, std::string>;

/// The words of an object's flags in files, in their order: "player", "programmer", ...
struct FlagWord {
  std::string_view word;
  ObjectFlag flag;
};
inline constexpr FlagWord kFlagWords[] = {{"player", kPlayer},     {"programmer", kProgrammer},
                                          {"wizard", kWizard},     {"readable", kReadable},
                                          {"writable", kWritable}, {"fertile", kFertile}};

}  // namespace cosmoo
