// What is in the world outlives the server, however it ends.
#include <doctest/doctest.h>

#include <fstream>

#include "tests/integration/support/server.h"

using namespace cosmoo::test;

namespace {

ServerOptions in(const TempDirectory& directory) {
  ServerOptions options;
  options.data = directory.path() / "data";
  return options;
}

}  // namespace

TEST_CASE("objects, properties and verbs are there after a restart") {
  TempDirectory directory;
  std::string chest, gold;
  {
    Server server(in(directory));
    Client client = server.log_in();
    client.line("@create $thing named chest");
    client.expect("You now have chest");
    chest = eval(client, "player.contents[1]");
    gold = "{coins = 12, list = {1, 2.5, \"x\", " + chest + ", E_PERM, true}}";
    client.line("@prop chest.gold " + gold);
    client.expect("Added");
    client.line("@program chest:open");
    client.line("return this.gold.coins * 2");
    client.line(".");
    client.expect("Programmed");
    CHECK(server.stop() == 0);
  }
  Server server(in(directory));
  Client client = server.log_in();
  CHECK(eval(client, chest + ".gold") == gold);
  CHECK(eval(client, chest + ":open()") == "24");
  CHECK(eval(client, chest + ".location") == eval(client, "player"));
  CHECK(server.log().find("new world") == std::string::npos);
}

TEST_CASE(
    "what checkpoint() confirmed is there after a kill -9, and two halves of a change go "
    "together") {
  TempDirectory directory;
  std::string confirmed;
  {
    Server server(in(directory));
    Client client = server.log_in();
    client.line("@prop me.left 0");
    client.line("@prop me.right 0");
    client.expect("Added #2.right");
    client.line(
        ";fork(0, function() while true do me.left = me.left + 1 me.right = me.right + 1 "
        "suspend(0) end end)");
    client.expect("=> ");
    confirmed = eval(client, "local seen = me.left checkpoint() return seen");
    CHECK(server.stop(SIGKILL) == 128 + SIGKILL);
  }
  Server server(in(directory));
  Client client = server.log_in();
  CHECK(eval(client, "me.left == me.right") == "true");
  CHECK(eval(client, "me.left >= " + confirmed) == "true");
}

TEST_CASE("a task in the middle of a program ends with the server, and its program too") {
  TempDirectory directory;
  ServerOptions options = in(directory);
  Server server(options);
  Client client = server.log_in();
  client.line(";exec({'sleep', '100'})");
  const std::string pid = eval(client, "suspend(0.2) return jobs()[1].pid");
  CHECK(server.stop() == 0);
  std::ifstream stat("/proc/" + pid + "/stat");
  std::string line;
  std::getline(stat, line);
  CHECK((line.empty() || line.find(") Z") != std::string::npos));
}

TEST_CASE("scripts are read into a running world without losing what players made") {
  TempDirectory directory;
  const auto scripts = directory.path() / "scripts";
  std::filesystem::copy(COSMOO_SCRIPTS, scripts);
  ServerOptions options = in(directory);
  options.arguments = {"--scripts", scripts.string()};
  Server server(options);
  Client client = server.log_in();
  client.line("@prop $first_room.description \"Painted green.\"");
  client.expect("Set ");
  {
    std::ofstream out(scripts / "thing.lua", std::ios::app);
    out << "\nverb { \"weigh\", function()\n  return 7\nend }\n";
  }
  client.line("@reload");
  client.expect("0 new, 1 verbs changed.");
  CHECK(eval(client, "$thing:weigh()") == "7");
  CHECK(eval(client, "$first_room.description") == "\"Painted green.\"");
  {
    std::ofstream out(scripts / "thing.lua", std::ios::app);
    out << "\nverb { \"weigh\", function()\n  return 7 7\nend }\n";
  }
  client.line("@reload");
  client.expect("thing.lua:");
  CHECK(eval(client, "$thing:weigh()") == "7");
}
