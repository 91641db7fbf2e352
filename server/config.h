// The server's configuration: one TOML file, every key with a default.
//
// The table of keys stands at the end of config.cpp; the annotated default file that
// `cosmoo --print-config` prints comes from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/error.h"

namespace cosmoo {

struct Config {
  struct Listen {
    std::string address = "127.0.0.1";
    std::int64_t port = 7777;
    std::int64_t max_listeners = 16;
  } listen;

  struct Network {
    bool outbound = false;
    std::vector<std::string> outbound_allowed;  ///< "HOST:PORT" or "HOST:*"; empty: none.
    std::int64_t max_outbound = 16;
    double timeout_seconds = 30;
  } network;

  struct Paths {
    std::string data = "cosmoo-data";
    std::string scripts;      ///< Empty: those that came with the server.
    std::string executables;  ///< Empty: those that came with the server.
    std::string modules;      ///< Likewise.
    std::string export_to;    ///< Empty: "export" beneath data.
  } paths;

  struct Log {
    std::string level = "info";
    std::string file;  ///< Empty: standard error.
  } log;

  struct Sessions {
    double idle_before_login_seconds = 300;
    double idle_seconds = 0;
    std::int64_t line_bytes = 64 << 10;
    std::int64_t input_bytes = 64 << 10;
    std::int64_t output_bytes = 64 << 10;
    std::int64_t max_connections = 10'000;
    std::int64_t max_per_address = 100;
    bool limit_loopback = false;
    std::int64_t login_attempts = 3;
    bool do_login_command = true;
    double do_login_command_seconds = 30;
    bool offer_telnet_options = false;
  } sessions;

  struct Budgets {
    std::int64_t foreground_ticks = 60'000;
    double foreground_seconds = 5;
    std::int64_t background_ticks = 30'000;
    double background_seconds = 3;
    std::int64_t task_memory_mib = 64;
    std::int64_t engine_memory_mib = 1024;
    std::int64_t call_depth = 50;
    std::int64_t tasks_per_player = 100'000;
    std::int64_t owner_mib = 64;
  } budgets;

  /// What one program may do differently; what is not set is as for all.
  struct Program {
    std::optional<double> timeout_seconds;
    std::optional<std::int64_t> output_bytes;
    std::optional<std::string> profile;
    bool operator==(const Program&) const = default;
  };

  /// How jobs are confined, and what they may use up: see sandbox/process/profile.h. What is 0, -1
  /// or empty here is as in the profile that it is based on.
  struct Profile {
    std::string based_on;  ///< Empty: the built-in one of this name, else "confined".
    std::string network;
    std::vector<std::string> readable;  ///< Besides those of the other.
    std::vector<std::string> writable;
    std::int64_t tmp_mib = 0;
    std::int64_t uid = -1;
    std::int64_t gid = -1;
    double cpu_seconds = 0;
    std::int64_t memory_mib = 0;
    std::int64_t processes = 0;
    std::int64_t cpu_shares = 0;
    std::int64_t open_files = 0;
    std::int64_t file_size_mib = 0;
    bool operator==(const Profile&) const = default;
  };
  std::map<std::string, Profile> profiles;

  struct Exec {
    std::int64_t max_jobs = 256;
    double timeout_seconds = 60;
    std::int64_t output_bytes = 1 << 20;
    std::int64_t input_bytes = 64 << 20;
    std::vector<std::string> allowed;  ///< Empty: all.
    bool allow_loader_environment = false;
    std::string profile = "open";
    bool strict = false;
    std::map<std::string, Program> programs;  ///< By name beneath executables.
  } exec;

  /// A frame that is there from the start. What its fields mean, builtins/ knows.
  struct Frame {
    std::string where;  ///< "FILE:LINE"
    std::map<std::string, std::string> fields;
    bool operator==(const Frame&) const = default;
  };
  std::vector<Frame> frames;

  struct Process {
    std::int64_t max_handles = 64;
    std::string on_full = "evict";
    double timeout_seconds = 0;
    std::string shell = "sh";
  } process;

  struct Sandbox {
    std::int64_t threads = 2;
    std::string engine = "auto";
    std::int64_t instructions = 1'000'000'000;
    std::int64_t memory_mib = 64;
    double timeout_seconds = 60;
    std::int64_t output_bytes = 1 << 20;
    std::int64_t data_bytes = 16 << 20;
    std::int64_t max_guests = 256;
    std::int64_t max_memory_mib = 4096;
    std::int64_t guests_per_programmer = 8;
    std::int64_t instructions_per_programmer = 20'000'000'000;
    std::int64_t memory_mib_per_programmer = 256;
  } sandbox;

  struct Accounts {
    std::int64_t argon2_memory_mib = 64;
    std::int64_t argon2_passes = 2;
  } accounts;
};

/// Reads a configuration. Errors are "FILE:LINE: reason".
Result<Config> load_config(const std::filesystem::path& file);
Result<Config> parse_config(std::string_view text, std::string_view file_name);

/// Sets one key from the text of a command line option, under the rules of the file. The error's
/// message is the reason alone.
Result<void> set_config(Config& config, std::string_view key, const std::string& text);

/// The complete default file, annotated.
std::string default_config_text();

/// Where the scripts and executables that came with the server are: beneath <prefix>/share/cosmoo
/// if the binary is <prefix>/bin/cosmoo, else in the source tree that it was built from; modules,
/// which are built, beside the binary's folder.
std::filesystem::path shipped_directory(std::string_view name);

}  // namespace cosmoo
