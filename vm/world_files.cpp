#include "vm/world_files.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

namespace cosmoo {
namespace {

namespace fs = std::filesystem;

struct File {
  std::string system_name;
  std::string file_name;
  std::string text;
  ObjectId object;
  ObjectSource source;
};

// What it is that no other file may be: the system object first, the root second, whoever owns all.
constexpr std::string_view kFirst[] = {"system", "root", "first_wizard"};

std::size_t rank(const std::string& name) {
  return static_cast<std::size_t>(std::find(std::begin(kFirst), std::end(kFirst), name) -
                                  std::begin(kFirst));
}

Result<std::vector<File>> read_folder(const fs::path& folder) {
  std::vector<File> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path& path = entry.path();
    // cosmoo.lua describes the builtins to editors; it is no object.
    if (path.extension() != ".lua" || path.filename() == "cosmoo.lua") continue;
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return fail(ErrorCode::file, path.string() + " cannot be read");
    files.push_back({path.stem().string(), path.filename().string(), text.str(), kNothing, {}});
  }
  if (error) return fail(ErrorCode::file, folder.string() + ": " + error.message());
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) {
    return std::pair(rank(a.system_name), a.system_name) <
           std::pair(rank(b.system_name), b.system_name);
  });
  for (const std::string_view needed : kFirst) {
    const bool found = std::any_of(files.begin(), files.end(),
                                   [&](const File& file) { return file.system_name == needed; });
    if (!found) {
      return fail(ErrorCode::file,
                  folder.string() + ": " + std::string(needed) + ".lua is missing");
    }
  }
  return files;
}

std::optional<ObjectId> system_object(const World& world, std::string_view name) {
  if (name == "system") return world.valid(kSystem) ? std::optional(kSystem) : std::nullopt;
  if (!world.valid(kSystem)) return std::nullopt;
  // A look-up by name must not change the table of names: the world is const until all is checked.
  for (const Symbol symbol : world.own_properties(kSystem)) {
    if (!same_name(world.symbols().name_of(symbol), name)) continue;
    const auto property = world.property(kSystem, symbol);
    if (property->value->is_object() && world.valid(property->value->object())) {
      return property->value->object();
    }
  }
  return std::nullopt;
}

Result<std::uint32_t> parse_flags(const File& file) {
  static const std::map<std::string, ObjectFlag, std::less<>> kFlags{
      {"player", kPlayer},     {"programmer", kProgrammer}, {"wizard", kWizard},
      {"readable", kReadable}, {"writable", kWritable},     {"fertile", kFertile}};
  std::uint32_t flags = 0;
  std::istringstream words(file.source.flags);
  for (std::string word; words >> word;) {
    const auto it = kFlags.find(word);
    if (it == kFlags.end()) {
      return fail(ErrorCode::invarg, file.file_name + ": there is no flag " + word);
    }
    flags |= it->second;
  }
  return flags;
}

// "any in front of this": the first word and the last are objects, what is between a preposition.
Result<VerbArgs> parse_args(const std::string& text) {
  const std::size_t first = text.find(' ');
  const std::size_t last = text.rfind(' ');
  if (first == std::string::npos || first == last) {
    return fail(ErrorCode::invarg, "\"" + text + "\" should be three words such as this none this");
  }
  return parse_verb_args(text.substr(0, first), text.substr(first + 1, last - first - 1),
                         text.substr(last + 1));
}

class Loader {
 public:
  Loader(World& world, Engine& engine, std::vector<File> files)
      : world_(world), engine_(engine), files_(std::move(files)) {}

  Result<WorldFiles> load() {
    assign_numbers();
    for (File& file : files_) {
      if (auto read = check(file); !read) return tl::unexpected(read.error());
    }
    report_.objects = files_.size();
    if (auto made = create(); !made) return tl::unexpected(made.error());
    // What is inherited decides which properties are new: the whole family before any property.
    for (const auto step : {&Loader::apply_object, &Loader::apply_properties, &Loader::apply_verbs,
                            &Loader::name_in_system}) {
      for (const File& file : files_) {
        if (auto applied = (this->*step)(file); !applied) {
          return fail(applied.error().code, file.file_name + ": " + applied.error().message);
        }
      }
    }
    return report_;
  }

 private:
  // New objects get their numbers before they exist, so that ref() can name them while all files
  // are still being checked.
  void assign_numbers() {
    std::int64_t next = world_.max_object().number + 1;
    for (File& file : files_) {
      const auto existing = system_object(world_, file.system_name);
      file.object = existing ? *existing : ObjectId{next++};
      if (!existing) ++report_.created;
    }
  }

  std::optional<ObjectId> resolve(std::string_view name) const {
    for (const File& file : files_) {
      if (file.system_name == name) return file.object;
    }
    return system_object(world_, name);
  }

