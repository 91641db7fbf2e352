#include "server/config.h"

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>
#include <span>
#include <system_error>
#include <variant>

namespace cosmoo {
namespace {

// Where a key's value lives; its type is the key's type.
using Field = std::variant<std::string*, std::int64_t*, double*, bool*, std::vector<std::string>*>;

struct Key {
  std::string_view name;
  Field (*field)(Config&);
  double least, most;        // of numbers
  std::string_view choices;  // of strings: "a|b|c", empty: any
  std::string_view help;
};

struct Section {
  std::string_view name;
  std::string_view help;
};

struct ProfileKey {
  std::string_view name;
  Field (*field)(Config::Profile&);
  double least, most;  // of numbers
  std::string_view choices;
  std::string_view help;
};

struct ProgramKey {
  std::string_view name;
  void (*set)(Config::Program&, double);  // null: it is a string
  bool integer;
  double least, most;
  std::string_view help;
};

std::span<const Key> keys();
std::span<const Section> sections();
std::span<const ProgramKey> program_keys();
std::span<const ProfileKey> profile_keys();

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string number_text(double number) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed);
  return {buffer, end.ptr};
}

std::string literal(const Field& field) {
  struct Printer {
    std::string operator()(const std::string* text) const { return in_quotes(*text); }
    std::string operator()(const std::int64_t* number) const { return std::to_string(*number); }
    std::string operator()(const double* number) const { return number_text(*number); }
    std::string operator()(const bool* flag) const { return *flag ? "true" : "false"; }
    std::string operator()(const std::vector<std::string>* items) const {
      std::string out = "[";
      for (const auto& item : *items) out += (out.size() > 1 ? ", " : "") + in_quotes(item);
      return out + "]";
    }
  };
  return std::visit(Printer{}, field);
}

tl::unexpected<Error> wrong(std::string reason) {
  return fail(ErrorCode::invarg, std::move(reason));
}

Result<void> check_range(const std::string& key, double number, double least, double most) {
  if (number >= least && number <= most) return {};
  return wrong(key + " must be from " + number_text(least) + " to " + number_text(most) + ", not " +
               number_text(number));
}

std::string with_commas(std::string_view choices) {
  std::string out;
  for (const char c : choices) out += c == '|' ? std::string(", ") : std::string(1, c);
  return out;
}

Result<void> check_choice(std::string_view name, std::string_view choices, std::string_view text) {
  if (choices.empty()) return {};
  const std::string all = "|" + std::string(choices) + "|";
  if (!text.empty() && all.find("|" + std::string(text) + "|") != std::string::npos) return {};
  return wrong(std::string(name) + " must be one of " + with_commas(choices) + ", not " +
               in_quotes(text));
}

// --- reading

class Reader {
 public:
  Reader(std::string_view file_name, Config& config) : file_name_(file_name), config_(config) {}

  Result<void> read(const toml::table& root) {
    for (auto&& [name, node] : root) {
      const std::string section(name.str());
      if (!std::any_of(sections().begin(), sections().end(),
                       [&](const Section& known) { return known.name == section; })) {
        return at(name.source(),
                  "there is no section [" + section + "]; known are " + known_sections());
      }
      if (section == "frame") {
        if (auto done = read_frames(name, node); !done) return done;
        continue;
      }
      const toml::table* table = node.as_table();
      if (table == nullptr) {
        return at(name.source(), section + " is a section: write [" + section + "]");
      }
      if (auto done = read_section(section, *table); !done) return done;
    }
    return {};
  }

 private:
  tl::unexpected<Error> at(const toml::source_region& where, std::string_view reason) const {
    return wrong(std::string(file_name_) + ":" + std::to_string(where.begin.line) + ": " +
                 std::string(reason));
  }

  static std::string known_sections() {
    std::string out;
    for (const Section& section : sections()) {
      out += (out.empty() ? "" : ", ") + std::string(section.name);
    }
    return out;
  }

