#include "vm/world_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "vm/lua/object_file.h"
#include "vm/world_export.h"

namespace cosmoo {
namespace {

constexpr std::size_t kMostProblems = 50;

// What gets its number before all others in a new world: the system object is #0.
constexpr std::string_view kFirst[] = {"system", "root", "first_wizard"};

std::size_t rank(std::string_view name) {
  return static_cast<std::size_t>(std::find(std::begin(kFirst), std::end(kFirst), name) -
                                  std::begin(kFirst));
}

struct File {
  const FolderTexts::File* on_disk;
  ObjectId object = kNothing;
  ObjectSource source;
};

/// The objects as they will be. Nothing of the world changes until all of them are right.
class Importer {
 public:
  Importer(const FolderTexts& folder, World& world, ImportMode mode)
      : folder_(folder), world_(world), mode_(mode) {}

  Result<ImportReport> run() {
    assign_numbers();
    read_files();
    if (problems_.empty()) find_owner();
    if (!problems_.empty()) return failure();
    begin_drafts();
    for (File* file : parents_first()) {
      add_properties(*file);
      add_verbs(*file);
    }
    name_in_system();
    if (!problems_.empty()) return failure();
    std::vector<Object> objects;
    for (auto& [id, draft] : drafts_) objects.push_back(std::move(draft));
    if (system_draft_) objects.push_back(std::move(*system_draft_));
    for (World::Problem& problem : world_.adopt(std::move(objects))) {
      const File* file = file_of(problem.object);
      this->problem(file, file ? file->source.line : 0, problem.text);
    }
    if (!problems_.empty()) return failure();
    if (folder_.index && was_empty_) world_.reserve_numbers(folder_.index->last);
    return report_;
  }

 private:
  void problem(const File* file, int line, std::string_view what) {
    std::string place = file ? file->on_disk->name : "the folder";
    if (line > 0) place += ':' + std::to_string(line);
    problems_.push_back(fmt::format("{}: {}", place, what));
  }

  tl::unexpected<Error> failure() const {
    std::string text;
    for (std::size_t i = 0; i < problems_.size() && i < kMostProblems; ++i) {
      text += (i == 0 ? "" : "\n") + problems_[i];
    }
    if (problems_.size() > kMostProblems) {
      text += fmt::format("\n(and {} more)", problems_.size() - kMostProblems);
    }
    return fail(ErrorCode::invarg, text);
  }

  const File* file_of(ObjectId object) const {
    const auto it = std::find_if(files_.begin(), files_.end(),
                                 [&](const File& file) { return file.object == object; });
    return it == files_.end() ? nullptr : &*it;
  }

  // --- which file is which object

  void assign_numbers() {
    was_empty_ = world_.size() == 0;
    for (const auto& [id, name] : file_names(world_)) named_.emplace(fold(name), id);
    for (const Symbol symbol : world_.own_properties(kSystem)) {  // other names of the same
      const Value& value = *world_.property(kSystem, symbol)->value;
      if (!value.is_object() || !world_.valid(value.object())) continue;
      named_.emplace(fold(world_.symbols().name_of(symbol)), value.object());
    }
    for (const auto& file : folder_.files) files_.push_back({&file, kNothing, {}});
    std::stable_sort(files_.begin(), files_.end(), [](const File& a, const File& b) {
      return rank(a.on_disk->described) < rank(b.on_disk->described);
    });
    std::int64_t last = std::max(world_.max_object().number, kSystem.number);  // #0 is no other
    if (folder_.index && was_empty_) last = std::max(last, folder_.index->last);
    for (File& file : files_) {
      file.object = known_number(file);
      last = std::max(last, file.object.number);
    }
    for (File& file : files_) {
      if (file.object == kNothing) file.object = ObjectId{++last};
      const auto [first, is_first] = described_.emplace(file.object, &file);
      if (!is_first) {
        problem(&file, 0,
                fmt::format("it describes {}, as {} does", to_string(file.object),
                            first->second->on_disk->name));
      }
      if (!world_.valid(file.object)) ++report_.created;
      if (!numbered_file(file.on_disk->described)) {
        named_.insert_or_assign(fold(file.on_disk->described), file.object);
      }
    }
    if (last >= World::kMostObjects) problem(nullptr, 0, "there are too many objects");
    if (!world_.valid(kSystem) && !described_.contains(kSystem)) {
      problem(nullptr, 0, "system.lua is missing");
    }
    report_.objects = files_.size();
  }

