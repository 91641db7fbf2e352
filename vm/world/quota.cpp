#include "vm/world/quota.h"

#include <algorithm>

namespace cosmoo {

std::optional<std::int64_t> quota_property(const World& world, ObjectId owner, Symbol name) {
  const auto view = world.property(owner, name);
  if (!view || view->value->type() != Value::Type::integer || !world.is_wizard(view->slot->owner)) {
    return std::nullopt;
  }
  return view->value->integer();
}

namespace {

constexpr std::string_view kLimits[] = {"ownership_quota", "byte_quota", "queued_task_limit",
                                        "fg_ticks",        "fg_seconds", "bg_ticks",
                                        "bg_seconds"};

}  // namespace

bool is_wizards_limit(const World& world, ObjectId object, Symbol name) {
  const std::string& text = world.symbols().name_of(name);
  const bool known = std::any_of(std::begin(kLimits), std::end(kLimits),
                                 [&](std::string_view limit) { return same_name(limit, text); });
  const auto view = known ? world.property(object, name) : std::nullopt;
  return view && world.is_wizard(view->slot->owner);
}

std::optional<Symbol> limit_lost_with(const World& world, ObjectId object,
                                      const std::vector<ObjectId>& parents) {
  for (const std::string_view limit : kLimits) {
    const auto name = world.symbols().find(limit);
    if (!name || !is_wizards_limit(world, object, *name)) continue;
    const ObjectId definer = world.property(object, *name)->definer;
    const bool kept = definer == object ||
                      std::any_of(parents.begin(), parents.end(),
                                  [&](ObjectId parent) { return world.is_a(parent, definer); });
    if (!kept) return name;
  }
  return std::nullopt;
}

std::optional<std::int64_t> byte_limit(const World& world, ObjectId owner) {
  const auto own = quota_property(world, owner, world.byte_quota_name());
  const std::int64_t limit = own.value_or(world.owner_bytes());
  if (limit < 0 || limit == INT64_MAX) return std::nullopt;
  return limit;
}

Result<void> check_room(const World& world, ObjectId owner, ObjectId programmer,
                        std::int64_t more) {
  if (more <= 0 || world.is_wizard(programmer)) return {};
  const auto limit = byte_limit(world, owner);
  const Holdings holdings = world.holdings(owner);
  const std::int64_t held = holdings.bytes + holdings.names;
  if (!limit || more <= *limit - held) return {};
  return fail(ErrorCode::quota, "what " + to_string(owner) + " owns would hold " +
                                    std::to_string(held + more) + " bytes; its quota is " +
                                    std::to_string(*limit));
}

}  // namespace cosmoo