  Result<void> read_section(const std::string& section, const toml::table& table) {
    for (auto&& [name, node] : table) {
      const std::string key = section + "." + std::string(name.str());
      if (section == "profile") {
        if (auto done = read_profile(name, node); !done) return done;
        continue;
      }
      if (key == "exec.program") {
        if (auto done = read_programs(name, node); !done) return done;
        continue;
      }
      const auto row = std::find_if(keys().begin(), keys().end(),
                                    [&](const Key& known) { return known.name == key; });
      if (row == keys().end()) {
        return at(name.source(),
                  "there is no key " + key + "; [" + section + "] has " + known_keys(section));
      }
      const auto done =
          read_value(key, row->field(config_), row->least, row->most, row->choices, node);
      if (!done) return at(node.source(), done.error().message);
    }
    return {};
  }

  Result<void> read_frames(const toml::key& name, const toml::node& node) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return at(name.source(), "write [[frame]], once for each frame");
    for (const toml::node& item : *array) {
      const toml::table* table = item.as_table();
      if (table == nullptr) return at(item.source(), "write [[frame]], once for each frame");
      Config::Frame frame;
      frame.where = std::string(file_name_) + ":" + std::to_string(item.source().begin.line);
      for (auto&& [key, value] : *table) {
        if (!value.is_string()) {
          return at(value.source(), "frame." + std::string(key.str()) + " must be a string");
        }
        frame.fields[std::string(key.str())] = **value.as_string();
      }
      config_.frames.push_back(std::move(frame));
    }
    return {};
  }

  Result<void> read_profile(const toml::key& name, const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      return at(name.source(),
                "write [profile.NAME]: each profile is a section of its own, with keys such as "
                "memory_mib");
    }
    Config::Profile& profile = config_.profiles[std::string(name.str())];
    for (auto&& [key, value] : *table) {
      const std::string full = "profile.*." + std::string(key.str());
      std::string known;
      const ProfileKey* found = nullptr;
      for (const ProfileKey& row : profile_keys()) {
        known += (known.empty() ? "" : ", ") + std::string(row.name);
        if (row.name == key.str()) found = &row;
      }
      if (found == nullptr) {
        return at(key.source(), "there is no key " + full + "; a profile has " + known);
      }
      const auto done =
          read_value(full, found->field(profile), found->least, found->most, found->choices, value);
      if (!done) return at(value.source(), done.error().message);
    }
    return {};
  }

  static std::string known_keys(const std::string& section) {
    std::string out;
    for (const Key& key : keys()) {
      if (!key.name.starts_with(section + ".")) continue;
      out += (out.empty() ? "" : ", ") + std::string(key.name.substr(section.size() + 1));
    }
    return out;
  }

  static Result<void> read_value(const std::string& name, const Field& field, double least,
                                 double most, std::string_view choices, const toml::node& node) {
    if (auto* text = std::get_if<std::string*>(&field)) {
      if (!node.is_string()) return wrong(name + " must be a string");
      **text = **node.as_string();
      return check_choice(name, choices, **text);
    }
    if (auto* number = std::get_if<std::int64_t*>(&field)) {
      if (!node.is_integer()) return wrong(name + " must be an integer");
      **number = **node.as_integer();
      return check_range(name, static_cast<double>(**number), least, most);
    }
    if (auto* number = std::get_if<double*>(&field)) {
      if (!node.is_number()) return wrong(name + " must be a number");
      **number = node.value<double>().value_or(0);
      return check_range(name, **number, least, most);
    }
    if (auto* flag = std::get_if<bool*>(&field)) {
      if (!node.is_boolean()) return wrong(name + " must be true or false");
      **flag = **node.as_boolean();
      return {};
    }
    auto& items = *std::get<std::vector<std::string>*>(field);
    items.clear();
    const toml::array* array = node.as_array();
    if (array == nullptr) return wrong(name + " must be a list of strings");
    for (const toml::node& item : *array) {
      if (!item.is_string()) return wrong(name + " must be a list of strings");
      items.push_back(**item.as_string());
    }
    return {};
  }

  Result<void> read_programs(const toml::key& name, const toml::node& node) {
    const toml::table* programs = node.as_table();
    if (programs == nullptr) {
      return at(name.source(),
                "exec.program holds a section for each program: "
                "[exec.program.NAME]");
    }
    for (auto&& [program, settings] : *programs) {
      const toml::table* table = settings.as_table();
      if (table == nullptr) {
        return at(program.source(), "write [exec.program." + std::string(program.str()) + "]");
      }
      Config::Program& target = config_.exec.programs[std::string(program.str())];
      for (auto&& [key, value] : *table) {
        if (auto done = read_program_key(target, key, value); !done) return done;
      }
    }
    return {};
  }

  Result<void> read_program_key(Config::Program& program, const toml::key& key,
                                const toml::node& value) {
    const std::string name = "exec.program.*." + std::string(key.str());
    std::string known;
    for (const ProgramKey& row : program_keys()) {
      known += (known.empty() ? "" : ", ") + std::string(row.name);
      if (row.name != key.str()) continue;
      if (row.set == nullptr) {
        if (!value.is_string()) return at(value.source(), name + " must be a string");
        program.profile = **value.as_string();
        return {};
      }
      if (row.integer ? !value.is_integer() : !value.is_number()) {
        return at(value.source(),
                  name + (row.integer ? " must be an integer" : " must be a number"));
      }
      const double number = value.value<double>().value_or(0);
      if (auto done = check_range(name, number, row.least, row.most); !done) {
        return at(value.source(), done.error().message);
      }
      row.set(program, number);
      return {};
    }
    return at(key.source(), "there is no key " + name + "; a program has " + known);
  }

  std::string_view file_name_;
  Config& config_;
};