  // The object of a file, or the number that it is to get; kNothing: any.
  ObjectId known_number(const File& file) {
    const std::string& described = file.on_disk->described;
    if (const auto number = numbered_file(described)) return *number;
    if (described == "system") return kSystem;
    if (!names_a_file(described)) {
      problem(&file, 0, fmt::format("{} is no name of an object", described));
      return kNothing;
    }
    if (const auto it = named_.find(fold(described)); it != named_.end()) return it->second;
    if (!folder_.index) return kNothing;
    const auto it = folder_.index->numbers.find(described);
    const bool free =
        it != folder_.index->numbers.end() && !world_.valid(it->second) && it->second.number >= 0;
    return free ? it->second : kNothing;
  }

  std::optional<ObjectId> resolve(std::string_view name) const {
    const auto it = named_.find(fold(name));
    if (it != named_.end()) return it->second;
    if (name == "system") return kSystem;
    const auto number = numbered_file(name);
    return number && (described_.contains(*number) || world_.valid(*number)) ? number
                                                                             : std::nullopt;
  }

  void read_files() {
    for (File& file : files_) {
      ObjectFile read = read_object_file(file.on_disk->text, file.on_disk->name,
                                         [this](std::string_view name) { return resolve(name); });
      file.source = std::move(read.object);
      for (std::string& what : read.problems) problems_.push_back(std::move(what));
    }
  }

  void find_owner() {
    const auto wizard = resolve("first_wizard");
    if (wizard) owner_ = *wizard;
    for (const File& file : files_) {
      if (wizard || file.source.owner || world_.valid(file.object)) continue;
      problem(&file, file.source.line, "it has no owner: there is no first_wizard");
    }
  }

  // --- what the objects will be

  void begin_drafts() {
    for (const File& file : files_) {
      Object draft;
      if (const Object* there = world_.find(file.object)) {
        draft = *there;
      } else {
        draft.id = file.object;
        draft.owner = owner_of(file);
      }
      const ObjectSource& source = file.source;
      draft.name = source.name;
      draft.parents = source.parents;
      draft.flags = source.flags;
      if (mode_ == ImportMode::replace) {
        draft.owner = owner_of(file);
        place(draft, source);
        erase_if(draft.properties, [&](const auto& row) { return !stays(draft, row); });
      } else {
        if (source.owner) draft.owner = *source.owner;
        if (source.location && draft.location == kNothing) place(draft, source);
      }
      drafts_.emplace(file.object, std::move(draft));
    }
  }

  void place(Object& draft, const ObjectSource& source) const {
    const ObjectId location = source.location.value_or(kNothing);
    const bool stays = draft.location == location && in_order_of_numbers(world_, location);
    draft.location = location;
    if (source.arrived) {
      draft.arrived = static_cast<std::uint64_t>(*source.arrived);
    } else if (!stays) {
      draft.arrived = 0;  // after what is there, and after those of lower numbers
    }
  }

  ObjectId owner_of(const File& file) const { return file.source.owner.value_or(owner_); }

  // What an object keeps that becomes what its file says.
  bool stays(const Object& object, const std::pair<const Symbol, Property>& row) const {
    const std::string& name = world_.symbols().name_of(row.first);
    if (same_name(name, "password")) return true;
    return object.id == kSystem && row.second.defined_here && row.second.value.is_object() &&
           named_.contains(fold(name));
  }

