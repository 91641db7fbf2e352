// A world in files: from the command line, and by wizards from within.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "tests/integration/support/players.h"

using namespace cosmoo::test;

namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::map<std::string, std::string> texts_of(const fs::path& folder) {
  std::map<std::string, std::string> texts;
  for (const auto& entry : fs::directory_iterator(folder)) {
    texts[entry.path().filename().string()] = read_text(entry.path());
  }
  return texts;
}

void append(const fs::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::app);
  out << text;
  REQUIRE(out.good());
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Run world_command(const fs::path& data, std::vector<std::string> words) {
  words.insert(words.begin(), "world");
  words.insert(words.end(), {"--data", data.string()});
  return run_server(words);
}

// Makes a world with a chest in it that has a property and a verb; the chest as "#17".
std::string make_chest(Client& client) {
  client.line("@create $thing named chest");
  client.expect("You now have chest");
  const std::string chest = eval(client, "max_object()");
  client.line("@prop " + chest + ".gold {coins = 12, list = {1, 2.5, \"x\", me, E_PERM, true}}");
  client.expect("Added");
  client.line("@program " + chest + ":open");
  client.line("return this.gold.coins * 2");
  client.line(".");
  client.expect("Programmed");
  return chest;
}

}  // namespace

TEST_CASE("a world exported, and imported elsewhere, is the same world") {
  const TempDirectory directory;
  const fs::path data = directory.path() / "data", other = directory.path() / "other";
  const fs::path folder = directory.path() / "files", again = directory.path() / "again";
  std::string chest;
  {
    ServerOptions options;
    options.data = data;
    Server server(options);
    Client client = server.log_in();
    chest = make_chest(client);
    CHECK(server.stop() == 0);
  }
  const Run out = world_command(data, {"export", folder.string()});
  CHECK(out.exit_code == 0);
  CHECK(out.output.starts_with("Exported "));
  CHECK(fs::exists(folder / ("o" + chest.substr(1) + ".lua")));
  for (const auto& [name, text] : texts_of(folder)) {
    CAPTURE(name);
    CHECK_FALSE(has(text, "argon2"));  // a password's hash
  }
  CHECK(has(world_command(data, {"export", folder.string()}).output, ": 0 files written"));

  const Run in = world_command(other, {"import", folder.string()});
  CHECK(in.exit_code == 0);
  CHECK(in.output.starts_with("Imported "));
  const Run checked = world_command(other, {"check"});
  CHECK(checked.exit_code == 0);
  CHECK(has(checked.output, " is whole: "));
  CHECK(has(checked.output, "which all compile"));
  CHECK(world_command(other, {"export", again.string()}).exit_code == 0);
  CHECK(texts_of(folder) == texts_of(again));
}

TEST_CASE("a world that a server has open is not touched from outside") {
  Server server;
  const TempDirectory directory;
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"export", (directory.path() / "files").string()},
                                             {"import", COSMOO_SCRIPTS},
                                             {"check"}}) {
    CAPTURE(words[0]);
    const Run run = world_command(server.data(), words);
    CHECK(run.exit_code == 1);
    CHECK(run.output.empty());
    CHECK(has(run.errors, "in use by another server (process " + std::to_string(server.pid())));
  }
  CHECK_FALSE(fs::exists(directory.path() / "files"));
}

TEST_CASE("what the commands refuse they say, all of it") {
  const TempDirectory directory;
  const fs::path data = directory.path() / "data", files = directory.path() / "files";
  fs::copy(COSMOO_SCRIPTS, files);
  append(files / "thing.lua", "verb { \"weigh\", function()\n  return 7 7\nend }\n");
  append(files / "room.lua", "verb { \"flood\", function()\n  return 8 8\nend }\n");
  const Run run = world_command(data, {"import", files.string()});
  CHECK(run.exit_code == 1);
  CHECK(has(run.errors, "room.lua:"));
  CHECK(has(run.errors, "thing.lua:"));
  const fs::path unmade = directory.path() / "unmade";
  const Run missing = world_command(unmade, {"import", (directory.path() / "nowhere").string()});
  CHECK(missing.exit_code == 1);
  CHECK(has(missing.errors, "No such file or directory"));
  CHECK_FALSE(fs::exists(unmade));
  const Run none = world_command(unmade, {"check"});
  CHECK(none.exit_code == 1);
  CHECK(has(none.errors, "there is no world in "));
}