Result<Config> from_table(const toml::parse_result& parsed, std::string_view file_name) {
  Config config;
  if (auto done = Reader(file_name, config).read(parsed); !done) {
    return tl::unexpected(done.error());
  }
  return config;
}

}  // namespace

Result<Config> parse_config(std::string_view text, std::string_view file_name) {
  try {
    return from_table(toml::parse(text, file_name), file_name);
  } catch (const toml::parse_error& error) {
    return wrong(std::string(file_name) + ":" + std::to_string(error.source().begin.line) + ": " +
                 std::string(error.description()));
  }
}

Result<Config> load_config(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    return wrong(file.string() + ": " + (error ? error.message() : "not a file"));
  }
  try {
    return from_table(toml::parse_file(file.string()), file.string());
  } catch (const toml::parse_error& caught) {
    const auto line = caught.source().begin.line;
    return wrong(file.string() + (line != 0 ? ":" + std::to_string(line) : std::string()) + ": " +
                 std::string(caught.description()));
  }
}

Result<void> set_config(Config& config, std::string_view name, const std::string& text) {
  const auto row =
      std::find_if(keys().begin(), keys().end(), [&](const Key& key) { return key.name == name; });
  if (row == keys().end()) return wrong("there is no key " + std::string(name));
  const Field field = row->field(config);
  if (auto* target = std::get_if<std::string*>(&field)) {
    **target = text;
    return check_choice(row->name, row->choices, text);
  }
  if (auto* target = std::get_if<std::int64_t*>(&field)) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), **target);
    if (error != std::errc() || end != text.data() + text.size()) {
      return wrong(std::string(name) + " must be an integer, not " + in_quotes(text));
    }
    return check_range(std::string(name), static_cast<double>(**target), row->least, row->most);
  }
  return wrong(std::string(name) + " can only be set in the file");
}

namespace {

constexpr std::string_view kFramesText =
    "\n# Frames of one's own in the tree of what can be executed: as frame.bind() takes them, all\n"
    "# strings. The values here are examples.\n"
    "# [[frame]]\n"
    "# aframe_id = \"tools/records\"    # Its path.\n"
    "# module_id = \"dlib\"    # dlib: a library; dlsym: a function of the one above it; exec; "
    "moxie.\n"
    "# addr = \"records.so\"    # The file beneath the modules, the symbol, the program, the "
    "guest.\n"
    "# isolate = \"call\"    # Of a library: a process for each call; \"library\": one for all.\n"
    "# profile = \"confined\"    # Of a library: how its functions are confined.\n"
    "# value = \"\"    # Of a frame without a module: bytes of its own.\n";

std::string profiles_text() {
  std::string out =
      "\n# Profiles of one's own, or changes of open, confined and sealed. What is not set is as "
      "in\n"
      "# the profile that it is based on; the values here are examples.\n# [profile.NAME]\n";
  Config::Profile example{
      "confined", "none", {"/srv/data"}, {"/srv/results"}, 64, 65534, 65534, 10, 512, 64, 1024,
      256,        100};
  for (const ProfileKey& key : profile_keys()) {
    const Field field = key.field(example);
    out += "# " + std::string(key.name) + " = " + literal(field) + "    # " + std::string(key.help);
    if (!key.choices.empty()) out += " One of " + with_commas(key.choices) + ".";
    if (std::holds_alternative<std::int64_t*>(field) || std::holds_alternative<double*>(field)) {
      out += " From " + number_text(key.least) + " to " + number_text(key.most) + ".";
    }
    out += "\n";
  }
  return out;
}

}  // namespace