  const Object* draft_or_object(ObjectId id) const {
    const auto it = drafts_.find(id);
    return it != drafts_.end() ? &it->second : world_.find(id);
  }

  // Ancestors in look-up order, the object itself first, as they will be.
  std::vector<const Object*> ancestry(ObjectId id) const {
    std::vector<const Object*> line;
    std::vector<ObjectId> waiting{id};
    while (!waiting.empty()) {
      const Object* object = draft_or_object(waiting.back());
      waiting.pop_back();
      if (!object || std::find(line.begin(), line.end(), object) != line.end()) continue;
      line.push_back(object);
      waiting.insert(waiting.end(), object->parents.rbegin(), object->parents.rend());
    }
    return line;
  }

  // Which of a file's properties are new depends on what the parents' files make: these go first.
  std::vector<File*> parents_first() {
    std::vector<File*> order;
    std::map<ObjectId, bool> done;
    for (File& start : files_) {
      std::vector<std::pair<ObjectId, bool>> waiting{{start.object, false}};
      while (!waiting.empty()) {
        const auto [id, parents_done] = waiting.back();
        waiting.pop_back();
        if (parents_done) {
          if (File* file = described_file(id)) order.push_back(file);
          continue;
        }
        const Object* object = draft_or_object(id);
        if (!object || !done.emplace(id, true).second) continue;
        waiting.emplace_back(id, true);
        for (const ObjectId parent : object->parents) waiting.emplace_back(parent, false);
      }
    }
    return order;
  }

  File* described_file(ObjectId id) {
    const auto it = described_.find(id);
    return it == described_.end() ? nullptr : it->second;
  }

  void add_properties(const File& file) {
    Object& draft = drafts_.at(file.object);
    const std::vector<const Object*> line = ancestry(file.object);
    for (const auto& source : file.source.properties) add_property(file, draft, line, source);
  }

  void add_property(const File& file, Object& draft, const std::vector<const Object*>& line,
                    const ObjectSource::PropertySource& source) {
    const auto wrong = [&](std::string_view what) {
      problem(&file, source.line, fmt::format("{}: {}", source.name, what));
    };
    if (const auto bad = bad_name(source.name)) return wrong(*bad);
    const Symbol name = world_.symbols().intern(source.name);
    // The slot that it inherits from, and whether anybody above defines it.
    const Property* above = nullptr;
    bool defined_above = false;
    for (std::size_t i = 1; i < line.size(); ++i) {
      const auto it = line[i]->properties.find(name);
      if (it == line[i]->properties.end()) continue;
      if (!above) above = &it->second;
      defined_above = defined_above || it->second.defined_here;
    }
    const auto own = draft.properties.find(name);
    const bool is_own = own != draft.properties.end();
    if (is_own && (own->second.defined_here || !own->second.clear) && mode_ == ImportMode::update) {
      return;
    }
    if (!source.value && !defined_above) return wrong("it is clear, but nothing to inherit");
    Property slot;
    slot.clear = !source.value;
    if (source.value) slot.value = *source.value;
    slot.defined_here = !defined_above;
    slot.owner = source.owner.value_or(draft.owner);
    slot.permissions = source.permissions.value_or(kRead);
    if (defined_above) {
      const bool takes_owner = (above->permissions & kChown) != 0;
      if (!source.owner && !takes_owner) slot.owner = above->owner;
      if (!source.permissions) slot.permissions = above->permissions;
    } else if (mode_ == ImportMode::update && !source.owner) {
      slot.owner = owner_of(file);
    }
    draft.properties.insert_or_assign(name, std::move(slot));
  }

