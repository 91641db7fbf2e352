#include "vm/allowances.h"

namespace cosmoo {
namespace {

constexpr std::int64_t kLeastTicks = 100;  // as in the configuration
constexpr double kLeastSeconds = 0.01;
constexpr double kMostSeconds = 1e9;

bool is_number(const Value& value) {
  return value.type() == Value::Type::integer || value.type() == Value::Type::float_;
}

}  // namespace

PlayerAllowances::PlayerAllowances(World& world)
    : world_(world),
      foreground_{world.symbols().intern("fg_ticks"), world.symbols().intern("fg_seconds")},
      background_{world.symbols().intern("bg_ticks"), world.symbols().intern("bg_seconds")},
      tasks_(world.symbols().intern("queued_task_limit")) {}

bool PlayerAllowances::trusted(const Property& slot) const {
  return (slot.permissions & kWrite) == 0 && world_.is_wizard(slot.owner);
}

const Value* PlayerAllowances::trusted(ObjectId who, Symbol name) const {
  const auto view = world_.property(who, name);
  if (!view || !trusted(*view->slot)) return nullptr;
  for (const ObjectId ancestor : world_.ancestry(who)) {
    const auto& own = world_.find(ancestor)->properties;
    const auto it = own.find(name);
    if (it == own.end() || it->second.clear) continue;
    return trusted(it->second) ? view->value : nullptr;
  }
  return nullptr;
}

Slice PlayerAllowances::slice(ObjectId who, Ground ground, Slice usual) const {
  const Names& names = ground == Ground::foreground ? foreground_ : background_;
  if (const Value* ticks = trusted(who, names.ticks)) {
    if (ticks->type() == Value::Type::integer && ticks->integer() >= kLeastTicks) {
      usual.ticks = ticks->integer();
    }
  }
  if (const Value* seconds = trusted(who, names.seconds)) {
    if (is_number(*seconds) && seconds->number() >= kLeastSeconds &&
        seconds->number() <= kMostSeconds) {
      usual.seconds = std::chrono::duration<double>(seconds->number());
    }
  }
  return usual;
}

std::size_t PlayerAllowances::tasks(ObjectId who, std::size_t usual) const {
  const Value* limit = trusted(who, tasks_);
  if (limit == nullptr || limit->type() != Value::Type::integer || limit->integer() < 0) {
    return usual;
  }
  return static_cast<std::size_t>(limit->integer());
}

}  // namespace cosmoo
