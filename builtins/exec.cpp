// exec(): run a program beneath executables/, wait for it, and have what it printed.
#include <fmt/format.h>

#include "builtins/families.h"
#include "builtins/programs.h"
#include "builtins/results.h"
#include "builtins/services.h"
#include "vm/binary.h"

namespace cosmoo {
namespace {

constexpr std::string_view kWho = "exec()";
// Binary strings longer than this are decoded and encoded on another thread.
constexpr std::size_t kMuch = 256 << 10;

struct Options {
  bool raw = false;
  std::optional<double> timeout;  // milliseconds
  std::string profile;            // empty: the configuration's
};

Result<Options> read_options(const Value& given) {
  Options options;
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
      if (!(value.number() > 0)) {
        return fail(ErrorCode::invarg, "exec(): a timeout is more than 0 seconds");
      }
      options.timeout = value.number() * 1000;
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

// One exec() on its way: what it needs to start, and what ends it.
struct Run {
  Services& services;
  Ticket ticket;
  std::int64_t owner;
  bool raw;
  Program program;
  std::shared_ptr<sandbox::Job> job;  // once it runs
  bool killed = false;                // before it runs
};

Result<void> start(const std::shared_ptr<Run>& run) {
  Services& services = run->services;
  Program& program = run->program;
  if (auto fits = check_input_size(kWho, program.context.input.size(), services.exec); !fits) {
    return fits;
  }
  auto job = services.processes.start(
      std::move(program.executable), std::move(program.context), program.label, run->owner,
      [&services, ticket = run->ticket, raw = run->raw](auto result) {
        if (result) return complete(services, ticket, raw, std::move(*result));
        services.scheduler.complete(ticket, start_error(kWho, result.error()));
      });
  if (!job) return tl::unexpected(start_error(kWho, job.error()));
  run->job = std::move(*job);
  return {};
}

// Decodes the input on another thread before it starts; what is wrong comes through the ticket.
void start_later(std::shared_ptr<Run> run) {
  auto decoded = std::make_shared<Result<std::string>>();
  run->services.offload([run, decoded] { *decoded = decode_binary(run->program.context.input); },
                        [run, decoded] {
                          if (run->killed) return;
                          Result<void> started;
                          if (*decoded) {
                            run->program.context.input = std::move(**decoded);
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
  auto words = read_words(kWho, "the command", call[0].list());
  if (!words) return words.error();
  auto options = read_options(call[3]);
  if (!options) return options.error();
  auto environment = read_environment(kWho, call[2], services.exec);
  if (!environment) return environment.error();
  auto program = find_program(kWho, services, std::move(*words), services.exec.timeout);
  if (!program) return program.error();
  if (auto allowed = services.scheduler.may_wait(call.programmer()); !allowed) {
    return allowed.error();
  }

  sandbox::Context& context = program->context;
  if (!options->profile.empty()) context.profile = options->profile;
  context.env = std::move(*environment);
  context.limits.wall = wall_limit(options->timeout, program->longest);
  if (call.has(1)) context.input = call.take(1).take_string();
  auto run = std::make_shared<Run>(Run{services, call.ticket(), call.programmer().number,
                                       options->raw, std::move(*program), nullptr, false});

  Wait wait;
  wait.kind = Wait::Kind::job;
  wait.label = fmt::format("exec {}", run->program.label);
  wait.on_kill = [run] {
    run->killed = true;
    if (run->job) run->job->kill();
  };
  std::string& input = run->program.context.input;
  if (!options->raw && input.size() > kMuch) {
    start_later(std::move(run));
    return wait;
  }
  if (!options->raw) {
    auto decoded = decode_binary(input);
    if (!decoded) return input_error(decoded.error());
    input = std::move(*decoded);
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
  };
  return kRows;
}

}  // namespace cosmoo