  Result<void> check(File& file) {
    auto source = engine_.read_object(file.text, file.file_name,
                                      [this](std::string_view name) { return resolve(name); });
    if (!source) return tl::unexpected(source.error());
    file.source = std::move(*source);
    if (auto flags = parse_flags(file); !flags) return tl::unexpected(flags.error());
    std::vector<std::string> named = file.source.parents;
    if (file.source.location) named.push_back(*file.source.location);
    for (const std::string& name : named) {
      if (!resolve(name)) {
        return fail(ErrorCode::invarg, file.file_name + ": there is no object called " + name);
      }
    }
    for (const auto& property : file.source.properties) {
      if (auto bits = parse_property_permissions(property.permissions); !bits) {
        return fail(ErrorCode::invarg,
                    file.file_name + ": " + property.name + ": " + bits.error().message);
      }
    }
    for (const auto& verb : file.source.verbs) {
      const auto args = parse_args(verb.args);
      const auto bits = parse_verb_permissions(verb.permissions);
      if (args && bits) continue;
      return fail(ErrorCode::invarg, file.file_name + ":" + std::to_string(verb.line) + ": " +
                                         verb.names + ": " +
                                         (args ? bits.error() : args.error()).message);
    }
    return {};
  }

  Result<void> create() {
    const ObjectId owner = *resolve("first_wizard");
    for (const File& file : files_) {
      if (world_.valid(file.object)) continue;
      const auto id = world_.create({}, owner);
      if (!id) return tl::unexpected(id.error());
      if (*id != file.object) return fail(ErrorCode::invarg, "an object got another number");
    }
    return {};
  }

  Result<void> apply_object(const File& file) {
    const ObjectSource& source = file.source;
    if (auto done = world_.set_name(file.object, source.name); !done) return done;
    std::vector<ObjectId> parents;
    for (const std::string& name : source.parents) parents.push_back(*resolve(name));
    if (world_.find(file.object)->parents != parents) {
      if (auto done = world_.set_parents(file.object, parents); !done) return done;
    }
    const std::uint32_t flags = *parse_flags(file);
    for (const ObjectFlag flag : {kPlayer, kProgrammer, kWizard, kReadable, kWritable, kFertile}) {
      if (auto done = world_.set_flag(file.object, flag, (flags & flag) != 0); !done) return done;
    }
    if (source.location && world_.find(file.object)->location == kNothing) {
      if (auto done = world_.move(file.object, *resolve(*source.location)); !done) return done;
    }
    return {};
  }

  Result<void> apply_properties(const File& file) {
    const ObjectId owner = *resolve("first_wizard");
    for (const auto& property : file.source.properties) {
      const Symbol name = world_.symbols().intern(property.name);
      const auto existing = world_.property(file.object, name);
      if (existing && existing->definer == file.object) continue;
      Result<void> done;
      if (existing) {
        // Inherited: the file gives this object its own value, unless it has one.
        const auto& own = world_.find(file.object)->properties;
        if (const auto it = own.find(name); it != own.end() && !it->second.clear) continue;
        done = world_.set_property(file.object, name, property.value);
      } else {
        Property added;
        added.value = property.value;
        added.owner = owner;
        added.permissions = *parse_property_permissions(property.permissions);
        done = world_.add_property(file.object, name, std::move(added));
      }
      if (!done) return done;
    }
    return {};
  }

  Result<void> apply_verbs(const File& file) {
    const ObjectId owner = *resolve("first_wizard");
    for (const auto& source : file.source.verbs) {
      const std::string first = source.names.substr(0, source.names.find(' '));
      std::string plain = first;
      std::erase(plain, '*');
      const auto existing = world_.own_verb(file.object, plain);
      if (!existing) {
        Verb verb;
        verb.names = source.names;
        verb.owner = owner;
        verb.permissions = *parse_verb_permissions(source.permissions);
        verb.args = *parse_args(source.args);
        verb.code = source.code;
        if (auto done = world_.add_verb(file.object, std::move(verb)); !done) {
          return tl::unexpected(done.error());
        }
        ++report_.verbs;
        continue;
      }
      if (world_.verb(*existing)->code != source.code) {
        if (auto done = world_.set_verb_code(*existing, source.code); !done) return done;
        ++report_.verbs;
      }
      if (auto done = world_.set_verb_args(*existing, *parse_args(source.args)); !done) return done;
      if (auto done = world_.set_verb_info(
              *existing, owner, *parse_verb_permissions(source.permissions), source.names);
          !done) {
        return done;
      }
    }
    return {};
  }

  Result<void> name_in_system(const File& file) {
    const ObjectId owner = *resolve("first_wizard");
    if (file.object == kSystem) return {};
    const Symbol name = world_.symbols().intern(file.system_name);
    if (world_.property(kSystem, name)) {
      return world_.set_property(kSystem, name, Value(file.object));
    }
    Property property;
    property.value = Value(file.object);
    property.owner = owner;
    return world_.add_property(kSystem, name, std::move(property));
  }

  World& world_;
  Engine& engine_;
  std::vector<File> files_;
  WorldFiles report_;
};

}  // namespace

Result<WorldFiles> load_world_files(const fs::path& folder, World& world, Engine& engine) {
  auto files = read_folder(folder);
  if (!files) return tl::unexpected(files.error());
  return Loader(world, engine, std::move(*files)).load();
}

}  // namespace cosmoo
