// process.*: programs that run on while the task goes on, kept by a handle.
#include <fmt/format.h>

#include "builtins/families.h"
#include "builtins/process_fields.h"
#include "builtins/process_handles.h"
#include "builtins/results.h"

namespace cosmoo {
namespace {

using sandbox::Handle;
using Stream = Handle::Stream;

// How long process.kill() waits for what it has killed to be gone.
constexpr std::chrono::milliseconds kPatience{5000};

// --- What it looks like to a script

Map facts(const sandbox::HandleInfo& info) {
  Map map;
  map.emplace(Value("handle_id"), Value(info.id));
  map.emplace(Value("command"), Value(info.label));
  map.emplace(Value("pid"), Value(info.pid));
  map.emplace(Value("owner"), Value(ObjectId{info.owner}));
  map.emplace(Value("started_at"), Value(rfc3339(info.started_at)));
  return map;
}

void add_running(Map& map) {
  map.emplace(Value("status"), Value("running"));
  map.emplace(Value("running"), Value(true));
  map.emplace(Value("timed_out"), Value(false));
}

void add_result(Map& map, const sandbox::Result& result) {
  map.merge(as_map(result));
  map.emplace(Value("running"), Value(false));
  map.emplace(Value("timed_out"), Value(result.status == sandbox::Status::timed_out));
}

Value text(std::string_view bytes) { return Value(std::string(bytes)); }

Value state_of(const Handle& handle) {
  Map map = facts(handle.info());
  if (const sandbox::Result* result = handle.result()) {
    add_result(map, *result);
  } else {
    add_running(map);
    map.emplace(Value("usage"), as_value(handle.usage()));
  }
  map.emplace(Value("stdout"), text(handle.held(Stream::output)));
  map.emplace(Value("stderr"), text(handle.held(Stream::errors)));
  return Value(std::move(map));
}

// Made once of each process that has ended: all who wait for it get the same.
Value final_state_of(Handle& handle) {
  if (!handle.memo) handle.memo = std::make_shared<const Value>(state_of(handle));
  return *static_cast<const Value*>(handle.memo.get());
}

Value state_of(const sandbox::Receipt& receipt) {
  Map map = facts(receipt.info);
  add_result(map, receipt.result);
  map.emplace(Value("stdout"), Value(""));
  map.emplace(Value("stderr"), Value(""));
  map.emplace(Value("evicted"), Value(true));
  return Value(std::move(map));
}

std::string_view status_of(const Handle& handle) {
  return handle.running() ? "running" : to_string(handle.result()->status);
}

Value success(bool ended, std::string_view status) {
  Map map;
  map.emplace(Value("success"), Value(ended));
  map.emplace(Value("status"), Value(status));
  return Value(std::move(map));
}

Value success(const Handle& handle) { return success(!handle.running(), status_of(handle)); }

// --- The builtins

// nil and 0 are none.
Result<std::optional<std::chrono::milliseconds>> read_timeout(std::string_view who,
                                                              const Value& given) {
  if (given.is_nil() || given.number() == 0) return std::nullopt;
  if (given.number() > 0) return wall_limit(given.number(), kNever);
  return fail(ErrorCode::invarg,
              fmt::format("{}: a timeout of {} ms is not possible", who, to_literal(given)));
}

Outcome spawn(Call& call) {
  static constexpr std::string_view kWho = "process.spawn()";
  Services& services = call.services();
  auto program = read_spawn_fields(kWho, services, call[0]);
  if (!program) return program.error();
  if (auto allowed = services.scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }
  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = fmt::format("process.spawn {}", program->label);
  // Nobody can have the handle when the task has been killed meanwhile.
  const auto wanted = std::make_shared<bool>(true);
  const auto process = services.handles.spawn(
      std::move(program->executable), std::move(program->context), std::move(program->label),
      call.programmer().number, [&services, wanted, ticket = call.ticket()](auto handle) {
        if (!handle) return services.scheduler.complete(ticket, start_error(kWho, handle.error()));
        if (!*wanted) return services.handles.release((*handle)->info().id);
        Map map = facts((*handle)->info());
        map.emplace(Value("status"), Value("running"));
        services.scheduler.complete(ticket, Value(std::move(map)));
      });
  if (!process) return start_error(kWho, process.error());
  wait.on_kill = [wanted, process = *process] {
    *wanted = false;
    process->kill();
  };
  return wait;
}

Outcome poll(Call& call) {
  auto found = need_handle("process.poll()", call);
  if (!found) return found.error();
  if (!found->handle) return state_of(*found->receipt);
  return found->handle->running() ? state_of(*found->handle) : final_state_of(*found->handle);
}

Outcome wait(Call& call) {
  constexpr std::string_view kWho = "process.wait()";
  auto found = need_handle(kWho, call);
  if (!found) return found.error();
  if (!found->handle) return state_of(*found->receipt);
  const auto timeout = read_timeout(kWho, call[1]);
  if (!timeout) return timeout.error();
  if (!found->handle->running()) return final_state_of(*found->handle);
  return wait_for(call, kWho, found->handle, [&](Ticket ticket) {
    return found->handle->when_ended(
        *timeout, [ticket, &scheduler = call.services().scheduler](Handle& handle) {
          if (!handle.running()) return scheduler.complete(ticket, final_state_of(handle));
          Map map;
          map.emplace(Value("handle_id"), Value(handle.info().id));
          map.emplace(Value("status"), Value("running"));
          map.emplace(Value("running"), Value(true));
          map.emplace(Value("timed_out"), Value(true));
          scheduler.complete(ticket, Value(std::move(map)));
        });
  });
}

Outcome kill(Call& call) {
  constexpr std::string_view kWho = "process.kill()";
  auto found = need_handle(kWho, call);
  if (!found) return found.error();
  if (!found->handle) return success(true, to_string(found->receipt->result.status));
  if (!found->handle->running()) return success(*found->handle);
  return wait_for(call, kWho, found->handle, [&](Ticket ticket) {
    found->handle->process().kill();
    return found->handle->when_ended(
        kPatience, [ticket, &scheduler = call.services().scheduler](Handle& handle) {
          scheduler.complete(ticket, success(handle));
        });
  });
}

Outcome release(Call& call) {
  auto found = look_up_handle("process.release()", call);
  if (!found) return found.error();
  if (found->there()) call.services().handles.release(std::string(found->info().id));
  Map map;
  map.emplace(Value("released"), Value(found->there()));
  return Value(std::move(map));
}

Outcome list(Call& call) {
  const Services& services = call.services();
  const bool all = services.world.is_wizard(call.programmer());
  List rows;
  for (const auto& handle : services.handles.list()) {
    if (!all && ObjectId{handle->info().owner} != call.programmer()) continue;
    Map row = facts(handle->info());
    row.emplace(Value("status"), Value(status_of(*handle)));
    row.emplace(Value("running"), Value(handle->running()));
    if (const sandbox::Result* result = handle->result()) {
      row.emplace(Value("exit_code"), Value(result->exit_code));
    }
    for (const auto& [name, stream] :
         {std::pair("stdout_bytes", Stream::output), std::pair("stderr_bytes", Stream::errors)}) {
      row.emplace(Value(name), Value(static_cast<std::int64_t>(handle->printed(stream))));
    }
    rows.emplace_back(std::move(row));
  }
  return Value(std::move(rows));
}

}  // namespace

std::span<const Builtin> process_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"process.spawn",
       {{"fields", kMap}},
       1,
       Access::wizard,
       spawn,
       "map",
       "Starts a program of executables/, suspends the task until it runs, and returns {handle_id, "
       "pid, owner, started_at, command, status = \"running\"}; the process goes on when the task "
       "has ended. Fields: "
       "argv, a list of the program's name and its arguments; or command, a text for the shell "
       "that the configuration names, itself a program of executables/ (mode = \"argv\" or "
       "\"shell\" says the same once more). env, {NAME = \"value\"} or a list of \"NAME=VALUE\": "
       "with PATH, all that it gets. cwd, an absolute path. input, plain bytes; stdin = \"pipe\" "
       "keeps it open for process.write(). timeout_ms (or timeout, the same): it is stopped "
       "after so long; 0 is the configuration's. sandbox_profile, how it is confined. limits, "
       "any of wall_s, cpu_s, memory_bytes, processes, cpu_shares, open_files, file_size_bytes, "
       "output_bytes (of each stream): where the configuration has less, that holds. when_full = "
       "\"wait\": rather than be stopped at the limit on output, it waits until process.read() "
       "has made room. There may be so many handles as are configured: the oldest process that "
       "has ended gives up its own first, and leaves a receipt of how it ended; if all run, the "
       "oldest is killed. Handles end with the server. Errors: E_INVARG and E_TYPE name the "
       "field that is wrong, E_PERM (no wizard, or a program that the configuration does not "
       "allow), E_QUOTA (too many run, or too much input), E_EXEC (it could not be started)."},
      {"process.poll",
       {{"handle", kHandleTypes}},
       1,
       Access::programmer,
       poll,
       "map",
       "How a process is now: handle_id, command, pid, owner, started_at, status (running, "
       "exited, killed, timed_out, over_limit), running, timed_out, usage {cpu_s, wall_s, "
       "memory_peak_bytes, instructions, cpu_from, memory_from}, stdout and stderr as far as "
       "nobody has read them, plain bytes; when it has ended exit_code (-1 unless it exited), "
       "ended_at, signal or limit if there was one, and not_enforced, a list, if a limit could "
       "not be. evicted = true if that is all that is known, because its handle had to make "
       "room. Whose process it is and wizards may ask: E_PERM. E_INVARG if there is no such "
       "handle."},
      {"process.wait",
       {{"handle", kHandleTypes}, {"timeout_ms", kNumber}},
       1,
       Access::programmer,
       wait,
       "map",
       "Suspends the task until the process has ended, and returns what process.poll() would. "
       "After timeout_ms it returns {handle_id, status = \"running\", running = true, timed_out "
       "= true} and the process goes on; 0 is no timeout. Any number of tasks may wait for one "
       "process, and killing them does nothing to it. Errors as for process.poll()."},
      {"process.kill",
       {{"handle", kHandleTypes}},
       1,
       Access::programmer,
       kill,
       "map",
       "Kills a process and everything that it started, and suspends the task until it is gone: "
       "{success = true, status}. The status is as it was if it had ended before; success is "
       "false if the system does not end it within five seconds. Errors as for process.poll()."},
      {"process.release",
       {{"handle", kHandleTypes}},
       1,
       Access::programmer,
       release,
       "map",
       "Forgets a process, and kills it if it runs; those who wait for it learn that. {released "
       "= true}, or false if there is no such handle. E_PERM unless it is yours or you are a "
       "wizard."},
      {"process.list",
       {},
       0,
       Access::programmer,
       list,
       "list of maps",
       "Your processes that have a handle, or everybody's for a wizard, oldest first: handle_id, "
       "command, pid, owner, started_at, status, running, exit_code of those that have ended, "
       "stdout_bytes and stderr_bytes printed so far."},
  };
  return kRows;
}

}  // namespace cosmoo
