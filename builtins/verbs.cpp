// Verbs: adding, reading and programming them.
#include "builtins/common.h"
#include "builtins/families.h"
#include "vm/world/quota.h"

namespace cosmoo {
namespace {

constexpr std::size_t kLongestNames = 1000;
constexpr std::size_t kLongestCode = 256 << 10;  // it is compiled at one go

std::string verb_label(ObjectId id, const Value& name) {
  return to_string(id) + ":" + to_text(name);
}

enum class Need { read, write };

// A verb defined on call[0] itself, named by call[1] (a name, or its place counted from 1).
Result<VerbRef> find_own_verb(const Call& call) {
  const World& world = call.services().world;
  const ObjectId id = call[0].object();
  if (auto object = need_object(world, id); !object) return tl::unexpected(object.error());
  const auto ref = world.own_verb(id, to_text(call[1]));
  if (!ref) return fail(ErrorCode::verbnf, "there is no verb " + verb_label(id, call[1]));
  return *ref;
}

Result<VerbRef> need_verb(const Call& call, Need need) {
  const World& world = call.services().world;
  const ObjectId id = call[0].object();
  const auto ref = find_own_verb(call);
  if (!ref) return ref;
  const Verb& verb = *world.verb(*ref);
  const auto bit = need == Need::read ? kRead : kWrite;
  if ((verb.permissions & bit) != 0 || verb.owner == call.programmer() ||
      world.is_wizard(call.programmer())) {
    return *ref;
  }
  return fail(ErrorCode::perm, to_string(call.programmer()) + " may not " +
                                   (need == Need::read ? "read " : "change ") +
                                   verb_label(id, call[1]));
}

Result<std::string> item_text(const List& list, std::size_t index, std::string_view what) {
  if (index < list.size() && list[index].is_string()) return list[index].string();
  return fail(ErrorCode::invarg, std::string(what));
}

Result<VerbArgs> read_args(const Value& given) {
  constexpr std::string_view kForm =
      "a verb's arguments are three strings: {\"this\", \"none\", \"this\"}";
  const List& list = given.list();
  auto dobj = item_text(list, 0, kForm);
  auto prep = item_text(list, 1, kForm);
  auto iobj = item_text(list, 2, kForm);
  if (!dobj || !prep || !iobj || list.size() != 3) {
    return fail(ErrorCode::invarg, std::string(kForm));
  }
  return parse_verb_args(*dobj, *prep, *iobj);
}

// {owner, permissions, names}
struct Info {
  ObjectId owner;
  std::uint8_t permissions;
  std::string names;
};
Result<Info> read_info(const Call& call, const Value& given) {
  constexpr std::string_view kForm =
      "a verb's description is {owner, permissions, names}, such as {#2, \"rxd\", \"l*ook\"}";
  const List& list = given.list();
  auto permissions = item_text(list, 1, kForm);
  auto names = item_text(list, 2, kForm);
  if (list.size() != 3 || !list[0].is_object() || !permissions || !names || names->empty()) {
    return fail(ErrorCode::invarg, std::string(kForm));
  }
  if (names->size() > kLongestNames) {
    return fail(ErrorCode::invarg,
                "a verb's names have at most " + std::to_string(kLongestNames) + " characters");
  }
  if (auto owner = need_object(call.services().world, list[0].object()); !owner) {
    return tl::unexpected(owner.error());
  }
  auto bits = parse_verb_permissions(*permissions);
  if (!bits) return tl::unexpected(bits.error());
  return Info{list[0].object(), *bits, *names};
}

// For what a verb of call[0] grows by.
Result<void> need_room(const Call& call, std::int64_t more) {
  const World& world = call.services().world;
  return check_room(world, world.find(call[0].object())->owner, call.programmer(), more);
}

// Code as a string, or as MOO has it: a list of lines.
Result<std::string> read_code(const Value& given) {
  if (given.is_string()) return given.string();
  std::string code;
  for (const Value& line : given.list()) {
    if (!line.is_string()) return fail(ErrorCode::invarg, "a line of code must be a string");
    if (!code.empty()) code += '\n';
    code += line.string();
  }
  return code;
}

Outcome verbs(Call& call) {
  auto object = need_flag_or_control(call, call[0].object(), kReadable);
  if (!object) return object.error();
  List names;
  for (const Verb& verb : (*object)->verbs) names.emplace_back(verb.names);
  return Value(std::move(names));
}

Outcome add_verb(Call& call) {
  World& world = call.services().world;
  const ObjectId id = call[0].object();
  auto object = need_flag_or_control(call, id, kWritable);
  if (!object) return object.error();
  auto info = read_info(call, call[1]);
  if (!info) return info.error();
  if (auto allowed = need_authority_of(call, info->owner); !allowed) return allowed.error();
  auto args = read_args(call[2]);
  if (!args) return args.error();
  const auto bytes = World::kVerbBytes + std::ssize(info->names);
  if (auto room = check_room(world, (*object)->owner, call.programmer(), bytes); !room) {
    return room.error();
  }
  Verb verb;
  verb.owner = info->owner;
  verb.permissions = info->permissions;
  verb.names = std::move(info->names);
  verb.args = *args;
  const auto added = world.add_verb(id, std::move(verb));
  if (!added) return added.error();
  return Value(static_cast<std::int64_t>(added->index + 1));
}

Outcome delete_verb(Call& call) {
  if (auto object = need_flag_or_control(call, call[0].object(), kWritable); !object) {
    return object.error();
  }
  auto ref = find_own_verb(call);
  if (!ref) return ref.error();
  return outcome(call.services().world.delete_verb(*ref));
}

Outcome verb_info(Call& call) {
  auto ref = need_verb(call, Need::read);
  if (!ref) return ref.error();
  const Verb& verb = *call.services().world.verb(*ref);
  return Value(
      List{Value(verb.owner), Value(verb_permissions_text(verb.permissions)), Value(verb.names)});
}

Outcome set_verb_info(Call& call) {
  auto ref = need_verb(call, Need::write);
  if (!ref) return ref.error();
  auto info = read_info(call, call[2]);
  if (!info) return info.error();
  World& world = call.services().world;
  const Verb& verb = *world.verb(*ref);
  if (info->owner != verb.owner && !world.is_wizard(call.programmer())) {
    return Error(ErrorCode::perm, "only wizards give a verb to another owner");
  }
  if (auto room = need_room(call, std::ssize(info->names) - std::ssize(verb.names)); !room) {
    return room.error();
  }
  return outcome(world.set_verb_info(*ref, info->owner, info->permissions, std::move(info->names)));
}

Outcome verb_args(Call& call) {
  auto ref = need_verb(call, Need::read);
  if (!ref) return ref.error();
  const VerbArgTexts texts = texts_of(call.services().world.verb(*ref)->args);
  return Value(List{Value(texts.dobj), Value(texts.prep), Value(texts.iobj)});
}

Outcome set_verb_args(Call& call) {
  auto ref = need_verb(call, Need::write);
  if (!ref) return ref.error();
  auto args = read_args(call[2]);
  if (!args) return args.error();
  return outcome(call.services().world.set_verb_args(*ref, *args));
}

Outcome verb_code(Call& call) {
  auto ref = need_verb(call, Need::read);
  if (!ref) return ref.error();
  return Value(call.services().world.verb(*ref)->code);
}

// Only what compiles is kept.
Outcome set_verb_code(Call& call) {
  auto ref = need_verb(call, Need::write);
  if (!ref) return ref.error();
  auto code = read_code(call[2]);
  if (!code) return code.error();
  if (code->size() > kLongestCode) {
    return Error(ErrorCode::quota, "a verb's code has at most 256 KiB");
  }
  if (const auto wrong = call.services().engine->check(*code)) {
    return Error(ErrorCode::invarg, "line " + std::to_string(wrong->line) + ", column " +
                                        std::to_string(wrong->column) + ": " + wrong->message);
  }
  World& world = call.services().world;
  const std::int64_t more = std::ssize(*code) - std::ssize(world.verb(*ref)->code);
  if (auto room = need_room(call, more); !room) return room.error();
  return outcome(world.set_verb_code(*ref, std::move(*code)));
}

// Whether an object has a verb to call; with its place for who may read the object.
Outcome respond_to(Call& call) {
  const World& world = call.services().world;
  auto object = need_object(world, call[0].object());
  if (!object) return object.error();
  const auto ref = world.find_verb(call[0].object(), call[1].string());
  if (!ref) return Value(false);
  if (!need_flag_or_control(call, call[0].object(), kReadable)) return Value(true);
  return Value(List{Value(ref->definer), Value(world.verb(*ref)->names)});
}

}  // namespace

std::span<const Builtin> verb_builtins() {
  using namespace types;
  constexpr TypeSet kVerbName = kString | kInteger;
  static const Builtin kRows[] = {
      {"verbs",
       {{"object", kObject}},
       1,
       Access::everyone,
       verbs,
       "list of strings",
       "The names of the verbs defined on an object itself. E_PERM unless it is readable or "
       "yours."},
      {"add_verb",
       {{"object", kObject}, {"info", kList}, {"args", kList}},
       3,
       Access::programmer,
       add_verb,
       "integer",
       "Adds a verb without code: info is {owner, permissions, names}, args is {direct object, "
       "preposition, indirect object} such as {\"this\", \"none\", \"this\"}. Returns its place. "
       "E_PERM unless the object is writable or yours, and you the owner or a wizard; E_INVARG for "
       "what is no such description; E_QUOTA."},
      {"delete_verb",
       {{"object", kObject}, {"verb", kVerbName}},
       2,
       Access::programmer,
       delete_verb,
       "nothing",
       "Takes a verb away. E_VERBNF; E_PERM unless the object is writable or yours."},
      {"verb_info",
       {{"object", kObject}, {"verb", kVerbName}},
       2,
       Access::everyone,
       verb_info,
       "{owner, permissions, names}",
       "Who owns a verb, what others may do with it, and its names. E_VERBNF; E_PERM unless it is "
       "readable or yours."},
      {"set_verb_info",
       {{"object", kObject}, {"verb", kVerbName}, {"info", kList}},
       3,
       Access::programmer,
       set_verb_info,
       "nothing",
       "Changes a verb's owner, permissions and names. E_PERM unless it is writable or yours; only "
       "wizards change the owner. E_VERBNF; E_INVARG for what is no such description; E_QUOTA."},
      {"verb_args",
       {{"object", kObject}, {"verb", kVerbName}},
       2,
       Access::everyone,
       verb_args,
       "{direct object, preposition, indirect object}",
       "What a command must look like for the verb: {\"this\", \"none\", \"this\"}. "
       "E_VERBNF; E_PERM unless it is readable or yours."},
      {"set_verb_args",
       {{"object", kObject}, {"verb", kVerbName}, {"args", kList}},
       3,
       Access::programmer,
       set_verb_args,
       "nothing",
       "Changes what a command must look like for the verb. E_VERBNF; E_INVARG for words "
       "that are no such argument; E_PERM unless it is writable or yours."},
      {"verb_code",
       {{"object", kObject}, {"verb", kVerbName}},
       2,
       Access::everyone,
       verb_code,
       "string",
       "A verb's source. E_PERM unless it is readable or yours."},
      {"set_verb_code",
       {{"object", kObject}, {"verb", kVerbName}, {"code", kString | kList}},
       3,
       Access::programmer,
       set_verb_code,
       "nothing",
       "Programs a verb: a string, or a list of lines. E_INVARG names line and column of what does "
       "not compile, and the old code stays. E_VERBNF; E_PERM unless it is writable or yours; "
       "E_QUOTA."},
      {"respond_to",
       {{"object", kObject}, {"name", kString}},
       2,
       Access::everyone,
       respond_to,
       "boolean | {definer, names}",
       "Whether object:name(...) would find a verb, its own or an inherited one; where and under "
       "which names, if the object is readable or yours. E_INVARG if there is no such object."},
  };
  return kRows;
}

}  // namespace cosmoo