TEST_CASE("wizards write the world into files, and read what was changed there") {
  Server server;
  Client wizard = server.log_in();
  const std::string chest = make_chest(wizard);
  const fs::path folder = server.data() / "export";
  wizard.line("@export");
  wizard.expect("Exported ");
  CHECK(has(wizard.read_line(), " objects to " + folder.string() + ": "));
  CHECK(has(read_text(folder / ("o" + chest.substr(1) + ".lua")), "return this.gold.coins * 2"));
  CHECK(has(answer(wizard, "@export $thing " + chest), ": 0 files written, 0 removed."));

  append(folder / "thing.lua", "\nverb { \"weigh\", function()\n  return 7\nend }\n");
  CHECK(has(answer(wizard, "@import"), ": 0 new, 1 verbs changed."));
  CHECK(eval(wizard, "$thing:weigh()") == "7");

  // Values that are there stay, unless the files are to have their way.
  eval(wizard, chest + ".gold = 5 return 1");
  CHECK(has(answer(wizard, "@import"), ": 0 new, 0 verbs changed."));
  CHECK(eval(wizard, chest + ".gold") == "5");
  CHECK(has(answer(wizard, "@import replace"), ": 0 new, 0 verbs changed."));
  CHECK(eval(wizard, chest + ":open()") == "24");

  append(folder / "thing.lua", "verb { \"sink\", function()\n  return 7 7\nend }\n");
  append(folder / "room.lua", "verb { \"flood\", function()\n  return 8 8\nend }\n");
  wizard.line("@import");
  wizard.expect("room.lua:");
  wizard.expect("thing.lua:");
  CHECK(eval(wizard, "respond_to($room, \"flood\") or respond_to($thing, \"sink\")") == "false");
}

TEST_CASE("who is no wizard neither exports nor imports") {
  Server server;
  Client wizard = server.log_in();
  Client programmer = make_player(server, wizard, "Ada", "programmer");
  for (const std::string call : {"export_world()", "import_world()", "load_scripts()"}) {
    CAPTURE(call);
    CHECK(eval(programmer, "select(2, pcall(function() " + call + " end)) == E_PERM") == "true");
  }
  CHECK(answer(programmer, "@export").starts_with("I couldn't understand that."));
  CHECK_FALSE(fs::exists(server.data() / "export"));
}

TEST_CASE("the configuration says where files go, and what lies there is not written over") {
  const TempDirectory directory;
  const fs::path folder = directory.path() / "world";
  ServerOptions options;
  options.config = "[paths]\nexport = \"" + folder.string() + "\"\n";
  Server server(options);
  Client wizard = server.log_in();
  CHECK(has(answer(wizard, "@import"), "No such file or directory"));
  fs::create_directory(folder);
  append(folder / "room.lua", "-- somebody's own\n");
  CHECK(has(answer(wizard, "@export"), "no export wrote it"));
  CHECK(texts_of(folder).size() == 1);
  fs::remove(folder / "room.lua");
  CHECK(has(answer(wizard, "@export"), " objects to " + folder.string() + ": "));
  CHECK(fs::exists(folder / "room.lua"));
}

TEST_CASE("what cannot be exported or imported is told by its error") {
  Server server;
  Client wizard = server.log_in();
  const auto error_of = [&](const std::string& call) {
    return eval(wizard, "select(2, pcall(function() " + call + " end)).name");
  };
  CHECK(error_of("export_world({1})") == "\"E_TYPE\"");
  CHECK(error_of("export_world({#9999})") == "\"E_INVARG\"");
  CHECK(error_of("export_world(\"/tmp\")") == "\"E_TYPE\"");
  CHECK(error_of("import_world(\"all\")") == "\"E_INVARG\"");
  CHECK(error_of("import_world()") == "\"E_FILE\"");
  CHECK(answer(wizard, "@export nothing_like_it").find("nothing_like_it") != std::string::npos);
}
