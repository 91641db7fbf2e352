#include "builtins/process_handles.h"

#include <fmt/format.h>

namespace cosmoo {
namespace {

using sandbox::Handle;

Result<std::string> read_id(std::string_view who, const Value& given) {
  if (given.is_string()) return given.string();
  if (given.is_map()) {
    const auto field = given.map().find(Value("handle_id"));
    if (field != given.map().end() && field->second.is_string()) return field->second.string();
  }
  return fail(ErrorCode::type,
              fmt::format("{}: the handle is neither a handle_id nor a map with one", who));
}

}  // namespace

Result<FoundHandle> look_up_handle(std::string_view who, const Call& call) {
  const auto id = read_id(who, call[0]);
  if (!id) return tl::unexpected(id.error());
  const Services& services = call.services();
  FoundHandle found{services.handles.find(*id), services.handles.receipt(*id)};
  if (!found.there()) return found;
  const ObjectId owner{found.info().owner};
  if (owner == call.programmer() || services.world.is_wizard(call.programmer())) return found;
  return fail(ErrorCode::perm, fmt::format("{}: {} belongs to {}", who, *id, to_string(owner)));
}

Result<FoundHandle> need_handle(std::string_view who, const Call& call) {
  auto found = look_up_handle(who, call);
  if (!found || found->there()) return found;
  return fail(ErrorCode::invarg, fmt::format("{}: there is no handle {}", who,
                                             to_literal(Value(*read_id(who, call[0])))));
}

Outcome wait_for(Call& call, std::string_view who, const std::shared_ptr<Handle>& handle,
                 const std::function<Handle::WaiterId(Ticket)>& begin) {
  if (auto allowed = call.services().scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }
  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = fmt::format("{} {}", who.substr(0, who.find('(')), handle->info().id);
  wait.on_kill = [handle, waiter = begin(call.ticket())] { handle->forget(waiter); };
  return wait;
}

}  // namespace cosmoo
