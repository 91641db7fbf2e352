// Moxie guests against the same sources compiled for this machine: CPU time, in turns, one run.
//
//   bench_moxie [--quick] [--only NAME] [--engine NAME] [--rounds N] [--pairs]
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "sandbox/moxie/machine.h"
#include "sandbox/moxie/observer.h"
#include "tests/bench/report.h"

extern char** environ;

namespace {

using namespace cosmoo::moxie;
using cosmoo::bench::Bar;
using cosmoo::bench::Report;
using cosmoo::bench::Rounds;

struct Options {
  std::string only;
  std::string engine;             ///< Empty: all.
  std::string rounds_of_a_guest;  ///< Decimal; empty: as many as its source says.
  int rounds = 5;
  bool pairs = false;
};

/// Guests with a mean of their own.
struct Group {
  const char* folder;
  const char* names;
  const char* suffix;  ///< Of the line of their mean.
};
constexpr Group kTuned = {"guests", COSMOO_BENCH_GUESTS, ""};
/// Nobody looks into these for what to make faster: they tell what any program gains.
constexpr Group kOthers = {"other_guests", COSMOO_BENCH_OTHER_GUESTS, ".others"};

std::vector<std::string> names_of(const Group& group) {
  std::istringstream names(group.names);
  return {std::istream_iterator<std::string>(names), {}};
}

std::string file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "bench_moxie: %s\n", why.c_str());
  std::exit(1);
}

template <typename T>
T must(tl::expected<T, LoadError> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}

double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// What executes a guest, and the most that it may take, as a multiple of native.
struct Side {
  const char* name;
  Engine engine;
  double bar;
};
constexpr Side kSides[] = {{"interpreter", Engine::interpreter, 18},
                           {"translator", Engine::automatic, 1.6}};

/// What a run took, and what it printed.
struct Measured {
  double seconds = 0;
  std::string output;
  std::uint64_t instructions = 0;
};

Measured native(const std::string& name, const Options& options) {
  int ends[2];
  if (::pipe(ends) != 0) give_up("pipe");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  ::posix_spawn_file_actions_addclose(&actions, ends[0]);
  ::posix_spawn_file_actions_addclose(&actions, ends[1]);
  std::string path = std::string(COSMOO_BENCH_NATIVE) + "/native_" + name;
  std::string rounds = options.rounds_of_a_guest;
  char* arguments[] = {path.data(), rounds.empty() ? nullptr : rounds.data(), nullptr};
  pid_t child = 0;
  if (::posix_spawn(&child, path.c_str(), &actions, nullptr, arguments, environ) != 0) {
    give_up("can't start " + path);
  }
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  Measured measured;
  char buffer[256];
  for (ssize_t got; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    measured.output.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child || status != 0) give_up(path + " failed");
  measured.seconds = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  return measured;
}

std::string path_of(const Group& group, const std::string& name) {
  return std::string(COSMOO_BENCH_FOLDER) + "/" + group.folder + "/" + name;
}

std::shared_ptr<const Program> program_of(const std::string& path) {
  return must(Program::load(bytes_of(file(path))));
}

Setup setup_of(std::shared_ptr<const Program> program, const Options& options) {
  Setup setup;
  setup.programs = {std::move(program)};
  setup.stack_bytes = 1 << 20;
  if (!options.rounds_of_a_guest.empty()) {
    setup.data.push_back(must(SharedBytes::copy(bytes_of(options.rounds_of_a_guest))));
  }
  return setup;
}

Measured guest(const std::string& path, Engine engine, const Options& options) {
  Setup setup = setup_of(program_of(path), options);
  setup.engine = engine;
  const auto machine = must(Machine::create(setup));
  const double before = thread_seconds();
  const Stop stop = machine->run(Machine::kUnlimited);
  Measured measured;
  measured.seconds = thread_seconds() - before;
  measured.instructions = machine->state().instructions;
  if (stop.why != Stop::Why::exited || stop.exit_code != 0) {
    give_up(path + " ended with " + std::string(to_string(stop.fault.signal)));
  }
  measured.output = machine->output().value_or("");
  return measured;
}

