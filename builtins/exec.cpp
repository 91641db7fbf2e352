// exec(): run a program beneath executables/, wait for it, and have what it printed.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cmath>

#include "builtins/families.h"
#include "builtins/services.h"
#include "vm/binary.h"

namespace cosmoo {
namespace {

constexpr std::string_view kDefaultPath = "/bin:/usr/bin";
// A timeout of 0 in the configuration.
constexpr std::chrono::milliseconds kNever{0};
constexpr double kLongestTimeout = 1e12;  // milliseconds: what a clock can count
// Binary strings longer than this are decoded and encoded on another thread.
constexpr std::size_t kMuch = 256 << 10;

struct Options {
  bool raw = false;
  std::chrono::milliseconds timeout;
  std::string profile;  // empty: the configuration's
};

Result<std::vector<std::string>> read_command(const List& command) {
  if (command.empty()) return fail(ErrorCode::invarg, "exec(): the command is an empty list");
  std::vector<std::string> words;
  for (std::size_t i = 0; i < command.size(); ++i) {
    if (!command[i].is_string()) {
      return fail(ErrorCode::invarg,
                  fmt::format("exec(): item {} of the command is {}, not a string", i + 1,
                              name_of(command[i].type())));
    }
    if (command[i].string().find('\0') != std::string::npos) {
      return fail(ErrorCode::invarg,
                  fmt::format("exec(): item {} of the command has a NUL byte in it", i + 1));
    }
    words.push_back(command[i].string());
  }
  return words;
}

// Variables by which the loader or a shell runs code before the program does.
bool loads_code(std::string_view name) {
  return name.starts_with("LD_") || name == "GLIBC_TUNABLES" || name == "GCONV_PATH" ||
         name == "BASH_ENV" || name == "ENV";
}

Result<std::vector<std::string>> read_environment(const Value& given, const ExecPolicy& policy) {
  std::map<std::string, std::string> variables;
  if (!given.is_nil()) {
    for (const Value& item : given.list()) {
      const std::string entry = item.is_string() ? item.string() : to_literal(item);
      const std::size_t equals = item.is_string() ? entry.find('=') : std::string::npos;
      const auto refuse = [&](std::string_view why) {
        return fail(ErrorCode::invarg,
                    fmt::format("exec(): environment entry \"{}\" {}", entry, why));
      };
      if (equals == std::string::npos) return refuse("is not of the form NAME=VALUE");
      if (equals == 0) return refuse("has no name");
      if (entry.find('\0') != std::string::npos) return refuse("has a NUL byte in it");
      const std::string name = entry.substr(0, equals);
      if (!policy.allow_loader_environment && loads_code(name)) {
        return refuse("would make the loader or shell run other code");
      }
      if (!variables.emplace(name, entry.substr(equals + 1)).second) {
        return refuse("has a name that was given before");
      }
    }
  }
  variables.emplace("PATH", kDefaultPath);
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

Result<Options> read_options(const Value& given, std::chrono::milliseconds longest) {
  Options options{false, longest, {}};
  if (given.is_nil()) return options;
  if (given.is_list()) {
    if (given.list().empty()) return options;
    return fail(ErrorCode::invarg, "exec(): the options are a table such as {raw = true}");
  }
  for (const auto& [key, value] : given.map()) {
    const std::string name = to_text(key);
    if (name == "raw" && value.type() == Value::Type::boolean) {
      options.raw = value.boolean();
    } else if (name == "profile" && value.is_string()) {
      options.profile = value.string();
    } else if (name == "timeout" &&
               (value.type() == Value::Type::integer || value.type() == Value::Type::float_)) {
      const double seconds = value.number();
      if (!(seconds > 0))
        return fail(ErrorCode::invarg, "exec(): a timeout is more than 0 seconds");
      const double asked = std::ceil(seconds * 1000);
      if (longest == kNever || asked < static_cast<double>(longest.count())) {
        options.timeout =
            std::chrono::milliseconds(static_cast<std::int64_t>(std::min(asked, kLongestTimeout)));
      }
    } else if (name == "raw" || name == "timeout" || name == "profile") {
      return fail(ErrorCode::invarg,
                  fmt::format("exec(): option {} cannot be {}", name, to_literal(value)));
    } else {
      return fail(
          ErrorCode::invarg,
          fmt::format("exec(): there is no option {}; there are raw, timeout and profile", name));
    }
  }
  return options;
}

Error input_error(const Error& error) {
  return Error(error.code, "exec(): the input: " + error.message);
}

Result<void> check_input_size(std::size_t bytes, const ExecPolicy& policy) {
  if (bytes <= policy.input_bytes) return {};
  return fail(ErrorCode::quota,
              fmt::format("exec(): the input has {} bytes, at most {} are allowed", bytes,
                          policy.input_bytes));
}

Error start_error(const std::string& name, const sandbox::StartError& error) {
  using Kind = sandbox::StartError::Kind;
  const ErrorCode code = error.kind == Kind::bad_argument ? ErrorCode::invarg
                         : error.kind == Kind::too_many   ? ErrorCode::quota
                                                          : ErrorCode::exec;
  return Error(code, fmt::format("exec(): {}: {}", name, error.message));
}

// 0 to 255: the program's own; 128 + N: killed by signal N; -1: stopped by a limit.
int exit_number(const sandbox::Result& result) {
  switch (result.status) {
    case sandbox::Status::exited:
      return result.exit_code;
    case sandbox::Status::killed:
      return 128 + result.signal;
    default:
      return -1;
  }
}

Value answer(int code, std::string out, std::string err) {
  return Value(List{Value(code), Value(std::move(out)), Value(std::move(err))});
}

void complete(Services& services, Ticket ticket, bool raw, sandbox::Result result) {
  const int code = exit_number(result);
  if (raw) {
    services.scheduler.complete(
        ticket, answer(code, std::move(result.stdout_bytes), std::move(result.stderr_bytes)));
    return;
  }
  if (result.stdout_bytes.size() + result.stderr_bytes.size() < kMuch) {
    services.scheduler.complete(ticket, answer(code, encode_binary(result.stdout_bytes),
                                               encode_binary(result.stderr_bytes)));
    return;
  }
  auto output = std::make_shared<sandbox::Result>(std::move(result));
  services.offload(
      [output] {
        output->stdout_bytes = encode_binary(output->stdout_bytes);
        output->stderr_bytes = encode_binary(output->stderr_bytes);
      },
      [output, code, ticket, &scheduler = services.scheduler] {
        scheduler.complete(
            ticket, answer(code, std::move(output->stdout_bytes), std::move(output->stderr_bytes)));
      });
}

// The command line as people are shown it, shortened.
std::string label_of(const std::vector<std::string>& words) {
  constexpr std::size_t kLongest = 80;
  std::string label = fmt::format("{}", fmt::join(words, " "));
  if (label.size() > kLongest) {
    label.resize(kLongest - 3);
    label += "...";
  }
  return label;
}

// One exec() on its way: what it needs to start, and what ends it.
struct Run {
  Services& services;
  Ticket ticket;
  std::string name;
  std::string label;
  std::int64_t owner;
  bool raw;
  sandbox::Executable executable;
  sandbox::Context context;
  std::shared_ptr<sandbox::Job> job;  // once it runs
  bool killed = false;                // before it runs
};

Result<void> start(const std::shared_ptr<Run>& run) {
  Services& services = run->services;
  if (auto fits = check_input_size(run->context.input.size(), services.exec); !fits) return fits;
  auto job = services.processes.start(
      std::move(run->executable), std::move(run->context), run->label, run->owner,
      [&services, ticket = run->ticket, raw = run->raw](sandbox::Result result) {
        complete(services, ticket, raw, std::move(result));
      });
  if (!job) return tl::unexpected(start_error(run->name, job.error()));
  run->job = std::move(*job);
  return {};
}

// Decodes the input on another thread before it starts; what is wrong comes through the ticket.
void start_later(std::shared_ptr<Run> run) {
  auto decoded = std::make_shared<Result<std::string>>();
  run->services.offload([run, decoded] { *decoded = decode_binary(run->context.input); },
                        [run, decoded] {
                          if (run->killed) return;
                          Result<void> started;
                          if (*decoded) {
                            run->context.input = std::move(**decoded);
                            started = start(run);
                          } else {
                            started = tl::unexpected(input_error(decoded->error()));
                          }
                          if (!started) {
                            run->services.scheduler.complete(run->ticket, started.error());
                          }
                        });
}

Outcome exec(Call& call) {
  Services& services = call.services();
  const ExecPolicy& policy = services.exec;
  auto words = read_command(call[0].list());
  if (!words) return words.error();
  const std::string name = words->front();
  if (!policy.allowed.empty() &&
      std::find(policy.allowed.begin(), policy.allowed.end(), name) == policy.allowed.end()) {
    return Error(
        ErrorCode::perm,
        fmt::format("exec(): {} is not among the programs that the configuration allows", name));
  }
  const auto own = policy.programs.find(name);
  const ExecPolicy::Program program =
      own == policy.programs.end() ? ExecPolicy::Program{} : own->second;

  auto options = read_options(call[3], program.timeout.value_or(policy.timeout));
  if (!options) return options.error();
  auto environment = read_environment(call[2], policy);
  if (!environment) return environment.error();
  auto executable = services.executables.find(name);
  if (!executable) return start_error(name, executable.error());
  if (auto allowed = services.scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }

  auto run = std::make_shared<Run>(Run{services,
                                       call.ticket(),
                                       name,
                                       label_of(*words),
                                       call.programmer().number,
                                       options->raw,
                                       std::move(*executable),
                                       {},
                                       nullptr,
                                       false});
  run->context.args = std::move(*words);
  run->context.env = std::move(*environment);
  run->context.profile = options->profile.empty() ? program.profile.value_or("") : options->profile;
  if (options->timeout != kNever) run->context.limits.wall = options->timeout;
  run->context.limits.output_bytes = program.output_bytes.value_or(policy.output_bytes);
  if (call.has(1)) run->context.input = call.take(1).take_string();

  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = fmt::format("exec {}", run->label);
  wait.on_kill = [run] {
    run->killed = true;
    if (run->job) run->job->kill();
  };
  if (!options->raw && run->context.input.size() > kMuch) {
    start_later(std::move(run));
    return wait;
  }
  if (!options->raw) {
    auto decoded = decode_binary(run->context.input);
    if (!decoded) return input_error(decoded.error());
    run->context.input = std::move(*decoded);
  }
  if (auto started = start(run); !started) return started.error();
  return wait;
}

Outcome executables(Call& call) {
  List names;
  for (std::string& name : call.services().executables.names()) {
    names.emplace_back(std::move(name));
  }
  return Value(std::move(names));
}

Outcome jobs(Call& call) {
  List rows;
  const auto now = std::chrono::system_clock::now();
  for (const sandbox::JobInfo& job : call.services().jobs.list()) {
    Map row;
    row.emplace(Value("id"), Value(job.id));
    row.emplace(Value("kind"), Value(job.kind));
    row.emplace(Value("command"), Value(job.label));
    row.emplace(Value("owner"), Value(ObjectId{job.owner}));
    row.emplace(Value("pid"), Value(job.pid));
    row.emplace(Value("age"), Value(std::chrono::duration<double>(now - job.started_at).count()));
    row.emplace(Value("output"),
                Value(static_cast<std::int64_t>(job.stdout_bytes + job.stderr_bytes)));
    rows.emplace_back(std::move(row));
  }
  return Value(std::move(rows));
}

}  // namespace

std::span<const Builtin> exec_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"exec",
       {{"command", kList}, {"input", kString}, {"environment", kList}, {"options", kMap}},
       1,
       Access::wizard,
       exec,
       "{code, stdout, stderr}",
       "Runs a program of executables/ and suspends the task until it has ended. `command` is a "
       "list: the program's name and its arguments. `input` and both outputs are binary strings "
       "(~0A is a newline), or plain bytes with the option raw = true; timeout = seconds ends it "
       "sooner than configured, profile = \"open\", \"confined\", \"sealed\" or one of the "
       "configuration's confines it. `environment` is a list of \"NAME=VALUE\"; without it, and "
       "besides "
       "it, there is PATH alone. The code is the program's, 128 + N if signal N killed it, -1 if a "
       "limit stopped it. Errors: E_INVARG (command, input or environment are not right), E_PERM "
       "(no wizard, or a program that the configuration does not allow), E_QUOTA (too many run), "
       "E_EXEC (it could not be started)."},
      {"executables",
       {},
       0,
       Access::wizard,
       executables,
       "list of strings",
       "The names that exec() accepts."},
      {"jobs",
       {},
       0,
       Access::wizard,
       jobs,
       "list of maps",
       "What runs outside the world now, oldest first: id, kind, command, owner, pid, age in "
       "seconds, output in bytes so far."},
  };
  return kRows;
}

}  // namespace cosmoo
