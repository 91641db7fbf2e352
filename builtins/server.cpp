// The server itself: its end, its disk, its scripts, and what it says about its builtins.
#include "builtins/common.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

Outcome shutdown(Call& call) {
  call.services().shut_down(call.has(0) ? call[0].string() : "The server is shutting down.");
  return Value();
}

Outcome checkpoint(Call& call) {
  Services& services = call.services();
  const Ticket ticket = call.ticket();
  services.store.checkpoint([&scheduler = services.scheduler, ticket](Result<void> done) {
    scheduler.complete(ticket, done ? Resumption(Value()) : Resumption(done.error()));
  });
  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = "checkpoint";
  return wait;
}

Outcome server_version(Call& call) { return Value(call.services().version); }

Outcome server_log(Call& call) {
  call.services().log(to_string(call.programmer()) + ": " + call[0].string());
  return Value();
}

Outcome memory_usage(Call& call) {
  const Services& services = call.services();
  Map map;
  map.emplace(Value("lua_bytes"), Value(static_cast<std::int64_t>(services.engine->memory_used())));
  map.emplace(Value("objects"), Value(static_cast<std::int64_t>(services.world.size())));
  map.emplace(Value("tasks"), Value(static_cast<std::int64_t>(services.scheduler.size())));
  map.emplace(Value("jobs"), Value(static_cast<std::int64_t>(services.jobs.running())));
  return Value(std::move(map));
}

// The parameters, in their order: {name, types, optional}.
Value describe_parameters(const Builtin& builtin) {
  List all;
  for (std::size_t i = 0; i < builtin.parameters.size(); ++i) {
    List types;
    for (const std::string_view type : names_of(builtin.parameters[i].types)) {
      types.emplace_back(type);
    }
    Map map;
    map.emplace(Value("name"), Value(builtin.parameters[i].name));
    map.emplace(Value("types"), Value(std::move(types)));
    map.emplace(Value("optional"), Value(i >= builtin.required));
    all.emplace_back(std::move(map));
  }
  return Value(std::move(all));
}

Value describe(const Builtin& builtin) {
  Map map;
  map.emplace(Value("name"), Value(builtin.name));
  map.emplace(Value("family"), Value(builtin.family));
  map.emplace(Value("signature"), Value(signature(builtin)));
  map.emplace(Value("parameters"), describe_parameters(builtin));
  map.emplace(Value("more"), Value(builtin.variadic));
  map.emplace(Value("returns"), Value(builtin.returns));
  map.emplace(Value("access"), Value(name_of(builtin.access)));
  map.emplace(Value("help"), Value(builtin.help));
  return Value(std::move(map));
}

Outcome function_info(Call& call) {
  const BuiltinTable& table = call.services().builtins;
  if (call.has(0)) {
    const Builtin* builtin = table.find(call[0].string());
    if (builtin == nullptr) {
      return Error(ErrorCode::invarg, "there is no builtin " + call[0].string());
    }
    return describe(*builtin);
  }
  List all;
  for (const Builtin& builtin : table.rows()) all.push_back(describe(builtin));
  return Value(std::move(all));
}

}  // namespace

std::span<const Builtin> server_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"shutdown",
       {{"reason", kString}},
       0,
       Access::wizard,
       shutdown,
       "nothing",
       "Ends the server. Tasks that wait have E_INTRPT raised in them and may clean up for a "
       "moment; planned ones are kept; jobs are killed; players are told the reason; the world is "
       "written."},
      {"checkpoint",
       {},
       0,
       Access::wizard,
       checkpoint,
       "nothing",
       "Suspends until everything that was changed up to now is on the disk. E_FILE if it cannot "
       "be "
       "written."},
      {"server_version",
       {},
       0,
       Access::everyone,
       server_version,
       "string",
       "The server's version."},
      {"server_log",
       {{"text", kString}},
       1,
       Access::wizard,
       server_log,
       "nothing",
       "Writes a line into the server's log."},
      {"memory_usage",
       {},
       0,
       Access::wizard,
       memory_usage,
       "map",
       "How much there is: lua_bytes, objects, tasks, jobs."},
      {"function_info",
       {{"name", kString}},
       0,
       Access::everyone,
       function_info,
       "map | list of maps",
       "What a builtin is called with and does: name, family, signature, parameters (a list of "
       "maps: name, types, optional), more (whether it takes any number of further arguments), "
       "returns, access, help. Without a name, all of them."},
  };
  return kRows;
}

}  // namespace cosmoo
