#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "server/config.h"

using namespace cosmoo;

namespace {

std::string error_of(std::string_view text) {
  const auto parsed = parse_config(text, "moo.toml");
  return parsed ? "" : parsed.error().message;
}

}  // namespace

TEST_CASE("the checked-in example is what --print-config prints") {
  std::ifstream in(COSMOO_SOURCE_DIR "/server/cosmoo.toml.example");
  std::ostringstream text;
  text << in.rdbuf();
  CHECK(text.str() == default_config_text());
}

TEST_CASE("the printed default file is read without error and changes nothing") {
  const auto parsed = parse_config(default_config_text(), "moo.toml");
  REQUIRE(parsed);
  CHECK(parsed->listen.port == 7777);
  CHECK(parsed->sessions.idle_before_login_seconds == 300);
  CHECK(parsed->exec.allowed.empty());
}

TEST_CASE("an empty file is the defaults") {
  const auto parsed = parse_config("", "moo.toml");
  REQUIRE(parsed);
  CHECK(parsed->listen.address == "127.0.0.1");
  CHECK(parsed->budgets.foreground_ticks == 60'000);
}

TEST_CASE("every kind of value is read") {
  const auto parsed = parse_config(R"(
[listen]
address = "::1"
[sessions]
idle_seconds = 1.5
offer_telnet_options = true
[budgets]
foreground_seconds = 2
[exec]
allowed = ["echo", "cat"]
[exec.program.cat]
timeout_seconds = 0.5
[exec.program."sub/tool"]
output_bytes = 10
)",
                                   "moo.toml");
  REQUIRE(parsed);
  CHECK(parsed->listen.address == "::1");
  CHECK(parsed->sessions.idle_seconds == 1.5);
  CHECK(parsed->sessions.offer_telnet_options);
  CHECK(parsed->budgets.foreground_seconds == 2);
  CHECK(parsed->exec.allowed == std::vector<std::string>{"echo", "cat"});
  CHECK(parsed->exec.programs.at("cat") == Config::Program{0.5, {}, {}});
  CHECK(parsed->exec.programs.at("sub/tool") == Config::Program{{}, 10, {}});
}

TEST_CASE("what is wrong is named with its line") {
  CHECK(error_of("[listen]\n\nport = \"x\"") == "moo.toml:3: listen.port must be an integer");
  CHECK(error_of("[listen]\nport = 65536") ==
        "moo.toml:2: listen.port must be from 0 to 65535, not 65536");
  CHECK(error_of("[listen]\nprt = 1") ==
        "moo.toml:2: there is no key listen.prt; [listen] has address, port, max_listeners");
  CHECK(error_of("\n[lisen]\nport = 1").starts_with("moo.toml:2: there is no section [lisen]; "));
  CHECK(error_of("port = 1").starts_with("moo.toml:1: there is no section [port]; "));
  CHECK(error_of("listen = 1") == "moo.toml:1: listen is a section: write [listen]");
  CHECK(error_of("[log]\nlevel = \"loud\"") ==
        "moo.toml:2: log.level must be one of debug, info, warning, error, off, not \"loud\"");
  CHECK(error_of("[sandbox]\nengine = \"fast\"") ==
        "moo.toml:2: sandbox.engine must be one of auto, jit, interp, not \"fast\"");
  CHECK(error_of("[sessions]\noffer_telnet_options = 1") ==
        "moo.toml:2: sessions.offer_telnet_options must be true or false");
  CHECK(error_of("[sessions]\nidle_seconds = nan")
            .starts_with("moo.toml:2: sessions.idle_seconds must be from 0 to "));
  CHECK(error_of("[exec]\nallowed = [\"a\", 1]") ==
        "moo.toml:2: exec.allowed must be a list of strings");
  CHECK(error_of("[exec.program.cat]\ntimeout = 1") ==
        "moo.toml:2: there is no key exec.program.*.timeout; a program has timeout_seconds, "
        "output_bytes, profile");
  CHECK(error_of("[exec.program.cat]\nprofile = 1") ==
        "moo.toml:2: exec.program.*.profile must be a string");
  CHECK(error_of("[profile]\nmemory_mib = 5").starts_with("moo.toml:2: write [profile.NAME]"));
  CHECK(error_of("[profile.small]\n\nmemory = 5")
            .starts_with("moo.toml:3: there is no key profile.*.memory; a profile has based_on, "));
  CHECK(error_of("[profile.small]\nmemory_mib = 1")
            .starts_with("moo.toml:2: profile.*.memory_mib must be from 4 to "));
  CHECK(error_of("[profile.small]\nbased_on = \"closed\"") ==
        "moo.toml:2: profile.*.based_on must be one of open, confined, sealed, not \"closed\"");
  CHECK(error_of("[exec]\nprogram = 1").starts_with("moo.toml:2: exec.program holds a section"));
  CHECK(error_of("[listen]\nport = = 1").starts_with("moo.toml:2: "));
  CHECK(error_of("[listen]\nport = 1\nport = 2").starts_with("moo.toml:3: "));
}

TEST_CASE("profiles are read, each by its name") {
  const auto parsed = parse_config(
      "[exec]\nprofile = \"small\"\nstrict = true\n[exec.program.cat]\nprofile = \"sealed\"\n"
      "[profile.small]\nbased_on = \"sealed\"\nnetwork = \"host\"\nreadable = [\"/srv\"]\n"
      "memory_mib = 64\ncpu_seconds = 0.5\nuid = 1234\n[profile.open]\nprocesses = 10\n",
      "moo.toml");
  REQUIRE(parsed);
  CHECK(parsed->exec.profile == "small");
  CHECK(parsed->exec.strict);
  CHECK(parsed->exec.programs.at("cat").profile == "sealed");
  REQUIRE(parsed->profiles.size() == 2);
  Config::Profile small;
  small.based_on = "sealed";
  small.network = "host";
  small.readable = {"/srv"};
  small.memory_mib = 64;
  small.cpu_seconds = 0.5;
  small.uid = 1234;
  CHECK(parsed->profiles.at("small") == small);
  Config::Profile open;
  open.processes = 10;
  CHECK(parsed->profiles.at("open") == open);
}

TEST_CASE("a file that is not there is named") {
  const auto loaded = load_config("/nonexistent/moo.toml");
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().message == "/nonexistent/moo.toml: No such file or directory");
}

TEST_CASE("the command line obeys the rules of the file") {
  Config config;
  CHECK(set_config(config, "listen.port", "0"));
  CHECK(config.listen.port == 0);
  CHECK(set_config(config, "listen.port", "70000").error().message ==
        "listen.port must be from 0 to 65535, not 70000");
  CHECK(set_config(config, "listen.port", "7x").error().message ==
        "listen.port must be an integer, not \"7x\"");
  CHECK_FALSE(set_config(config, "log.level", "loud"));
}