/// Speed: a line for each guest and engine, and the geometric means of their ratios.
bool measure_speed(const Group& group, const Options& options, Report& report) {
  bool right = true;
  std::vector<double> logarithms[std::size(kSides)];
  for (const std::string& name : names_of(group)) {
    if (!options.only.empty() && options.only != name) continue;
    Rounds rounds[std::size(kSides)];
    std::vector<double> ratios[std::size(kSides)];
    std::uint64_t instructions = 0;
    for (int i = 0; i < options.rounds; ++i) {
      const Measured theirs = native(name, options);
      for (std::size_t side = 0; side < std::size(kSides); ++side) {
        if (!options.engine.empty() && options.engine != kSides[side].name) continue;
        const Measured ours = guest(path_of(group, name), kSides[side].engine, options);
        if (ours.output != theirs.output) {
          report.note("moxie." + name, "WRONG: " + ours.output + " instead of " + theirs.output);
          right = false;
        }
        if (instructions != 0 && instructions != ours.instructions) {
          report.note("moxie." + name, "WRONG: engines count different instructions");
          right = false;
        }
        instructions = ours.instructions;
        rounds[side].add(ours.seconds * 1e3, std::max(theirs.seconds, 1e-6) * 1e3);
        ratios[side].push_back(ours.seconds / std::max(theirs.seconds, 1e-6));
      }
    }
    for (std::size_t side = 0; side < std::size(kSides); ++side) {
      if (ratios[side].empty()) continue;
      report.line({"moxie." + name, kSides[side].name, "native", "ms"}, rounds[side]);
      logarithms[side].push_back(std::log(cosmoo::bench::median(ratios[side])));
    }
    report.note("  instructions", std::to_string(instructions));
  }
  for (std::size_t side = 0; side < std::size(kSides); ++side) {
    if (logarithms[side].empty()) continue;
    double sum = 0;
    for (const double logarithm : logarithms[side]) sum += logarithm;
    char text[100];
    std::snprintf(text, sizeof text, "%.2f times native over %zu guests | at most %g",
                  std::exp(sum / static_cast<double>(logarithms[side].size())),
                  logarithms[side].size(), kSides[side].bar);
    report.note(std::string("moxie.mean.") + kSides[side].name + group.suffix, text);
  }
  return right;
}

/// From bytes to the first instruction, and from a program that is there already.
void measure_start(const Options& options, Report& report) {
  const std::string elf = file(path_of(kTuned, names_of(kTuned).front()));
  const auto shared = must(Program::load(bytes_of(elf)));
  const int times = options.rounds_of_a_guest.empty() ? 2000 : 20;
  std::vector<double> fresh, cached;
  for (int i = 0; i < times; ++i) {
    double before = thread_seconds();
    {
      const auto machine = must(Machine::create(setup_of(must(Program::load(bytes_of(elf))), {})));
      machine->run(1);
      fresh.push_back((thread_seconds() - before) * 1e6);
    }
    before = thread_seconds();
    {
      const auto machine = must(Machine::create(setup_of(shared, {})));
      machine->run(1);
      cached.push_back((thread_seconds() - before) * 1e6);
    }
  }
  char text[120];
  std::snprintf(text, sizeof text,
                "fresh %.0f us | at most 300, cached %.0f us | at most 100 (medians)",
                cosmoo::bench::median(fresh), cosmoo::bench::median(cached));
  report.note("moxie.start", text);
}

