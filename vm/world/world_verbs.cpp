// Verbs: looking them up along the ancestry, and changing them.
#include <algorithm>
#include <charconv>

#include "vm/world/world.h"

namespace cosmoo {
namespace {

constexpr std::uint32_t kNoVerb = UINT32_MAX;
constexpr std::uint8_t kVerbBits = kRead | kWrite | kExecute | kDebug;

/// Calls `use` with each of the names until it returns true; whether it did.
template <typename Use>
bool any_name(std::string_view names, Use use) {
  while (true) {
    const auto start = names.find_first_not_of(' ');
    if (start == std::string_view::npos) return false;
    names.remove_prefix(start);
    const std::string_view name = names.substr(0, names.find(' '));
    if (use(name)) return true;
    names.remove_prefix(name.size());
  }
}

/// From where the `*` stands on, letters of `name` may be missing at the end of what was called; a
/// `*` at the end lets anything follow.
bool name_matches(std::string_view name, std::string_view called) {
  bool may_end = false;
  std::size_t at = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '*') {
      if (i + 1 == name.size()) return true;
      may_end = true;
      continue;
    }
    if (at == called.size()) return may_end;
    if (!same_name(name.substr(i, 1), called.substr(at, 1))) return false;
    ++at;
  }
  return at == called.size();
}

bool has_name(std::string_view names) {
  return any_name(names, [](std::string_view) { return true; });
}

bool fits(ObjectSpec spec, ObjectId object, ObjectId self) {
  switch (spec) {
    case ObjectSpec::none:
      return object == kNothing;
    case ObjectSpec::any:
      return true;
    case ObjectSpec::this_:
      return object == self;
  }
  return false;
}

bool fits(const VerbArgs& args, ObjectId self, ObjectId dobj, std::int8_t prep, ObjectId iobj) {
  return fits(args.dobj, dobj, self) && (args.prep == kAnyPreposition || args.prep == prep) &&
         fits(args.iobj, iobj, self);
}

std::optional<std::size_t> executable_verb(const Object& object, std::string_view called) {
  for (std::size_t i = 0; i < object.verbs.size(); ++i) {
    const Verb& verb = object.verbs[i];
    if ((verb.permissions & kExecute) != 0 && verb_name_matches(verb.names, called)) return i;
  }
  return std::nullopt;
}

}  // namespace

bool verb_name_matches(std::string_view names, std::string_view called) {
  if (called.empty()) return false;
  return any_name(names, [&](std::string_view name) { return name_matches(name, called); });
}

// --- finding

std::optional<VerbRef> World::find_verb(ObjectId id, Symbol name) const {
  if (!valid(id)) return std::nullopt;
  const auto object = static_cast<std::uint32_t>(id.number);
  const auto symbol = static_cast<std::uint32_t>(name);
  const std::uint32_t mixed = (object * 0x9E3779B1u) ^ (symbol * 0x85EBCA6Bu);
  CachedVerb& entry = verb_cache_[(mixed ^ (mixed >> 15)) & (verb_cache_.size() - 1)];
  if (entry.object != object || entry.name != symbol || entry.generation != verb_generation_) {
    const auto found = search_verb(id, symbols_.name_of(name));
    entry = CachedVerb{object, symbol, verb_generation_,
                       found ? static_cast<std::uint32_t>(found->definer.number) : 0,
                       found ? static_cast<std::uint32_t>(found->index) : kNoVerb};
  }
  if (entry.index == kNoVerb) return std::nullopt;
  return VerbRef{ObjectId{entry.definer}, entry.index};
}

std::optional<VerbRef> World::find_verb(ObjectId id, std::string_view name) const {
  const auto symbol = symbols_.find(name);
  return symbol ? find_verb(id, *symbol) : search_verb(id, name);
}

std::optional<VerbRef> World::search_verb(ObjectId id, std::string_view called) const {
  for (const ObjectId ancestor : ancestry(id)) {
    if (const auto index = executable_verb(at(ancestor), called)) return VerbRef{ancestor, *index};
  }
  return std::nullopt;
}

std::optional<VerbRef> World::find_verb_above(ObjectId id, ObjectId definer, Symbol name) const {
  // In a chain of single parents, what is above the definer is all that its parent has: the cache
  // answers.
  const Object* object = find(id);
  while (object && object->parents.size() == 1) {
    if (object->id == definer) return find_verb(object->parents.front(), name);
    object = find(object->parents.front());
  }
  std::vector<ObjectId> line = ancestry(id);
  auto place = std::find(line.begin(), line.end(), definer);
  if (place == line.end()) {  // the object was given other parents while the verb ran
    line = ancestry(definer);
    place = line.begin();
  }
  if (place == line.end()) return std::nullopt;
  for (++place; place != line.end(); ++place) {
    if (const auto index = executable_verb(at(*place), symbols_.name_of(name))) {
      return VerbRef{*place, *index};
    }
  }
  return std::nullopt;
}

