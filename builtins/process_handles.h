// The handle that a process.* builtin is given, and waiting for something of its process.
//
// `who` begins the text of each error: "process.poll()".
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "builtins/services.h"

namespace cosmoo {

/// What such a builtin takes for a handle.
inline constexpr TypeSet kHandleTypes = types::kString | types::kMap;

/// Either a handle, or the receipt of one that had to make room.
struct FoundHandle {
  std::shared_ptr<sandbox::Handle> handle;
  const sandbox::Receipt* receipt = nullptr;

  bool there() const { return handle || receipt != nullptr; }
  const sandbox::HandleInfo& info() const { return handle ? handle->info() : receipt->info; }
};

/// What the first argument names: a handle_id, or the map that process.spawn() returned (E_TYPE for
/// anything else). Not there() if there is none; E_PERM if it is another's and no wizard asks.
Result<FoundHandle> look_up_handle(std::string_view who, const Call& call);
/// The same, but E_INVARG if there is none.
Result<FoundHandle> need_handle(std::string_view who, const Call& call);

/// Suspends the task until what `begin` starts completes the ticket; it is forgotten when the task
/// is killed. Raises what Scheduler::may_wait() refuses, and begins nothing then.
Outcome wait_for(Call& call, std::string_view who, const std::shared_ptr<sandbox::Handle>& handle,
                 const std::function<sandbox::Handle::WaiterId(Ticket)>& begin);

}  // namespace cosmoo
