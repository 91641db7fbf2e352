// sandbox.*: programs for the simulated processor, which can reach nothing but what they are given,
// and so are for every programmer.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "builtins/elsewhere.h"
#include "builtins/families.h"
#include "builtins/results.h"
#include "builtins/services.h"

namespace cosmoo {
namespace {

constexpr double kLongestTimeout = 1e12;  // milliseconds: what a clock can count
constexpr std::size_t kMostData = 64;     // files: each takes a descriptor while a guest begins

// Views of the strings, which the value keeps.
Result<std::vector<sandbox::GuestData>> read_data(Value given, std::size_t most) {
  const auto kept = std::make_shared<const Value>(std::move(given));
  std::vector<sandbox::GuestData> files;
  if (kept->is_string()) {
    files.push_back({kept->string(), kept});
  } else if (kept->is_list()) {
    if (kept->list().size() > kMostData) {
      return fail(ErrorCode::invarg, fmt::format("sandbox.run(): {} data files, at most {} can be "
                                                 "given",
                                                 kept->list().size(), kMostData));
    }
    for (const Value& item : kept->list()) {
      if (!item.is_string()) {
        return fail(ErrorCode::invarg,
                    fmt::format("sandbox.run(): item {} of the data is {}, not a "
                                "string",
                                files.size() + 1, name_of(item.type())));
      }
      files.push_back({item.string(), kept});
    }
  }
  std::size_t bytes = 0;
  for (const sandbox::GuestData& file : files) bytes += file.bytes.size();
  if (bytes <= most) return files;
  return fail(
      ErrorCode::quota,
      fmt::format("sandbox.run(): the data has {} bytes, at most {} are allowed", bytes, most));
}

// One option: its name, the least and most that it takes, and where it goes.
struct Option {
  std::string_view name;
  double least, most;
  void (*set)(sandbox::GuestLimits&, double);
};

constexpr Option kOptions[] = {
    {"budget", 1, 1e15,
     [](sandbox::GuestLimits& limits, double number) {
       limits.instructions = static_cast<std::uint64_t>(number);
     }},
    {"memory", 1, 4294967296.0,
     [](sandbox::GuestLimits& limits, double number) {
       limits.memory_bytes = static_cast<std::uint64_t>(number);
     }},
    {"stack", 1, 1 << 30,
     [](sandbox::GuestLimits& limits, double number) {
       limits.stack_bytes = static_cast<std::uint32_t>(number);
     }},
    {"timeout", 1e-3, kLongestTimeout / 1000, [](sandbox::GuestLimits& limits, double seconds) {
       const std::chrono::milliseconds asked(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
       limits.wall = std::min(limits.wall, asked);
     }}};

Result<sandbox::GuestLimits> read_options(const Value& given, sandbox::GuestLimits limits) {
  if (limits.wall.count() == 0) limits.wall = std::chrono::milliseconds::max() / 2;
  if (given.is_nil() || (given.is_list() && given.list().empty())) return limits;
  if (given.is_list()) {
    return fail(ErrorCode::invarg, "sandbox.run(): the options are a table such as {budget = 1e6}");
  }
  for (const auto& [key, value] : given.map()) {
    const std::string name = to_text(key);
    const auto* const option = std::find_if(std::begin(kOptions), std::end(kOptions),
                                            [&](const Option& row) { return row.name == name; });
    if (option == std::end(kOptions)) {
      return fail(
          ErrorCode::invarg,
          fmt::format("sandbox.run(): there is no option {}; there are budget, memory, stack "
                      "and timeout",
                      name));
    }
    const bool number = value.type() == Value::Type::integer || value.type() == Value::Type::float_;
    if (!number || !(value.number() >= option->least && value.number() <= option->most)) {
      return fail(ErrorCode::invarg,
                  fmt::format("sandbox.run(): option {} cannot be {}", name, to_literal(value)));
    }
    option->set(limits, value.number());
  }
  return limits;
}

Value as_value(sandbox::Result result) {
  Map map = as_map(result);
  if (result.fault) {
    map.emplace(Value("address"), Value(std::int64_t{result.fault->address}));
    map.emplace(Value("pc"), Value(std::int64_t{result.fault->pc}));
  }
  map.emplace(Value("output"), Value(std::move(result.output)));
  map.emplace(Value("state"), Value(std::move(result.state)));
  return Value(std::move(map));
}

// What people are shown of a program.
std::string label_of(const std::string& program) {
  constexpr std::size_t kLongest = 24;
  if (program.starts_with("\x7f")) return "guest (bytes)";
  return "guest " + (program.size() > kLongest ? program.substr(0, kLongest) + "..." : program);
}

Outcome run(Call& call) {
  Services& services = call.services();
  const GuestPolicy& policy = services.guest_policy;
  auto limits = read_options(call[2], policy.limits);
  if (!limits) return limits.error();
  sandbox::GuestRequest request;
  if (call.has(1)) {
    auto data = read_data(call.take(1), policy.data_bytes);
    if (!data) return data.error();
    request.data = std::move(*data);
  }
  if (auto allowed = services.scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }
  request.program = call.take(0).take_string();
  request.limits = *limits;
  request.label = label_of(request.program);
  request.owner = call.programmer().number;
  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = request.label;
  auto job = services.guests.start(
      std::move(request), [&scheduler = services.scheduler, ticket = call.ticket()](auto end) {
        if (end) {
          scheduler.complete(ticket, as_value(std::move(*end)));
        } else {
          scheduler.complete(ticket, start_error("sandbox.run()", end.error()));
        }
      });
  if (!job) return start_error("sandbox.run()", job.error());
  wait.on_kill = [job = std::move(*job)] { job->kill(); };
  return wait;
}

Outcome list(Call& call) {
  return run_elsewhere(call, "sandbox.list",
                       [&library = call.services().guest_programs]() -> Resumption {
                         List names;
                         for (std::string& name : library.names()) {
                           names.emplace_back(std::move(name));
                         }
                         return Value(std::move(names));
                       });
}

Outcome info(Call& call) {
  return run_elsewhere(
      call, "sandbox.info",
      [program = call.take(0).take_string(),
       &library = call.services().guest_programs]() -> Resumption {
        auto found = library.find(program);
        if (!found) return start_error("sandbox.info()", found.error());
        Map map;
        map.emplace(Value("sha256"), Value(std::move(found->sha256)));
        map.emplace(Value("bytes"), Value(static_cast<std::int64_t>(found->bytes)));
        map.emplace(Value("entry"), Value(std::int64_t{found->program->entry()}));
        map.emplace(Value("memory_bytes"),
                    Value(static_cast<std::int64_t>(found->program->memory_bytes())));
        return Value(std::move(map));
      });
}

}  // namespace

std::span<const Builtin> sandbox_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"sandbox.run",
       {{"program", kString}, {"data", static_cast<TypeSet>(kString | kList)}, {"options", kMap}},
       1,
       Access::programmer,
       run,
       "map",
       "Runs a guest, a program for the simulated Moxie processor, and suspends the task until it "
       "has ended. A guest can reach nothing but its data. `program` is a name of sandbox.list(), "
       "the bytes of an ELF file, or \"sha256:\" and the digest of either. `data` is a string or a "
       "list of strings, at most 64: the data files, as plain bytes. Options: budget "
       "(instructions), memory "
       "and "
       "stack (bytes), timeout (seconds). The map has status (exited, killed, timed_out, faulted, "
       "over_limit), exit_code (-1 unless it exited), output and state (plain bytes), usage "
       "{instructions, cpu_s, wall_s, memory_peak_bytes}, started_at, ended_at; and signal, "
       "address "
       "and pc of a fault, limit (instructions or output) if one was reached. The same program, "
       "data and options give the same output and count everywhere. Errors: E_INVARG (no such "
       "program or not an ELF file for Moxie, data or options that are not right, or more than the "
       "memory holds), E_QUOTA (too many guests, instructions or bytes at once), E_EXEC (the "
       "system "
       "gave no memory)."},
      {"sandbox.list",
       {},
       0,
       Access::programmer,
       list,
       "list of strings",
       "The names of the guests that came with the server, for sandbox.run(). Suspends the task."},
      {"sandbox.info",
       {{"program", kString}},
       1,
       Access::programmer,
       info,
       "map",
       "What is known of a program as sandbox.run() takes it: sha256, bytes, entry (an address) "
       "and "
       "memory_bytes that it takes before it runs. Suspends the task. Errors: E_INVARG (there is "
       "no "
       "such program, or it is not one)."},
  };
  return kRows;
}

}  // namespace cosmoo