  static std::optional<std::string_view> bad_name(std::string_view name) {
    const bool printable = std::none_of(name.begin(), name.end(), [](char c) {
      return static_cast<unsigned char>(c) < 32 || c == 127;
    });
    if (name.empty() || !printable) return "a property's name has letters that can be seen";
    if (same_name(name, "password")) return "passwords are not kept in files";
    static const SymbolTable kBuiltIn;
    const auto symbol = kBuiltIn.find(name);
    if (symbol && SymbolTable::is_builtin(*symbol)) return "it is a built-in property";
    return std::nullopt;
  }

  void add_verbs(const File& file) {
    Object& draft = drafts_.at(file.object);
    const std::vector<Verb> old = draft.verbs;
    if (mode_ == ImportMode::replace) draft.verbs.clear();
    std::vector<bool> taken(old.size(), false);
    for (const auto& source : file.source.verbs) {
      Verb verb;
      verb.names = source.names;
      verb.owner = source.owner.value_or(owner_of(file));
      verb.permissions = source.permissions;
      verb.args = source.args;
      verb.code = source.code;
      const auto place = place_of_verb(old, taken, source.names);
      if (!place || old[*place].code != source.code) ++report_.verbs;
      if (place) taken[*place] = true;
      if (place && mode_ == ImportMode::update) {
        draft.verbs[*place] = std::move(verb);
      } else {
        draft.verbs.push_back(std::move(verb));
      }
    }
  }

  // The verb that a file's verb is: the next one with the same names, or that its first name calls.
  static std::optional<std::size_t> place_of_verb(const std::vector<Verb>& verbs,
                                                  const std::vector<bool>& taken,
                                                  std::string_view names) {
    std::string first(names.substr(0, names.find(' ')));
    std::erase(first, '*');
    const auto find = [&](auto fits) -> std::optional<std::size_t> {
      for (std::size_t i = 0; i < verbs.size(); ++i) {
        if (!taken[i] && fits(verbs[i])) return i;
      }
      return std::nullopt;
    };
    if (const auto same = find([&](const Verb& verb) { return verb.names == names; })) return same;
    return find([&](const Verb& verb) { return verb_name_matches(verb.names, first); });
  }

  // Every file that has a name gives it to its object, as a property of the system object.
  void name_in_system() {
    if (!drafts_.contains(kSystem)) {
      if (!world_.valid(kSystem)) return;
      system_draft_ = *world_.find(kSystem);
    }
    Object& system = system_draft_ ? *system_draft_ : drafts_.at(kSystem);
    for (const File& file : files_) {
      const std::string& described = file.on_disk->described;
      if (file.object == kSystem || numbered_file(described)) continue;
      const Symbol name = world_.symbols().intern(described);
      const auto it = system.properties.find(name);
      if (it == system.properties.end()) {
        system.properties.emplace(name, Property{Value(file.object), owner_, kRead, true, false});
      } else if (!it->second.value.is_object()) {
        problem(
            &file, 0,
            fmt::format("{}.{} is there already, and no object", to_string(kSystem), described));
      } else {
        it->second.value = Value(file.object);
      }
    }
  }

  const FolderTexts& folder_;
  World& world_;
  const ImportMode mode_;
  bool was_empty_ = false;
  std::vector<File> files_;                // not moved once numbers are assigned
  std::map<std::string, ObjectId> named_;  // by folded name
  std::map<ObjectId, File*> described_;
  std::map<ObjectId, Object> drafts_;
  std::optional<Object> system_draft_;  // if no file describes it, but some name objects on it
  ObjectId owner_ = kNothing;
  std::vector<std::string> problems_;
  ImportReport report_;
};

}  // namespace

Result<ImportReport> import_world(const FolderTexts& folder, World& world, ImportMode mode) {
  return Importer(folder, world, mode).run();
}

Result<ImportReport> import_folder(const std::filesystem::path& folder, World& world,
                                   ImportMode mode) {
  const auto texts = read_folder(folder);
  if (!texts) return tl::unexpected(texts.error());
  return import_world(*texts, world, mode);
}

}  // namespace cosmoo
