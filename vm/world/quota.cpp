#include "vm/world/quota.h"

namespace cosmoo {

std::optional<std::int64_t> quota_property(const World& world, ObjectId owner, Symbol name) {
  const auto view = world.property(owner, name);
  if (!view || view->value->type() != Value::Type::integer || !world.is_wizard(view->slot->owner)) {
    return std::nullopt;
  }
  return view->value->integer();
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
