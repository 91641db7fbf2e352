// cosmoo-sandbox: runs a guest from a shell. Options mean what moxiebox's mean.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>

#include "sandbox/moxie/cli/files.h"
#include "sandbox/moxie/cli/gdb_server.h"
#include "sandbox/moxie/cli/listing.h"
#include "sandbox/moxie/cli/options.h"
#include "sandbox/moxie/machine.h"
#include "sandbox/moxie/profile.h"
#include "sandbox/moxie/symbols.h"
#include "sandbox/moxie/tracer.h"

namespace cosmoo::moxie::cli {

namespace {

using Failure = tl::unexpected<std::string>;

/// What was loaded from files.
struct Loaded {
  Setup setup;
  Symbols symbols;
};

tl::expected<Loaded, std::string> load(const Options& options) {
  Loaded loaded;
  for (const std::string& name : options.programs) {
    const auto bytes = find_file(name, options.program_folders);
    if (!bytes) return Failure(bytes.error());
    auto program = Program::load(*bytes);
    if (!program) return Failure(name + ": " + program.error().message);
    loaded.symbols.add(*bytes);
    loaded.setup.programs.push_back(std::move(*program));
  }
  for (const std::string& name : options.data) {
    const auto bytes = find_file(name, options.data_folders);
    if (!bytes) return Failure(bytes.error());
    auto data = SharedBytes::copy(*bytes);
    if (!data) return Failure(name + ": " + data.error().message);
    loaded.setup.data.push_back(std::move(*data));
  }
  loaded.setup.stack_bytes = static_cast<std::uint32_t>(options.stack_bytes);
  loaded.setup.heap_bytes = static_cast<std::uint32_t>(options.heap_bytes);
  loaded.setup.memory_bytes = kAddressSpace;
  loaded.setup.engine = options.engine;
  return loaded;
}

void print_map(const Machine& machine, const Setup& setup) {
  for (const auto& program : setup.programs) fmt::print(stderr, "ep {:08x}\n", program->entry());
  for (const MemoryRange& range : machine.ranges()) {
    fmt::print(stderr, "{} {:08x}-{:08x} {}\n", range.access == Access::read_only ? "ro" : "rw",
               range.start, std::uint64_t{range.start} + range.length, range.name);
  }
}

int number_of(Signal signal) {
  switch (signal) {
    case Signal::bus:
      return SIGBUS;
    case Signal::ill:
      return SIGILL;
    case Signal::fpe:
      return SIGFPE;
    case Signal::trap:
      return SIGTRAP;
    case Signal::none:
      break;
  }
  return 0;
}

/// How the run ended, as the exit code of this program.
int exit_code_of(const Stop& stop) {
  switch (stop.why) {
    case Stop::Why::exited:
      return stop.exit_code;
    case Stop::Why::fault:
      return kSignalBase + number_of(stop.fault.signal);
    case Stop::Why::interrupted:
      return kSignalBase + SIGKILL;
    case Stop::Why::budget:
      break;
  }
  return kBudgetSpent;
}

void explain(const Machine& machine, const Stop& stop, const Symbols& symbols) {
  if (stop.why == Stop::Why::fault) {
    const std::string where = symbols.at(stop.fault.pc);
    fmt::print(stderr, "{} at pc {:08x}{}, address {:08x}, after {} instructions\n",
               to_string(stop.fault.signal), stop.fault.pc, where.empty() ? "" : " (" + where + ")",
               stop.fault.address, machine.state().instructions);
  } else if (stop.why == Stop::Why::interrupted) {
    fmt::print(stderr, "killed by the debugger at pc {:08x} after {} instructions\n",
               machine.state().pc, machine.state().instructions);
  } else if (stop.why == Stop::Why::budget) {
    fmt::print(stderr, "budget spent at pc {:08x} after {} instructions\n", machine.state().pc,
               machine.state().instructions);
  }
}

std::string as_json(const Machine& machine, const Stop& stop, double wall_s) {
  const bool fault = stop.why == Stop::Why::fault;
  const bool exited = stop.why == Stop::Why::exited;
  const translator::Statistics made = machine.translation();
  const TimeSpent& spent = machine.time_spent();
  const auto seconds = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
  };
  const auto size = [](const auto& buffer) { return buffer ? buffer->size() : 0; };
  return fmt::format(
      "{{\"status\": \"{}\", \"exit_code\": {}, \"signal\": {}, \"address\": {}, \"pc\": {}, "
      "\"instructions\": {}, \"output_bytes\": {}, \"state_bytes\": {}, \"memory_bytes\": {}, "
      "\"wall_s\": {:.6f}, \"engines\": {{\"interpreter_s\": {:.6f}, \"machine_code_s\": {:.6f}, "
      "\"translating_s\": {:.6f}}}, \"translated\": {{\"instructions\": {}, \"blocks\": {}, "
      "\"from_bytes\": {}, \"to_bytes\": {}}}}}\n",
      exited                               ? "exited"
      : fault                              ? "faulted"
      : stop.why == Stop::Why::interrupted ? "killed"
                                           : "over_limit",
      exited ? std::to_string(stop.exit_code) : "null",
      fault ? fmt::format("\"{}\"", to_string(stop.fault.signal)) : "null",
      fault ? std::to_string(stop.fault.address) : "null", machine.state().pc,
      machine.state().instructions, size(machine.output()), size(machine.state_buffer()),
      machine.memory_bytes(), wall_s, seconds(spent.interpreter), seconds(spent.machine_code),
      seconds(spent.translating), machine.translated_instructions(), made.blocks, made.guest_bytes,
      made.bytes);
}

/// Writes what a special register pair names; a guest that named nothing leaves an empty file.
tl::expected<void, std::string> write_buffer(
    const std::string& path, const tl::expected<std::string, Machine::NoBuffer>& buffer,
    std::string_view what) {
  if (path.empty()) return {};
  if (!buffer && buffer.error() == Machine::NoBuffer::unreadable)
    return Failure(fmt::format("the guest names memory for its {} that is not there", what));
  return write_file(path, buffer ? *buffer : std::string());
}

/// Runs it under whoever watches.
tl::expected<Stop, std::string> execute(Machine& machine, const Options& options,
                                        const Symbols& symbols, Profile& profile) {
  if (options.gdb_port) return debug(machine, options.budget, *options.gdb_port);
  Tracer tracer(named_lines(symbols));
  std::vector<Observer*> observers;
  if (options.trace) observers.push_back(&tracer);
  if (!options.profile.empty()) observers.push_back(&profile);
  if (observers.empty() && !options.step) return machine.run(options.budget);
  return run_observed(machine, options.budget, observers);
}

tl::expected<int, std::string> run(const Options& options) {
  const auto loaded = load(options);
  if (!loaded) return Failure(loaded.error());
  const auto created = Machine::create(loaded->setup);
  if (!created) return Failure(created.error().message);
  Machine& machine = **created;
  if (options.disassemble) {
    for (const auto& program : loaded->setup.programs)
      fmt::print("{}", listing(machine, *program, loaded->symbols));
    return 0;
  }
  print_map(machine, loaded->setup);

  Profile profile(options.profile.empty() ? Setup{} : loaded->setup);
  const auto started = std::chrono::steady_clock::now();
  const auto ran = execute(machine, options, loaded->symbols, profile);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - started;
  if (!ran) return Failure(ran.error());
  const Stop& stop = *ran;

  explain(machine, stop, loaded->symbols);
  if (options.json) fmt::print("{}", as_json(machine, stop, wall.count()));
  if (!options.profile.empty()) {
    if (const auto done = write_file(options.profile, profile.gmon()); !done)
      return Failure(done.error());
  }
  if (const auto done = write_buffer(options.output, machine.output(), "output"); !done)
    return Failure(done.error());
  if (const auto done = write_buffer(options.state, machine.state_buffer(), "state"); !done)
    return Failure(done.error());
  return exit_code_of(stop);
}

}  // namespace

}  // namespace cosmoo::moxie::cli

int main(int argc, char** argv) {
  using namespace cosmoo::moxie::cli;
  const auto options = parse_options(argc, argv);
  if (!options) return options.error();
  const auto ended = run(*options);
  if (ended) return *ended;
  fmt::print(stderr, "cosmoo-sandbox: {}\n", ended.error());
  return kFailed;
}
