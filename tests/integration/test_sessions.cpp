// Connections as clients have them: logins, telnet, limits, and how the server starts and ends.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/integration/support/server.h"

using namespace cosmoo::test;
using namespace std::string_literals;

namespace {

using Clock = std::chrono::steady_clock;

std::string start_error(const std::filesystem::path& data) {
  const Run run = run_server({"--port", "0", "--data", data.string()});
  CHECK(run.exit_code == 1);
  CHECK(run.output.empty());
  return run.errors;
}

std::filesystem::path stopped_world(const TempDirectory& directory) {
  ServerOptions options;
  options.data = directory.path() / "data";
  Server server(options);
  CHECK(server.stop() == 0);
  return options.data;
}

}  // namespace

TEST_CASE("standard output gets the ready line and nothing else") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client, "1 + 1") == "2");
  CHECK(server.stop() == 0);
  CHECK(server.output() == "ready: telnet 127.0.0.1:" + std::to_string(server.port()) + "\n");
}

TEST_CASE("the greeting has no telnet bytes in it") {
  Server server;
  Client client = server.connect();
  client.line("quit");
  const std::string all = client.expect_closed();
  CHECK(all.find('\xFF') == std::string::npos);
  CHECK(all.find("connect NAME PASSWORD") != std::string::npos);
}

TEST_CASE("a wrong password is answered like a wrong name, and three are enough") {
  Server server;
  Client client = server.connect();
  client.line("connect wizard wrong");
  const std::string wrong_password = client.expect("password.\r\n");
  client.line("connect nobody wrong");
  const std::string wrong_name = client.expect("password.\r\n");
  CHECK(wrong_password.ends_with(wrong_name));
  client.line("connect wizard wrong");
  client.expect_closed();
  Client again = server.log_in();
  CHECK(eval(again, "player.name") == "\"Wizard\"");
}

TEST_CASE("a password that is asked for is hidden by the client and never logged") {
  ServerOptions options;
  options.arguments = {"--log-level", "debug"};
  Server server(options);
  Client client = server.connect();
  client.line("connect wizard");
  client.expect("Password: \xFF\xFB\x01");
  client.send("\xFF\xFD\x01" + std::string(kWizardPassword) + "\r\n");
  client.expect("\xFF\xFC\x01");
  CHECK(eval(client, "2 + 2") == "4");
  CHECK(server.log().find(kWizardPassword) == std::string::npos);
}

TEST_CASE("a new world without a password in the environment shows one, once") {
  ServerOptions options;
  options.environment = {"COSMOO_WIZARD_PASSWORD="};
  Server server(options);
  const std::string log = server.log();
  const auto at = log.find("connect Wizard ");
  REQUIRE(at != std::string::npos);
  const std::string password = log.substr(at + 15, log.find('\n', at) - at - 15);
  CHECK(password.size() == 16);
  Client client = server.log_in("wizard", password);
  CHECK(eval(client, "1") == "1");
}

TEST_CASE("a second login takes the connection over") {
  Server server;
  Client first = server.log_in();
  Client second = server.log_in();
  CHECK(first.expect_closed().find("redirected") != std::string::npos);
  CHECK(eval(second, "#connected_players()") == "1");
}

TEST_CASE("PREFIX and SUFFIX frame what a command prints") {
  Server server;
  Client client = server.log_in();
  client.line("PREFIX <<<\r\nSUFFIX >>>\r\n;1 + 1\r\nOUTPUTPREFIX\r\nOUTPUTSUFFIX\r\n;3");
  CHECK(client.expect("=> 3\r\n") == "<<<\r\n=> 2\r\n>>>\r\n");
}

TEST_CASE("a script may send everything, close its side, and read the answers") {
  Server server;
  Client client = server.connect();
  client.send("connect wizard " + std::string(kWizardPassword) + "\n;6 * 7\n;\"done\"\n");
  client.finish_sending();
  CHECK(client.expect_closed().ends_with("=> 42\r\n=> \"done\"\r\n"));
}

TEST_CASE("a line of 10 MiB gets one message and costs no memory") {
  Server server;
  Client client = server.log_in();
  const std::size_t before = server.memory();
  client.send(";\"" + std::string(10 << 20, 'x') + "\"\r\n;1\r\n");
  CHECK(client.read_line() == "line too long (limit 65536 bytes)");
  CHECK(client.read_line() == "=> 1");
  if (!kSanitized) CHECK(server.memory() < before + (4 << 20));
}