std::string default_config_text() {
  Config defaults;
  std::string out =
      "# Cosmoo's configuration. Every key has a default, shown here; a file needs only the keys\n"
      "# that it changes. Relative paths start at the directory the server was started in.\n";
  for (const Section& section : sections()) {
    if (section.name == "frame") continue;  // tables of their own: at the end
    out += "\n# " + std::string(section.help) + "\n[" + std::string(section.name) + "]\n";
    for (const Key& key : keys()) {
      if (!key.name.starts_with(std::string(section.name) + ".")) continue;
      const Field field = key.field(defaults);
      std::string range;
      if (!key.choices.empty()) range = " One of " + with_commas(key.choices) + ".";
      if (std::holds_alternative<std::int64_t*>(field) || std::holds_alternative<double*>(field)) {
        range = " From " + number_text(key.least) + " to " + number_text(key.most) + ".";
      }
      out += "# " + std::string(key.help) + range + "\n";
      out += std::string(key.name.substr(section.name.size() + 1)) + " = " + literal(field) + "\n";
    }
  }
  out +=
      "\n# What one program beneath the executables directory may do differently.\n"
      "# [exec.program.NAME]\n";
  for (const ProgramKey& key : program_keys()) {
    if (key.set == nullptr) {
      out += "# " + std::string(key.name) + " = \"confined\"    # " + std::string(key.help) + "\n";
      continue;
    }
    out += "# " + std::string(key.name) + " = " + number_text(key.least) + "    # " +
           std::string(key.help) + " From " + number_text(key.least) + " to " +
           number_text(key.most) + ".\n";
  }
  out += profiles_text();
  out += kFramesText;
  return out;
}

std::filesystem::path shipped_directory(std::string_view name) {
  std::error_code error;
  const auto binary = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto installed = binary.parent_path().parent_path() / "share" / "cosmoo" / name;
  if (!error && std::filesystem::is_directory(installed, error)) return installed;
  const auto built = binary.parent_path().parent_path() / name;
  if (name == "modules" && std::filesystem::is_directory(built, error)) return built;
  return std::filesystem::path(COSMOO_SOURCE_DIR) / name;
}

