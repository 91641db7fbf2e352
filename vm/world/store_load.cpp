// Reading a world: three tables in the order of object numbers, stepped side by side, and the calls
// that are planned.
#include <charconv>

#include "vm/world/codec.h"
#include "vm/world/command.h"
#include "vm/world/store.h"

namespace cosmoo {
namespace {

constexpr std::uint32_t kAllFlags =
    kPlayer | kProgrammer | kWizard | kReadable | kWritable | kFertile;
constexpr std::uint8_t kAllPermissions = kRead | kWrite | kChown | kExecute | kDebug;

bool parse_numbers(std::string_view text, std::vector<ObjectId>& ids) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    ObjectId id;
    const auto parsed = std::from_chars(at, end, id.number);
    if (parsed.ec != std::errc()) return false;
    ids.push_back(id);
    at = parsed.ptr;
    if (at != end && *at++ != ' ') return false;
  }
  return true;
}

bool known_preposition(std::int64_t prep) {
  return prep == kAnyPreposition || prep == kNoPreposition ||
         (prep >= 0 && prep <= INT8_MAX &&
          preposition_text(static_cast<std::int8_t>(prep)) != "none");
}

bool known_spec(std::int64_t spec) {
  return spec >= 0 && spec <= static_cast<std::int64_t>(ObjectSpec::this_);
}

/// A statement whose rows begin with an object's number, in order; one row is always looked at.
class Rows {
 public:
  static Result<Rows> open(Database& database, std::string_view sql) {
    auto statement = database.prepare(sql);
    if (!statement) return tl::unexpected(statement.error());
    Rows rows(std::move(*statement));
    if (auto stepped = rows.next(); !stepped) return tl::unexpected(stepped.error());
    return rows;
  }
  bool at_end() const { return at_end_; }
  ObjectId object() const { return object_; }
  bool belongs_to(ObjectId id) const { return !at_end_ && object_ == id; }
  const Statement& row() const { return statement_; }
  Result<void> next() {
    const auto stepped = statement_.step();
    if (!stepped) return tl::unexpected(stepped.error());
    at_end_ = !*stepped;
    if (!at_end_) object_.number = statement_.number(0);
    return {};
  }

 private:
  explicit Rows(Statement statement) : statement_(std::move(statement)) {}
  Statement statement_;
  ObjectId object_;
  bool at_end_ = false;
};

Result<Object> read_object(const Statement& row, std::int64_t max_object) {
  Object object;
  object.id.number = row.number(0);
  const auto refuse = [&](const std::string& what) {
    return fail(ErrorCode::file, "it is damaged: object " + to_string(object.id) + ' ' + what);
  };
  if (object.id.number < 0 || object.id.number > max_object) {
    return refuse("is beyond the last number used, " + to_string(ObjectId{max_object}));
  }
  object.name = row.bytes(1);
  object.owner.number = row.number(2);
  const std::int64_t flags = row.number(3);
  if ((flags & ~std::int64_t{kAllFlags}) != 0) return refuse("has unknown flags");
  object.flags = static_cast<std::uint32_t>(flags);
  if (!parse_numbers(row.bytes(4), object.parents))
    return refuse("has parents that are no numbers");
  object.location.number = row.number(5);
  object.arrived = static_cast<std::uint64_t>(row.number(6));
  return object;
}

Result<void> read_property(const Statement& row, World& world, Object& object) {
  const std::string_view name = row.bytes(1);
  const auto refuse = [&](const std::string& what) {
    return fail(ErrorCode::file, "it is damaged: property \"" + std::string(name) + "\" of " +
                                     to_string(object.id) + ' ' + what);
  };
  auto value = decode(row.bytes(6));
  if (!value) return refuse("does not decode: " + value.error().message);
  const std::int64_t permissions = row.number(3);
  if ((permissions & ~std::int64_t{kAllPermissions}) != 0) return refuse("has unknown permissions");
  Property property{std::move(*value), ObjectId{row.number(2)},
                    static_cast<std::uint8_t>(permissions), row.number(4) != 0, row.number(5) != 0};
  object.properties.insert_or_assign(world.symbols().intern(name), std::move(property));
  return {};
}

Result<void> read_verb(const Statement& row, Object& object) {
  const auto refuse = [&](const std::string& what) {
    return fail(ErrorCode::file, "it is damaged: verb " + std::to_string(row.number(1) + 1) +
                                     " of " + to_string(object.id) + ' ' + what);
  };
  if (row.number(1) != static_cast<std::int64_t>(object.verbs.size()))
    return refuse("is misplaced");
  const std::int64_t permissions = row.number(4);
  if ((permissions & ~std::int64_t{kAllPermissions}) != 0) return refuse("has unknown permissions");
  if (!known_spec(row.number(5)) || !known_preposition(row.number(6)) ||
      !known_spec(row.number(7))) {
    return refuse("has unknown arguments");
  }
  Verb& verb = object.verbs.emplace_back();
  verb.names = row.bytes(2);
  verb.owner.number = row.number(3);
  verb.permissions = static_cast<std::uint8_t>(permissions);
  verb.args.dobj = static_cast<ObjectSpec>(row.number(5));
  verb.args.prep = static_cast<PrepositionSpec>(row.number(6));
  verb.args.iobj = static_cast<ObjectSpec>(row.number(7));
  verb.code = row.bytes(8);
  return {};
}