std::optional<VerbRef> World::find_command_verb(ObjectId id, std::string_view name, ObjectId dobj,
                                                std::int8_t prep, ObjectId iobj) const {
  for (const ObjectId ancestor : ancestry(id)) {
    const auto& verbs = at(ancestor).verbs;
    for (std::size_t i = 0; i < verbs.size(); ++i) {
      if (fits(verbs[i].args, id, dobj, prep, iobj) && verb_name_matches(verbs[i].names, name)) {
        return VerbRef{ancestor, i};
      }
    }
  }
  return std::nullopt;
}

const Verb* World::verb(const VerbRef& ref) const {
  const Object* object = find(ref.definer);
  return object && ref.index < object->verbs.size() ? &object->verbs[ref.index] : nullptr;
}

std::optional<VerbRef> World::own_verb(ObjectId id, std::string_view name) const {
  const Object* object = find(id);
  if (!object) return std::nullopt;
  const auto& verbs = object->verbs;
  std::size_t place = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), place);
  if (error == std::errc() && end == name.data() + name.size() && place >= 1 &&
      place <= verbs.size()) {
    return VerbRef{id, place - 1};
  }
  for (std::size_t i = 0; i < verbs.size(); ++i) {
    // As it is called, or spelled as it is defined, the `*` and all.
    if (verb_name_matches(verbs[i].names, name) ||
        any_name(verbs[i].names, [&](std::string_view own) { return same_name(own, name); })) {
      return VerbRef{id, i};
    }
  }
  return std::nullopt;
}

// --- changing

void World::forget_verbs() { ++verb_generation_; }

namespace {

tl::unexpected<Error> no_verb(const VerbRef& ref) {
  return fail(ErrorCode::verbnf,
              to_string(ref.definer) + " has no verb number " + std::to_string(ref.index + 1));
}

std::int64_t bytes_of(const Verb& verb) {
  return World::kVerbBytes + std::ssize(verb.names) + std::ssize(verb.code);
}

Result<void> check_names(const Object& object, std::string_view names, std::size_t others) {
  if (!has_name(names)) {
    return fail(ErrorCode::invarg, "a verb of " + to_string(object.id) + " needs a name");
  }
  if (others + names.size() + 1 <= World::kMostVerbNames) return {};
  return fail(ErrorCode::quota, "the names of all verbs of " + to_string(object.id) +
                                    " would have more than " +
                                    std::to_string(World::kMostVerbNames) + " bytes");
}

std::size_t bytes_of_names(const Object& object) {
  std::size_t bytes = 0;
  for (const Verb& verb : object.verbs) bytes += verb.names.size() + 1;
  return bytes;
}

}  // namespace

Result<VerbRef> World::add_verb(ObjectId id, Verb verb) {
  Object* object = mutable_find(id);
  if (!object) return fail(ErrorCode::invarg, to_string(id) + " is not a valid object");
  if (auto checked = check_names(*object, verb.names, bytes_of_names(*object)); !checked) {
    return tl::unexpected(checked.error());
  }
  verb.permissions &= kVerbBits;
  verb.version = ++last_version_;
  hold(*object, bytes_of(verb));
  object->verbs.push_back(std::move(verb));
  note_verbs(id);
  forget_verbs();
  return VerbRef{id, object->verbs.size() - 1};
}

Result<void> World::delete_verb(const VerbRef& ref) {
  if (!verb(ref)) return no_verb(ref);
  auto& verbs = at(ref.definer).verbs;
  hold(at(ref.definer), -bytes_of(verbs[ref.index]));
  verbs.erase(verbs.begin() + static_cast<std::ptrdiff_t>(ref.index));
  note_verbs(ref.definer);
  forget_verbs();
  return {};
}

Result<void> World::set_verb_code(const VerbRef& ref, std::string code) {
  if (!verb(ref)) return no_verb(ref);
  Verb& verb = at(ref.definer).verbs[ref.index];
  hold(at(ref.definer), std::ssize(code) - std::ssize(verb.code));
  verb.code = std::move(code);
  verb.version = ++last_version_;
  note_verbs(ref.definer);
  forget_verbs();
  return {};
}

Result<void> World::set_verb_info(const VerbRef& ref, ObjectId owner, std::uint8_t permissions,
                                  std::string names) {
  if (!verb(ref)) return no_verb(ref);
  Object& object = at(ref.definer);
  Verb& verb = object.verbs[ref.index];
  const std::size_t others = bytes_of_names(object) - verb.names.size() - 1;
  if (auto checked = check_names(object, names, others); !checked) return checked;
  verb.owner = owner;
  verb.permissions = permissions & kVerbBits;
  hold(object, std::ssize(names) - std::ssize(verb.names));
  verb.names = std::move(names);
  note_verbs(ref.definer);
  forget_verbs();
  return {};
}

Result<void> World::set_verb_args(const VerbRef& ref, VerbArgs args) {
  if (!verb(ref)) return no_verb(ref);
  at(ref.definer).verbs[ref.index].args = args;
  note_verbs(ref.definer);
  forget_verbs();
  return {};
}

}  // namespace cosmoo
