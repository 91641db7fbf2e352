#include "sandbox/moxie/cli/options.h"

#include <CLI/CLI.hpp>

namespace cosmoo::moxie::cli {

namespace {

constexpr const char* kDescription =
    "Runs a guest, a program for the simulated Moxie processor, which can reach nothing but its "
    "data.\nThe memory map goes to standard error.";

constexpr const char* kFooter =
    "\nBYTES and INSTRUCTIONS may end in k, m or g (of 1024 and 1000).\n"
    "Ends as the guest does (0 to 255); with 124 when the budget is spent, with 128 + N after a\n"
    "fault (132 SIGILL, 133 SIGTRAP, 135 SIGBUS, 136 SIGFPE), with 137 when the debugger killed "
    "it,\n"
    "and with 125 when nothing could be run or written. --json tells them apart.";

/// A number with one of the suffixes, each worth a power of `thousand`.
std::string read_number(const std::string& text, std::uint64_t thousand, std::uint64_t& number) {
  std::size_t used = 0;
  unsigned long long value = 0;
  try {
    if (text.empty() || text[0] < '0' || text[0] > '9') throw std::invalid_argument(text);
    value = std::stoull(text, &used, 0);
  } catch (const std::exception&) {
    return "\"" + text + "\" is no number";
  }
  std::uint64_t factor = 1;
  if (used + 1 == text.size()) {
    const std::size_t power = std::string_view("kmg").find(static_cast<char>(text[used] | 0x20));
    if (power == std::string_view::npos) return "\"" + text + "\": the suffix is none of k, m, g";
    for (std::size_t i = 0; i <= power; ++i) factor *= thousand;
    ++used;
  }
  if (used != text.size()) return "\"" + text + "\" is no number";
  if (value > Machine::kUnlimited / factor) return "\"" + text + "\" is too large";
  number = value * factor;
  return {};
}

CLI::Option* add_number(CLI::App& app, const std::string& name, std::uint64_t thousand,
                        std::uint64_t& number, const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [&number, thousand, name](const std::string& text) {
            const std::string wrong = read_number(text, thousand, number);
            if (!wrong.empty()) throw CLI::ValidationError(name, wrong);
          },
          help)
      ->type_name(thousand == 1000 ? "INSTRUCTIONS" : "BYTES");
}

void choose_engine(const std::string& name, Options& options) {
  options.step = name == "step";
  if (const auto engine = engine_named(name)) {
    options.engine = *engine;
  } else if (!options.step) {
    throw CLI::ValidationError("--engine",
                               "there is no \"" + name + "\", but interp, jit, auto and step");
  }
}

std::string check(const Options& options) {
  if (options.programs.empty()) return "no program: name one with -e";
  if (options.heap_bytes >= kAddressSpace || options.stack_bytes >= kAddressSpace)
    return "a guest has 4 GiB of addresses";
  if (options.stack_bytes == 0) return "a guest needs a stack";
  if ((options.output == "-") + (options.state == "-") + options.json > 1)
    return "-o -, --state - and --json: only one can write to standard output";
  if (options.gdb_port && (options.trace || !options.profile.empty()))
    return "-g goes neither with -t nor with -p";
  return {};
}

}  // namespace

tl::expected<Options, int> parse_options(int argc, char** argv) {
  Options options;
  CLI::App app{kDescription, "cosmoo-sandbox"};
  app.footer(kFooter);
  const auto folder = CLI::Validator(CLI::ExistingDirectory).description("");
  const auto many = [&app](const char* name, std::vector<std::string>& into, const char* help) {
    return app.add_option(name, into, help)->expected(1)->take_all();
  };
  many("-e,--program", options.programs,
       "ELF file, or the SHA-256 of one in a folder of -E; of several the last is entered")
      ->type_name("FILE");
  many("-E,--program-folder", options.program_folders, "where to look for programs by SHA-256")
      ->check(folder)
      ->type_name("DIR");
  many("-d,--data", options.data, "data file, or the SHA-256 of one in a folder of -D")
      ->type_name("FILE");
  many("-D,--data-folder", options.data_folders, "where to look for data by SHA-256")
      ->check(folder)
      ->type_name("DIR");
  app.add_option("-o,--output", options.output, "file for the output; -: standard output")
      ->type_name("FILE");
  app.add_option("--state", options.state, "file for the state; -: standard output")
      ->type_name("FILE");
  app.add_flag("-t,--trace", options.trace, "tell each instruction on standard error");
  app.add_option("-g,--gdb", options.gdb_port, "wait on this port of 127.0.0.1 for gdb; 0: any")
      ->type_name("PORT");
  app.add_option("-p,--profile", options.profile, "write a profile for moxie-moxiebox-gprof")
      ->type_name("FILE");
  add_number(app, "--budget", 1000, options.budget, "instructions allowed; without: any number");
  add_number(app, "--heap", 1024, options.heap_bytes, "most that mmap() gives; 256 MiB less 1");
  add_number(app, "--stack", 1024, options.stack_bytes, "size of the stack; 64 KiB");
  app.add_option_function<std::string>(
         "--engine", [&options](const std::string& name) { choose_engine(name, options); },
         "interp; jit: machine code; auto: machine code for what runs on; step: one instruction at "
         "a "
         "time")
      ->type_name("NAME");
  app.add_flag("--json", options.json, "tell how it ended, as JSON on standard output");
  app.add_flag("--disassemble", options.disassemble, "print the code of the programs and end");
  try {
    app.parse(argc, argv);
    const std::string wrong = check(options);
    if (!wrong.empty()) throw CLI::ValidationError(wrong);
  } catch (const CLI::ParseError& error) {
    return tl::unexpected(app.exit(error) == 0 ? 0 : int{kFailed});
  }
  return options;
}

}  // namespace cosmoo::moxie::cli