tl::unexpected<Error> orphan(std::string_view what, ObjectId object) {
  return fail(ErrorCode::file, "it is damaged: a " + std::string(what) + " of " +
                                   to_string(object) + ", which does not exist");
}

Result<void> load_rows(Database& database, World& world, std::int64_t max_object) {
  auto objects = Rows::open(database, "SELECT * FROM objects ORDER BY id");
  if (!objects) return tl::unexpected(objects.error());
  auto properties = Rows::open(database, "SELECT * FROM properties ORDER BY object, name");
  if (!properties) return tl::unexpected(properties.error());
  auto verbs = Rows::open(database, "SELECT * FROM verbs ORDER BY object, place");
  if (!verbs) return tl::unexpected(verbs.error());

  while (!objects->at_end()) {
    auto object = read_object(objects->row(), max_object);
    if (!object) return tl::unexpected(object.error());
    while (properties->belongs_to(object->id)) {
      if (auto read = read_property(properties->row(), world, *object); !read) return read;
      if (auto stepped = properties->next(); !stepped) return stepped;
    }
    while (verbs->belongs_to(object->id)) {
      if (auto read = read_verb(verbs->row(), *object); !read) return read;
      if (auto stepped = verbs->next(); !stepped) return stepped;
    }
    world.load_object(std::move(*object));
    if (auto stepped = objects->next(); !stepped) return stepped;
  }
  // Whatever no object took stopped its table where it stands.
  if (!properties->at_end()) return orphan("property", properties->object());
  if (!verbs->at_end()) return orphan("verb", verbs->object());
  return {};
}

Result<PlannedCall> read_planned(const Statement& row, std::int64_t last_task) {
  PlannedCall call;
  call.task = row.number(0);
  const auto refuse = [&](const std::string& what) {
    return fail(ErrorCode::file,
                "it is damaged: the planned task " + std::to_string(call.task) + ' ' + what);
  };
  if (call.task <= 0 || call.task > last_task) {
    return refuse("is beyond the last number used, " + std::to_string(last_task));
  }
  call.due_us = row.number(1);
  if (call.due_us < 0 || call.due_us > PlannedCall::kLatest) return refuse("has no possible time");
  call.object.number = row.number(2);
  call.verb = row.bytes(3);
  if (call.verb.empty()) return refuse("names no verb");
  auto args = decode(row.bytes(4));
  if (!args) return refuse("has arguments that do not decode: " + args.error().message);
  if (!args->is_list()) return refuse("has arguments that are no list");
  call.args = std::move(*args);
  call.programmer.number = row.number(5);
  call.caller.number = row.number(6);
  call.player.number = row.number(7);
  return call;
}

Result<void> load_planned(Database& database, PlannedCalls& planned, std::int64_t last_task) {
  auto rows = database.prepare("SELECT * FROM planned");
  if (!rows) return tl::unexpected(rows.error());
  while (true) {
    const auto stepped = rows->step();
    if (!stepped) return tl::unexpected(stepped.error());
    if (!*stepped) return {};
    auto call = read_planned(*rows, last_task);
    if (!call) return tl::unexpected(call.error());
    planned.load(std::move(*call));
  }
}

}  // namespace

Result<void> Store::check() {
  const auto found = database_.ask("PRAGMA integrity_check(1)");
  if (!found) return wrong(found.error().message);
  if (*found != "ok") return wrong("it is damaged: " + *found);
  return {};
}

Result<void> Store::load(World& world) {
  const auto max_object = read_meta("max_object");
  if (!max_object) return wrong(max_object.error().message);
  if (*max_object >= World::kMostObjects) return wrong("it is damaged: too many object numbers");
  if (auto loaded = load_rows(database_, world, *max_object); !loaded) {
    return wrong(loaded.error().message);
  }
  const auto last_task = read_meta("last_task");
  if (!last_task) return wrong(last_task.error().message);
  if (*last_task < 0) return wrong("it is damaged: no task has a negative number");
  world.planned().last_task() = *last_task;
  if (auto loaded = load_planned(database_, world.planned(), *last_task); !loaded) {
    return wrong(loaded.error().message);
  }
  if (auto linked = world.finish_load(*max_object); !linked) {
    return wrong("it is damaged: " + linked.error().message);
  }
  return {};
}

}  // namespace cosmoo