TEST_CASE("telnet garbage does no harm") {
  Server server;
  Client client = server.log_in();
  client.send("\xFF\xFA\x1F\xFF\xF0\xFF\xFA\x18\x00xterm\xFF\xF0\xFF\xF1\xFF\x00\xFF\xFE\xFF\xFB"s);
  for (int option = 0; option < 255; ++option) {
    client.send("\xFF\xFB"s + static_cast<char>(option) + "\xFF\xFD"s + static_cast<char>(option));
  }
  client.send("\xFF\xFA\x18"s + std::string(100'000, 'z') + "\xFF\xF0\r\n");
  client.send(";1\r\n");
  client.expect("=> 1\r\n");
  Client other = server.log_in();
  CHECK(eval(other, "1") == "1");
}

TEST_CASE("what is not UTF-8 arrives as U+FFFD") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client, "\"caf\xE9 \xC3\xA9\"") == "\"caf\xEF\xBF\xBD \xC3\xA9\"");
}

TEST_CASE("a task goes on when its player vanishes, and its read() raises E_INVARG") {
  Server server;
  Client client = server.log_in();
  eval(client, "add_property(#0, \"seen\", 0)");
  client.line(
      ";notify(player, \"reading\") local ok, e = pcall(read) system.seen = e.code "
      "suspend(0.05) system.seen = {system.seen, \"went on\"}");
  client.expect("reading\r\n");
  client.vanish();
  Client again = server.log_in();
  const auto until = Clock::now() + kDeadline;
  std::string seen;
  while ((seen = eval(again, "#0.seen")).find("went on") == std::string::npos) {
    REQUIRE(Clock::now() < until);
  }
  CHECK(seen == "{E_INVARG, \"went on\"}");
}

TEST_CASE("a client that does not read is bounded, and others are quick meanwhile") {
  Server server;
  Client wizard = server.log_in();
  wizard.line("@player Slow pass programmer");
  wizard.expect("Made programmer");
  Client slow = server.log_in("slow", "pass", 4096);
  const std::size_t before = server.memory();
  for (int i = 0; i < 50; ++i) {
    wizard.line(
        ";local s, line = find_player(\"slow\"), (\"x\"):rep(200) "
        "for i = 1, 1000 do notify(s, line) end");
  }
  for (int i = 0; i < 20; ++i) {
    const auto asked = Clock::now();
    CHECK(eval(wizard, "1") != "");
    CHECK(Clock::now() - asked < std::chrono::seconds(2));
  }
  if (!kSanitized) CHECK(server.memory() < before + (16 << 20));
  slow.line("quit");
  CHECK(slow.expect_closed().find(">> Network buffer overflow: ") != std::string::npos);
}

TEST_CASE("two thousand connections are served") {
  Server server;
  const std::size_t before = server.memory();
  std::vector<Client> clients;
  const auto began = Clock::now();
  for (int i = 0; i < 2000; ++i) clients.push_back(server.connect());
  for (Client& client : clients) client.line("help");
  for (Client& client : clients) client.expect("shows this\r\n");
  CHECK(Clock::now() - began < std::chrono::seconds(20));
  if (!kSanitized) CHECK((server.memory() - before) / clients.size() < 8 << 10);
  Client player = server.log_in();
  CHECK(eval(player, "1") == "1");
}

TEST_CASE("out of descriptors, the server says so and serves those who waited when some are free" *
          doctest::skip(kSanitized)) {  // whose checks open pipes
  ServerOptions options;
  options.descriptors = 128;
  Server server(options);
  std::vector<Client> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(server.connect());
  const auto until = Clock::now() + kDeadline;
  while (server.log().find("cannot accept connections: ") == std::string::npos) {
    REQUIRE(Clock::now() < until);
    std::this_thread::yield();
  }
  clients.erase(clients.begin(), clients.begin() + 170);
  for (Client& client : clients) client.expect("connect NAME PASSWORD");
}

TEST_CASE("thousands of commands at once are answered in order") {
  Server server;
  Client client = server.log_in();
  std::string sent;
  constexpr int kCommands = 10'000;
  for (int i = 0; i < kCommands; ++i) sent += ";" + std::to_string(i) + "\n";
  std::thread sender([&] { client.send(sent, std::chrono::seconds(60)); });
  for (int i = 0; i < kCommands; ++i) REQUIRE(client.read_line() == "=> " + std::to_string(i));
  sender.join();
}

