#include "server/options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <span>

namespace cosmoo {
namespace {

struct OptionRow {
  const char* name;
  const char* key;
  const char* help;
};

std::span<const OptionRow> rows();

ExitNow complain(const std::string& what) {
  std::fprintf(stderr, "cosmoo: %s\n", what.c_str());
  return {1};
}

}  // namespace

std::variant<Config, ExitNow> read_options(int argc, char** argv) {
  CLI::App app{"Cosmoo: a persistent, programmable world behind a telnet port.", "cosmoo"};
  app.set_version_flag("--version", "cosmoo " COSMOO_VERSION, "Print the version and exit");
  std::string config_file;
  app.add_option("--config", config_file, "The configuration file")->type_name("FILE");
  bool print_config = false;
  app.add_flag("--print-config", print_config, "Print the default configuration and exit");
  std::map<std::string, std::string> given;
  for (const OptionRow& row : rows()) {
    app.add_option(row.name, given[row.key], row.help)->type_name("VALUE");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help and --version
    return ExitNow{app.exit(asked)};
  } catch (const CLI::ParseError& error) {
    return complain(std::string(error.what()) + " (see --help)");
  }
  if (print_config) {
    std::fputs(default_config_text().c_str(), stdout);
    return ExitNow{0};
  }
  Config config;
  if (!config_file.empty()) {
    auto loaded = load_config(config_file);
    if (!loaded) return complain(loaded.error().message);
    config = std::move(*loaded);
  }
  for (const OptionRow& row : rows()) {
    if (app.count(row.name) == 0) continue;
    if (auto set = set_config(config, row.key, given[row.key]); !set) {
      return complain(std::string(row.name) + ": " + set.error().message);
    }
  }
  return config;
}

namespace {

// To add an option: a row that names its key of the configuration.
std::span<const OptionRow> rows() {
  static constexpr OptionRow kRows[] = {
      {"--listen", "listen.address", "The address to listen on"},
      {"--port", "listen.port", "The port to listen on; 0: any free one"},
      {"--data", "paths.data", "The directory that holds the world"},
      {"--scripts", "paths.scripts", "The in-world code that a new world begins with"},
      {"--executables", "paths.executables", "The programs that scripts may start"},
      {"--log-level", "log.level", "debug, info, warning, error or off"},
  };
  return kRows;
}

}  // namespace
}  // namespace cosmoo