std::size_t resident_bytes() {
  std::ifstream stream("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  stream >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// What guests take that have begun and wait for their next turn, besides the pages they touched:
/// those of the stack and of data.
void measure_waiting(Report& report) {
  constexpr std::size_t kGuests = 1000;
  const auto program = program_of(path_of(kTuned, names_of(kTuned).front()));
  std::vector<std::unique_ptr<Machine>> waiting;
  waiting.reserve(kGuests);
  const std::size_t before = resident_bytes();
  for (std::size_t i = 0; i < kGuests; ++i) {
    waiting.push_back(must(Machine::create(setup_of(program, {}))));
    waiting.back()->run(100);
  }
  char text[80];
  std::snprintf(text, sizeof text, "%.1f KiB each of %zu | at most 64",
                static_cast<double>(resident_bytes() - before) / 1024 / kGuests, kGuests);
  report.note("moxie.waiting", text);
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

/// What it takes to make machine code, over all guests, in programs that are new.
void measure_translation(const Options& options, Report& report) {
  std::vector<double> rates, growth;
  for (int i = 0; i < std::max(options.rounds, 3); ++i) {
    translator::Statistics all;
    std::chrono::nanoseconds took{};
    for (const std::string& name : names_of(kTuned)) {
      Setup setup = setup_of(program_of(path_of(kTuned, name)), options);
      setup.engine = Engine::translator;
      const auto machine = must(Machine::create(setup));
      machine->run(1'000'000);
      all.add(machine->translation());
      took += machine->time_spent().translating;
    }
    rates.push_back(static_cast<double>(all.instructions) / seconds(took) * 1e-6);
    growth.push_back(static_cast<double>(all.bytes) / static_cast<double>(all.guest_bytes));
  }
  char text[160];
  std::snprintf(text, sizeof text,
                "%.2f million instructions a second | at least 5, %.1f times the text | at most 8",
                cosmoo::bench::median(rates), cosmoo::bench::median(growth));
  report.note("moxie.translation", text);
}

/// A guest that runs for about a millisecond: alone, and where its program has machine code.
void measure_warm_up(Report& report) {
  constexpr std::uint64_t kMillisecond = 600'000;  // Instructions of the interpreter.
  const auto run = [](const std::shared_ptr<const Program>& program, Engine engine) {
    Setup setup = setup_of(program, {});
    setup.engine = engine;
    const auto machine = must(Machine::create(setup));
    const double before = thread_seconds();
    machine->run(kMillisecond);
    return (thread_seconds() - before) * 1e3;
  };
  const std::string path = path_of(kTuned, names_of(kTuned).front());
  const auto hot = program_of(path);
  Rounds alone, beside;
  run(hot, Engine::translator);
  for (int i = 0; i < 100; ++i) {
    const double interpreter = run(program_of(path), Engine::interpreter);
    alone.add(run(program_of(path), Engine::automatic), interpreter);
    beside.add(run(hot, Engine::automatic), interpreter);
  }
  report.line({"moxie.warm_up", "auto", "interpreter", "ms"}, alone);
  report.line({"moxie.warm_up.shared", "auto", "interpreter", "ms"}, beside);
}

/// How long a guest goes on that is told to stop, from its first millisecond on: while it is
/// interpreted, translated, and machine code.
void measure_kill(const Options& options, Report& report) {
  std::vector<double> took;
  const int times = options.rounds_of_a_guest.empty() ? 20 : 2;
  for (const std::string& name : names_of(kTuned)) {
    const auto program = program_of(path_of(kTuned, name));
    for (int i = 0; i < times; ++i) {
      Setup setup = setup_of(program, {});
      setup.engine = Engine::automatic;
      const auto machine = must(Machine::create(setup));
      std::chrono::steady_clock::time_point told;
      std::thread killer([&, i] {
        std::this_thread::sleep_for(std::chrono::microseconds(300 * (i + 1)));
        told = std::chrono::steady_clock::now();
        machine->interrupt();
      });
      const Stop stop = machine->run(Machine::kUnlimited);
      const auto ended = std::chrono::steady_clock::now();
      killer.join();
      if (stop.why == Stop::Why::interrupted) took.push_back(seconds(ended - told) * 1e6);
    }
  }
  char text[120];
  std::snprintf(text, sizeof text, "p50 %.0f, p99 %.0f, worst %.0f us of %zu | at most 1000",
                cosmoo::bench::median(took), cosmoo::bench::percentile(took, 0.99),
                cosmoo::bench::percentile(took, 1), took.size());
  report.note("moxie.kill", text);
}

/// Which instructions follow which others most often: for joined.inc.
struct Pairs final : Observer {
  void before(const Machine&, const Instruction& instruction) override {
    if (have_last) {
      const char* link = last.a == instruction.a   ? " same"
                         : last.a == instruction.b ? " feeds"
                                                   : " any";
      ++counts[std::string(info(last.operation).text) + " " +
               std::string(info(instruction.operation).text) + link];
    }
    last = instruction;
    have_last = info(instruction.operation).flow == Flow::next;
    ++all;
  }
  void after(const Machine&, const Instruction&, const Stop&) override {}
  Instruction last;
  bool have_last = false;
  std::uint64_t all = 0;
  std::map<std::string, std::uint64_t> counts;
};

void count_pairs(const Options& options) {
  Pairs pairs;
  Observer* observers[] = {&pairs};
  for (const std::string& name : names_of(kTuned)) {
    if (!options.only.empty() && options.only != name) continue;
    const auto machine =
        must(Machine::create(setup_of(program_of(path_of(kTuned, name)), options)));
    machine->run(100'000);  // Past the preparations.
    pairs.have_last = false;
    run_observed(*machine, 300'000, observers);
  }
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  for (const auto& [name, count] : pairs.counts) sorted.emplace_back(count, name);
  std::sort(sorted.rbegin(), sorted.rend());
  for (std::size_t i = 0; i < sorted.size() && i < 100; ++i) {
    const double share = static_cast<double>(sorted[i].first) / static_cast<double>(pairs.all);
    std::printf("%5.2f%% %s\n", 100 * share, sorted[i].second.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--quick") {
      options.rounds = 1;
      options.rounds_of_a_guest = "1";
    } else if (argument == "--pairs") {
      options.pairs = true;
    } else if (argument == "--only" && i + 1 < argc) {
      options.only = argv[++i];
    } else if (argument == "--engine" && i + 1 < argc) {
      options.engine = argv[++i];
    } else if (argument == "--rounds" && i + 1 < argc) {
      options.rounds = std::max(1, std::atoi(argv[++i]));
    } else {
      give_up("usage: bench_moxie [--quick] [--only NAME] [--engine NAME] [--rounds N] [--pairs]");
    }
  }
  if (options.pairs) {
    count_pairs(options);
    return 0;
  }
  Report report;
  if (options.only.empty()) {
    measure_start(options, report);
    measure_waiting(report);
    measure_translation(options, report);
    measure_warm_up(report);
    measure_kill(options, report);
  }
  const bool tuned_right = measure_speed(kTuned, options, report);
  const bool others_right = measure_speed(kOthers, options, report);
  return tuned_right && others_right ? 0 : 1;
}
