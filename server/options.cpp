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
void add_world_commands(CLI::App& app, WorldCommand& world);

ExitNow complain(const std::string& what) {
  std::fprintf(stderr, "cosmoo: %s\n", what.c_str());
  return {1};
}

}  // namespace

std::variant<Config, WorldCommand, ExitNow> read_options(int argc, char** argv,
                                                         std::span<const PrintOption> prints) {
  CLI::App app{"Cosmoo: a persistent, programmable world behind a telnet port.", "cosmoo"};
  app.footer("Ends with 0 when it did what was asked, with 1 when it did not.");
  app.set_version_flag("--version", "cosmoo " COSMOO_VERSION, "Print the version and exit");
  std::string config_file;
  app.add_option("--config", config_file, "The configuration file")->type_name("FILE");
  for (const PrintOption& print : prints) app.add_flag(print.name, print.help);
  std::map<std::string, std::string> given;
  for (const OptionRow& row : rows()) {
    app.add_option(row.name, given[row.key], row.help)->type_name("VALUE");
  }
  WorldCommand world;
  add_world_commands(app, world);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help and --version
    return ExitNow{app.exit(asked)};
  } catch (const CLI::ParseError& error) {
    return complain(std::string(error.what()) + " (see --help)");
  }
  for (const PrintOption& print : prints) {
    if (app.count(print.name) == 0) continue;
    std::fputs(print.text().c_str(), stdout);
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
  if (!world.run) return config;
  world.config = std::move(config);
  return world;
}

namespace {

// To add a command: a subcommand here, and what it does in world_command.cpp.
void add_world_commands(CLI::App& app, WorldCommand& world) {
  // Options such as --data may stand behind the command, too.
  CLI::App* group = app.add_subcommand("world", "Work with a world that no server has open");
  group->fallthrough()->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, auto run) {
    CLI::App* command = group->add_subcommand(name, help);
    command->fallthrough()->callback([&world, run] { world.run = run; });
    return command;
  };
  CLI::App* to = add("export", "Write it into a folder, one Lua file an object", export_command);
  to->add_option("FOLDER", world.folder, "Made if it is not there")->required();
  to->add_option("OBJECT", world.objects, "$NAME or #NUMBER; none: all objects");
  to->add_flag("--named", world.named, "The objects that have names, without their numbers");
  to->add_flag("--over", world.over, "Write over files that no export wrote");
  CLI::App* from = add("import", "Bring it in line with a folder; makes a new one", import_command);
  from->add_option("FOLDER", world.folder, "What an export wrote, or scripts")->required();
  from->add_flag("--replace", world.replace, "Values that are there give way, too");
  add("check", "See whether it is whole, and all its verbs compile", check_command);
}

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