namespace {

constexpr double kMaxSeconds = 1e9;
constexpr double kMaxBytes = 1 << 30;

// To add a section or a key: a member of Config with its default, and a row here.
std::span<const Section> sections() {
  static constexpr Section kSections[] = {
      {"listen", "Where players and programs connect."},
      {"network", "Where scripts may connect, with open_network_connection()."},
      {"paths", "Where things are."},
      {"log", "What is written down of the server's work."},
      {"sessions", "What one connection may use."},
      {"budgets", "What the world's code may use up."},
      {"exec", "What scripts may start outside the world."},
      {"profile", "How what they start is confined: see the end of this file."},
      {"frame", "What can be executed, by paths of one's own: see the end of this file."},
      {"process", "Processes that scripts keep by handles, besides what [exec] says of all."},
      {"sandbox",
       "What guests may use up: programs for the simulated processor, which any programmer "
       "may run."},
      {"accounts", "How passwords are kept (argon2id)."},
  };
  return kSections;
}

#define FIELD(member) [](Config& config) -> Field { return &config.member; }

std::span<const Key> keys() {
  static constexpr Key kKeys[] = {
      {"listen.address", FIELD(listen.address), 0, 0, "",
       "The address to listen on for telnet: 0.0.0.0 or :: for all."},
      {"listen.port", FIELD(listen.port), 0, 65535, "",
       "The port to listen on for telnet; 0 takes any free one."},
      {"listen.max_listeners", FIELD(listen.max_listeners), 1, 1000, "",
       "Ports that may be listened on at once, with those that the world's listen() opens."},

      {"network.outbound", FIELD(network.outbound), 0, 0, "",
       "Whether wizards' code may connect to other machines and programs at all."},
      {"network.outbound_allowed", FIELD(network.outbound_allowed), 0, 0, "",
       "Where it may: \"example.org:80\", or \"example.org:*\" for every port; an empty list: "
       "nowhere. The host is compared as the code names it."},
      {"network.max_outbound", FIELD(network.max_outbound), 1, 10'000, "",
       "Such connections that may be open, or being opened; one more is E_QUOTA."},
      {"network.timeout_seconds", FIELD(network.timeout_seconds), 0.01, kMaxSeconds, "",
       "One that is not there by then is E_INVARG."},

      {"paths.data", FIELD(paths.data), 0, 0, "",
       "The directory that holds the world; made if it is not there."},
      {"paths.scripts", FIELD(paths.scripts), 0, 0, "",
       "The in-world code that a new world begins with; empty: what came with the server."},
      {"paths.executables", FIELD(paths.executables), 0, 0, "",
       "The programs that scripts may start; empty: what came with the server."},
      {"paths.modules", FIELD(paths.modules), 0, 0, "",
       "The shared libraries whose functions frames may call; empty: what came with the server."},
      {"paths.export", FIELD(paths.export_to), 0, 0, "",
       "The folder that @export writes and @import reads; empty: export beneath the data."},

      {"log.level", FIELD(log.level), 0, 0, "debug|info|warning|error|off", "How much is logged."},
      {"log.file", FIELD(log.file), 0, 0, "",
       "The log file, reopened on SIGHUP; empty: standard error."},

      {"sessions.idle_before_login_seconds", FIELD(sessions.idle_before_login_seconds), 0,
       kMaxSeconds, "",
       "A connection that has not logged in and is silent for so long is closed; 0: never."},
      {"sessions.idle_seconds", FIELD(sessions.idle_seconds), 0, kMaxSeconds, "",
       "A player who is silent for so long is disconnected; 0: never."},
      {"sessions.line_bytes", FIELD(sessions.line_bytes), 80, kMaxBytes, "",
       "The longest line of input; a longer one is refused and skipped."},
      {"sessions.input_bytes", FIELD(sessions.input_bytes), 1024, kMaxBytes, "",
       "How much input waits for its turn before no more is read from the connection."},
      {"sessions.output_bytes", FIELD(sessions.output_bytes), 4096, kMaxBytes, "",
       "How much output waits for a slow client before lines of it are dropped."},
      {"sessions.max_connections", FIELD(sessions.max_connections), 1, 1'000'000, "",
       "More connections at once are turned away."},
      {"sessions.max_per_address", FIELD(sessions.max_per_address), 0, 1'000'000, "",
       "More connections at once from one address are turned away; of IPv6, from one network of 64 "
       "bits; 0: no limit. Behind a proxy on another machine all come from its address."},
      {"sessions.limit_loopback", FIELD(sessions.limit_loopback), 0, 0, "",
       "Whether that is so for this machine's own addresses too; false: a proxy on it may pass on "
       "as many as there are."},
      {"sessions.login_attempts", FIELD(sessions.login_attempts), 1, 1000, "",
       "So many wrong passwords close the connection."},
      {"sessions.do_login_command", FIELD(sessions.do_login_command), 0, 0, "",
       "Whether the world's do_login_command decides who logs in; false: `connect` alone does."},
      {"sessions.do_login_command_seconds", FIELD(sessions.do_login_command_seconds), 0.01,
       kMaxSeconds, "",
       "One that for so long neither answers nor reads a line is ended, as if it had failed."},
      {"sessions.offer_telnet_options", FIELD(sessions.offer_telnet_options), 0, 0, "",
       "Ask every client for its window size and terminal at once; false: when it has shown that "
       "it speaks telnet."},

      {"budgets.foreground_ticks", FIELD(budgets.foreground_ticks), 100, 1e15, "",
       "Ticks of a command until it suspends or ends; a player's property fg_ticks overrides it, "
       "if "
       "a wizard owns that and it is not writable. The same goes for fg_seconds, bg_ticks, "
       "bg_seconds and queued_task_limit."},
      {"budgets.foreground_seconds", FIELD(budgets.foreground_seconds), 0.01, kMaxSeconds, "",
       "Seconds of a command until it suspends or ends."},
      {"budgets.background_ticks", FIELD(budgets.background_ticks), 100, 1e15, "",
       "Ticks of a forked or resumed task until it suspends again or ends."},
      {"budgets.background_seconds", FIELD(budgets.background_seconds), 0.01, kMaxSeconds, "",
       "Seconds of a forked or resumed task until it suspends again or ends."},
      {"budgets.task_memory_mib", FIELD(budgets.task_memory_mib), 1, 1 << 20, "",
       "Memory that one task may allocate, in MiB."},
      {"budgets.engine_memory_mib", FIELD(budgets.engine_memory_mib), 16, 1 << 20, "",
       "Memory that all tasks together may hold, in MiB."},
      {"budgets.call_depth", FIELD(budgets.call_depth), 5, 150, "",
       "How deep verbs may call verbs."},
      {"budgets.tasks_per_player", FIELD(budgets.tasks_per_player), 1, 1e9, "",
       "Tasks of one owner that may wait at once, or be ready to run."},
      {"budgets.owner_mib", FIELD(budgets.owner_mib), 0, 1 << 20, "",
       "What one owner's objects may hold, in MiB, unless its byte_quota says otherwise; 0: no "
       "limit."},

      {"exec.max_jobs", FIELD(exec.max_jobs), 1, 100'000, "",
       "Programs that may run at once; one more is E_QUOTA. Guests have a limit of their own: "
       "sandbox.max_guests."},
      {"exec.timeout_seconds", FIELD(exec.timeout_seconds), 0, kMaxSeconds, "",
       "A job is ended after so long; 0: never."},
      {"exec.output_bytes", FIELD(exec.output_bytes), 0, kMaxBytes, "",
       "A job is ended when its standard output or error exceeds this."},
      {"exec.input_bytes", FIELD(exec.input_bytes), 0, kMaxBytes, "",
       "The most standard input that a job may be given."},
      {"exec.allowed", FIELD(exec.allowed), 0, 0, "",
       "The programs that may be started; an empty list: all beneath the directory."},
      {"exec.allow_loader_environment", FIELD(exec.allow_loader_environment), 0, 0, "",
       "Whether scripts may set the loader's variables (LD_PRELOAD and the like)."},
      {"exec.profile", FIELD(exec.profile), 0, 0, "",
       "How a job is confined that asks for nothing else: open (limits only), confined (no "
       "network, "
       "a read-only root with the system's programs, a private /tmp), sealed (libraries alone), or "
       "a "
       "profile of one's own."},
      {"exec.strict", FIELD(exec.strict), 0, 0, "",
       "Whether the server refuses to start unless it is root and this machine has every limit and "
       "wall; otherwise it warns of each that is missing."},

      {"process.max_handles", FIELD(process.max_handles), 1, 10'000, "",
       "Handles that process.spawn() may have given at once."},
      {"process.on_full", FIELD(process.on_full), 0, 0, "evict|refuse",
       "With one more the oldest handle of a process that has ended goes. If all run: evict kills "
       "the oldest process, refuse raises E_QUOTA."},
      {"process.timeout_seconds", FIELD(process.timeout_seconds), 0, kMaxSeconds, "",
       "A spawned process is ended after so long; 0: never."},
      {"process.shell", FIELD(process.shell), 0, 0, "",
       "The program beneath the executables that runs the text which process.spawn() is given as "
       "`command`: as NAME -c TEXT. None is there unless you put it there; empty: never."},

      {"sandbox.threads", FIELD(sandbox.threads), 1, 256, "", "Threads that guests run on."},
      {"sandbox.engine", FIELD(sandbox.engine), 0, 0, "auto|jit|interp",
       "What executes them, all with the same results: auto translates what runs on into machine "
       "code, jit all at once, interp nothing."},
      {"sandbox.instructions", FIELD(sandbox.instructions), 1, 1e15, "",
       "Instructions of a run that does not ask for another number."},
      {"sandbox.memory_mib", FIELD(sandbox.memory_mib), 1, 4096, "",
       "Memory in MiB of a run that does not ask for another amount."},
      {"sandbox.timeout_seconds", FIELD(sandbox.timeout_seconds), 0, kMaxSeconds, "",
       "A run is ended after so long; 0: never."},
      {"sandbox.output_bytes", FIELD(sandbox.output_bytes), 0, kMaxBytes, "",
       "The most that a run's output, and its state, may have."},
      {"sandbox.data_bytes", FIELD(sandbox.data_bytes), 0, kMaxBytes, "",
       "The most that a run's data files may have together."},
      {"sandbox.max_guests", FIELD(sandbox.max_guests), 0, 100'000, "",
       "Guests that may run at once, whosever they are; one more is E_QUOTA."},
      {"sandbox.max_memory_mib", FIELD(sandbox.max_memory_mib), 1, 1 << 20, "",
       "Memory in MiB that all running guests may have been given together."},
      {"sandbox.guests_per_programmer", FIELD(sandbox.guests_per_programmer), 0, 100'000, "",
       "Guests that one programmer may have running; one more is E_QUOTA."},
      {"sandbox.instructions_per_programmer", FIELD(sandbox.instructions_per_programmer), 1, 1e15,
       "", "Instructions that one programmer's running guests may have been given together."},
      {"sandbox.memory_mib_per_programmer", FIELD(sandbox.memory_mib_per_programmer), 1, 1 << 20,
       "", "Memory in MiB that one programmer's running guests may have been given together."},

      {"accounts.argon2_memory_mib", FIELD(accounts.argon2_memory_mib), 1, 4096, "",
       "Memory that checking a password takes, in MiB."},
      {"accounts.argon2_passes", FIELD(accounts.argon2_passes), 1, 100, "",
       "Passes that checking a password takes."},
  };
  return kKeys;
}

#undef FIELD

std::span<const ProgramKey> program_keys() {
  static constexpr ProgramKey kKeys[] = {
      {"timeout_seconds", [](Config::Program& program, double n) { program.timeout_seconds = n; },
       false, 0, kMaxSeconds, "It is ended after so long; 0: never."},
      {"output_bytes",
       [](Config::Program& program, double n) {
         program.output_bytes = static_cast<std::int64_t>(n);
       },
       true, 0, kMaxBytes, "It is ended when its standard output or error exceeds this."},
      {"profile", nullptr, false, 0, 0, "How it is confined."},
  };
  return kKeys;
}

#define FIELD(member) [](Config::Profile& profile) -> Field { return &profile.member; }

std::span<const ProfileKey> profile_keys() {
  static constexpr double kMostId = 4'294'967'294;
  static constexpr ProfileKey kKeys[] = {
      {"based_on", FIELD(based_on), 0, 0, "open|confined|sealed", "The profile that it changes."},
      {"network", FIELD(network), 0, 0, "none|host", "Whether its jobs reach the network."},
      {"readable", FIELD(readable), 0, 0, "", "Paths that its jobs may read besides."},
      {"writable", FIELD(writable), 0, 0, "", "Paths that its jobs may write to besides /tmp."},
      {"tmp_mib", FIELD(tmp_mib), 1, 1 << 20, "", "What fits into a job's private /tmp, in MiB."},
      {"uid", FIELD(uid), 0, kMostId, "", "The user that its jobs run as, if the server is root."},
      {"gid", FIELD(gid), 0, kMostId, "", "Their group."},
      {"cpu_seconds", FIELD(cpu_seconds), 0.01, kMaxSeconds, "",
       "A job is ended when it has computed for so long."},
      {"memory_mib", FIELD(memory_mib), 4, 1 << 24, "",
       "A job is ended when it needs more memory, in MiB."},
      {"processes", FIELD(processes), 1, 1 << 22, "",
       "A job is ended when it starts more processes and threads at once."},
      {"cpu_shares", FIELD(cpu_shares), 2, 262'144, "",
       "A job's part of a busy machine, against 1024 for others."},
      {"open_files", FIELD(open_files), 4, 1 << 20, "", "Files that a process may have open."},
      {"file_size_mib", FIELD(file_size_mib), 1, 1 << 24, "",
       "A process is ended when it makes a larger file, in MiB."},
  };
  return kKeys;
}

#undef FIELD

}  // namespace
}  // namespace cosmoo