TEST_CASE("SIGTERM and SIGINT end the server with code 0 and a written world") {
  for (const int signal : {SIGTERM, SIGINT}) {
    TempDirectory directory;
    ServerOptions options;
    options.data = directory.path() / "data";
    {
      Server server(options);
      Client client = server.log_in();
      eval(client, "add_property(#0, \"mark\", 42)");
      ::kill(server.pid(), signal);
      CHECK(client.expect_closed().find("shutting down") != std::string::npos);
      CHECK(server.stop(0) == 0);
    }
    struct stat status {};
    REQUIRE(::stat(options.data.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    Server server(options);
    Client client = server.log_in();
    CHECK(eval(client, "#0.mark") == "42");
  }
}

TEST_CASE("killed with -9, the server comes back with the world") {
  TempDirectory directory;
  ServerOptions options;
  options.data = directory.path() / "data";
  {
    Server server(options);
    Client client = server.log_in();
    eval(client, "add_property(#0, \"mark\", 42)");
    eval(client, "checkpoint()");
    CHECK(server.stop(SIGKILL) == 128 + SIGKILL);
  }
  Server server(options);
  Client client = server.log_in();
  CHECK(eval(client, "#0.mark") == "42");
}

TEST_CASE("SIGHUP opens the log file again") {
  TempDirectory directory;
  const auto file = directory.path() / "cosmoo.log";
  ServerOptions options;
  options.config = "[log]\nfile = \"" + file.string() + "\"\n";
  Server server(options);
  std::filesystem::rename(file, directory.path() / "old.log");
  ::kill(server.pid(), SIGHUP);
  const auto until = Clock::now() + kDeadline;
  while (!std::filesystem::exists(file)) {
    REQUIRE(Clock::now() < until);
    std::this_thread::yield();
  }
}

TEST_CASE("a port that is taken ends the start with one line") {
  Server server;
  TempDirectory directory;
  const Run run = run_server(
      {"--port", std::to_string(server.port()), "--data", (directory.path() / "data").string()});
  CHECK(run.exit_code == 1);
  CHECK(run.errors == "cosmoo: cannot listen on 127.0.0.1 port " + std::to_string(server.port()) +
                          ": Address already in use\n");
}

TEST_CASE("a data directory that cannot be used ends the start with one line") {
  const std::string error = start_error("/dev/null/data");
  CHECK(error.starts_with("cosmoo: the data directory /dev/null/data: "));
}

TEST_CASE("a file that is no world is refused and left as it is") {
  TempDirectory directory;
  const std::string text = "SQLite format 2, says this file, which is nothing of the kind.";
  std::ofstream(directory.path() / "world.db") << text;
  CHECK(start_error(directory.path()).find("world.db") != std::string::npos);
  std::ifstream in(directory.path() / "world.db");
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == text);
}

TEST_CASE("a truncated world is refused") {
  TempDirectory directory;
  const auto data = stopped_world(directory);
  std::filesystem::resize_file(data / "world.db", 5000);
  CHECK(start_error(data).find("world.db") != std::string::npos);
}

TEST_CASE("a world from a newer version is refused") {
  TempDirectory directory;
  const auto data = stopped_world(directory);
  {
    // SQLite's user_version: four bytes, big-endian, at offset 60.
    std::fstream file(data / "world.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.write("\x00\x00\x27\x0F", 4);
  }
  CHECK(start_error(data).find("newer") != std::string::npos);
}

TEST_CASE("one world is served by one server") {
  Server server;
  CHECK(start_error(server.data()).find("in use") != std::string::npos);
}

TEST_CASE("the command line says what is wrong with it") {
  const Run bad = run_server({"--port", "nowhere"});
  CHECK(bad.exit_code == 1);
  CHECK(bad.errors == "cosmoo: --port: listen.port must be an integer, not \"nowhere\"\n");
  CHECK(run_server({"--no-such-option"}).exit_code == 1);
  const Run version = run_server({"--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.output.starts_with("cosmoo "));
  TempDirectory directory;
  const auto file = directory.path() / "moo.toml";
  std::ofstream(file) << "[listen]\nprt = 1\n";
  const Run wrong = run_server({"--config", file.string()});
  CHECK(wrong.exit_code == 1);
  CHECK(wrong.errors ==
        "cosmoo: " + file.string() +
            ":2: there is no key listen.prt; [listen] has address, port, max_listeners\n");
}
