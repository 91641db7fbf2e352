// The whole server but its language, over real sockets.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <boost/asio/post.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "server/address_limit.h"
#include "server/app.h"
#include "tests/integration/support/client.h"
#include "tests/unit/server/fake_language.h"

using namespace cosmoo;
using namespace cosmoo::test;
using namespace std::string_literals;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "cosmoo-unit-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

class Server {
 public:
  explicit Server(Config config = {}, const std::filesystem::path& data = {})
      : log_(std::move(*Log::open("debug", (folder_.path / "log").string()))) {
    ::setenv("COSMOO_WIZARD_PASSWORD", std::string(kPassword).c_str(), 1);
    config.listen.port = 0;
    config.paths.data = (data.empty() ? folder_.path / "data" : data).string();
    config.accounts = {1, 1};
    app_ = std::make_unique<App>(config, *log_, make_fake_language);
    const auto started = app_->start();
    REQUIRE_MESSAGE(started, (started ? "" : started.error().message));
    const std::string address = app_->address();
    port_ = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    thread_ = std::thread([this] { ended_ = app_->run(); });
  }
  ~Server() { stop(); }

  Client connect(int receive_buffer = 0) const { return Client(port_, receive_buffer); }
  Client log_in(std::string_view name = "wizard", int receive_buffer = 0) const {
    Client client = connect(receive_buffer);
    client.line("connect " + std::string(name) + " " + std::string(kPassword));
    client.expect("you are #");
    client.read_line();
    return client;
  }
  void stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(app_->loop(), [this] { app_->shut_down("Bye."); });
    join();
  }
  void join() {
    thread_.join();
    CHECK(ended_);
  }
  std::string log() const {
    std::ifstream in(folder_.path / "log");
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  Folder folder_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<App> app_;
  std::uint16_t port_ = 0;
  Result<void> ended_;
  std::thread thread_;
};

std::string say(Client& client, std::string_view text) {
  client.line("say " + std::string(text));
  return client.read_line();
}

}  // namespace

TEST_CASE("a connection is greeted without telnet bytes") {
  Server server;
  Client client = server.connect();
  CHECK(client.read_line() == "Welcome.");
  CHECK(client.read_line().starts_with("`connect NAME PASSWORD`"));
}

TEST_CASE("a telnet client is asked for its options once it has shown itself") {
  Server server;
  Client client = server.connect();
  client.expect("leaves.\r\n");
  client.send("\xFF\xFC\x01");
  CHECK(client.expect("\xFF\xFD\x18\xFF\xFD\x1F").empty());
}

TEST_CASE("logging in, talking and leaving") {
  Server server;
  Client client = server.log_in();
  CHECK(say(client, "hello  there") == "hello  there");
  CHECK(say(client, "caf\xE9") == "caf\xEF\xBF\xBD");
  client.line("nonsense");
  CHECK(client.read_line() == "I couldn't understand that.");
  client.line("@quit");
  CHECK(client.expect_closed() == "Goodbye.\r\n");
}

TEST_CASE("names of players know no case and passwords do") {
  Server server;
  Client client = server.connect();
  client.line("CONNECT WiZaRd OPEN-SESAME");
  client.expect("There is no player with that name and password.\r\n");
  client.line("CONNECT WiZaRd open-sesame");
  client.expect("you are #2\r\n");
}

TEST_CASE("the last wrong password closes the connection") {
  Server server;
  Client client = server.connect();
  client.line("connect nobody x\r\nconnect wizard x\r\nconnect wizard\r\ny\r\nconnect wizard z");
  const std::string all = client.expect_closed();
  std::size_t count = 0;
  for (auto at = all.find("There is no player"); at != std::string::npos;
       at = all.find("There is no player", at + 1)) {
    ++count;
  }
  CHECK(count == 3);
  CHECK(all.ends_with("That was the last attempt.\r\n"));
  CHECK(server.log().find("3 wrong passwords") != std::string::npos);
}

TEST_CASE("a password that is asked for is not echoed") {
  Server server;
  Client client = server.connect();
  client.line("connect wizard");
  client.expect("Password: \xFF\xFB\x01");
  client.line(kPassword);
  client.expect("\xFF\xFC\x01\r\nyou are #2\r\n");
  CHECK(server.log().find(kPassword) == std::string::npos);
}

TEST_CASE("commands may be sent before the login is through") {
  Server server;
  Client client = server.connect();
  client.send("connect wizard open-sesame\nsay one\nsay two\nquit\n");
  const std::string all = client.expect_closed();
  CHECK(all.ends_with("you are #2\r\none\r\ntwo\r\nGoodbye.\r\n"));
}

TEST_CASE("who closes the sending side still gets all answers") {
  Server server;
  Client client = server.connect();
  client.send("connect wizard open-sesame\nsay one\nsay two\n");
  client.finish_sending();
  CHECK(client.expect_closed().ends_with("one\r\ntwo\r\n"));
}

TEST_CASE("a second login takes the connection over") {
  Server server;
  Client first = server.log_in();
  Client second = server.connect();
  second.line("connect wizard open-sesame");
  second.expect("you are #2 again\r\n");
  CHECK(first.expect_closed().find("redirected") != std::string::npos);
  CHECK(say(second, "here") == "here");
}

TEST_CASE("a player who leaves has left, whichever way") {
  Server server;
  Client wizard = server.log_in();
  for (int way = 0; way < 3; ++way) {
    Client bob = server.log_in("bob");
    if (way == 0) bob.line("QUIT");
    if (way == 1) bob.vanish();
    if (way == 2) wizard.line("boot 3");
    wizard.expect("#3 has left\r\n");
  }
}

TEST_CASE("errors reach the player") {
  Server server;
  Client client = server.log_in();
  client.line("err");
  CHECK(client.read_line() == "#1:err, line 1: E_PERM");
  CHECK(client.read_line() == "(end)");
  client.line("over");
  CHECK(client.read_line() == "#1:over, line 1: too many ticks");
  client.line("broken");
  CHECK(client.read_line() == "#1:broken, line 1: this is no code");
}

TEST_CASE("PREFIX and SUFFIX frame what a command prints") {
  Server server;
  Client client = server.log_in();
  client.line("PREFIX <<\r\noutputsuffix >>\r\nsay x\r\nPREFIX\r\nSUFFIX\r\nsay y");
  CHECK(client.expect("y\r\n") == "<<\r\nx\r\n>>\r\n");
}

TEST_CASE("a task reads the next line and only that") {
  Server server;
  Client client = server.log_in();
  client.line("read\r\nsay for the task\r\nsay for the world");
  CHECK(client.read_line() == "read: say for the task");
  CHECK(client.read_line() == "for the world");
}

TEST_CASE("tasks that read in turn get the lines in order") {
  Server server;
  Client client = server.log_in();
  std::string sent;
  for (int i = 0; i < 200; ++i) sent += "read\r\nline " + std::to_string(i) + "\r\n";
  client.send(sent);
  for (int i = 0; i < 200; ++i) REQUIRE(client.read_line() == "read: line " + std::to_string(i));
}

TEST_CASE("two tasks cannot read from one connection") {
  Server server;
  Client wizard = server.log_in();
  Client bob = server.log_in("bob");
  bob.line("secret");
  bob.expect("\xFF\xFB\x01");
  wizard.line("killreads");
  wizard.expect("killed\r\n");
  // The reader is dead: the line is a command again, and shown.
  bob.line("say visible");
  CHECK(bob.read_line() == "\xFF\xFC\x01");
  CHECK(bob.read_line() == "visible");
}

TEST_CASE("a client that vanishes while a task reads from it raises E_INVARG there") {
  Server server;
  Client wizard = server.log_in();
  Client bob = server.log_in("bob");
  bob.line("read");
  bob.line("");  // the line that is read; then one more reader
  bob.expect("read: \r\n");
  bob.send("read\r\n");
  CHECK(say(bob, "x").starts_with("read: say x"));
  bob.send("read\r\n");
  CHECK(say(wizard, "a turn later") == "a turn later");
  bob.vanish();
  wizard.expect("reading raised E_INVARG\r\n");
}

TEST_CASE("a task goes on when its player is gone") {
  Server server;
  Client bob = server.log_in("bob");
  bob.line("later 50\r\nrename elsewhere");
  bob.expect("renamed\r\n");
  bob.vanish();
  Client again = server.log_in("bob");
  again.line("later 60");
  again.expect("later\r\n");
}

TEST_CASE(".flush takes the waiting lines away") {
  Server server;
  Client client = server.log_in();
  client.send("spin 300\r\nsay first\r\n");
  client.send("say second\r\n.flush\r\nsay third\r\n");
  const std::string all = client.expect("third\r\n");
  CHECK(all.find("lines of input were flushed <<\r\n") != std::string::npos);
  CHECK(all.find("second") == std::string::npos);
}

TEST_CASE("a line of 10 MiB is refused with one message and the next is obeyed") {
  Server server;
  Client client = server.log_in();
  client.send(std::string(10 << 20, 'x') + "\r\nsay ok\r\n");
  CHECK(client.read_line() == "line too long (limit 65536 bytes)");
  CHECK(client.read_line() == "ok");
}

TEST_CASE("an HTTP request is dropped and logged") {
  Server server;
  Client client = server.connect();
  client.expect("leaves.\r\n");
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(client.expect_closed().empty());
  CHECK(server.log().find("HTTP request") != std::string::npos);
}

TEST_CASE("a client that turns on compression is dropped") {
  Server server;
  Client client = server.connect();
  client.send("\xFF\xFA\x56\xFF\xF0garbage");
  client.expect_closed();
}

TEST_CASE("pipelined commands lose no output, however slowly it is read") {
  Server server;
  Client client = server.log_in("wizard", 4096);
  std::string sent;
  constexpr int kCommands = 3000;
  for (int i = 0; i < kCommands; ++i)
    sent += "flood 10 100\r\nsay end " + std::to_string(i) + "\r\n";
  std::thread sender([&] { client.send(sent, std::chrono::seconds(60)); });
  for (int i = 0; i < kCommands; ++i) {
    const std::string block = client.expect("end " + std::to_string(i) + "\r\n");
    REQUIRE(block.size() == 1020);
  }
  sender.join();
}

TEST_CASE("one command's long output is not lost on a client that reads") {
  Server server;
  Client client = server.log_in();
  client.line("flood 30000 100\r\nsay end");
  CHECK(client.expect("end\r\n").size() == 30000 * 102);
}

TEST_CASE("a client that does not read loses others' lines, and nobody else waits") {
  Server server;
  Client wizard = server.log_in();
  Client bob = server.log_in("bob", 4096);
  for (int i = 0; i < 100; ++i) wizard.line("pour 3 1000 200");
  CHECK(say(wizard, "done") == "done");
  bob.line("say still here");
  const std::string all = bob.expect("still here\r\n");
  CHECK(all.find(">> Network buffer overflow: ") != std::string::npos);
  CHECK(all.size() < 20'000'000);
}

TEST_CASE("sessions that are busy have one turn after the other") {
  Server server;
  Client wizard = server.log_in();
  Client bob = server.log_in("bob");
  std::string busy;
  for (int i = 0; i < 2000; ++i) busy += "spin 5 3\r\n";
  wizard.send(busy);
  bob.expect("#2 spun\r\n");
  bob.send("spin 5\r\nspin 5\r\nspin 5\r\nspin 5\r\nspin 5\r\nsay end\r\n");
  bob.expect("#3 spun\r\n");
  std::string then;
  for (std::string line = bob.read_line(); line != "end"; line = bob.read_line())
    then += line + " ";
  CHECK(then.starts_with("#2 spun #3 spun #2 spun #3 spun #2 spun #3 spun #2 spun #3 spun "));
}

TEST_CASE("silent connections are closed") {
  Config config;
  config.sessions.idle_before_login_seconds = 0.5;
  config.sessions.idle_seconds = 2;
  Server server(config);
  Client stranger = server.connect();
  Client player = server.log_in();
  CHECK(stranger.expect_closed().find("*** Closed") != std::string::npos);
  CHECK(say(player, "awake") == "awake");
  CHECK(player.expect_closed().find("*** Closed") != std::string::npos);
}

TEST_CASE("connections over the limit are turned away") {
  Config config;
  config.sessions.max_connections = 2;
  Server server(config);
  Client one = server.connect();
  Client two = server.connect();
  two.expect("leaves.\r\n");
  Client three = server.connect();
  CHECK(three.expect_closed() == "The server is full. Try again later.\r\n");
  one.line("quit");
  one.expect_closed();
  Client four = server.connect();
  four.expect("leaves.\r\n");
}

// One stranger opened connections until nobody else found room.
TEST_CASE("connections of one address over its limit are turned away") {
  Config config;
  config.sessions.max_per_address = 2;
  config.sessions.limit_loopback = true;
  Server server(config);
  const std::string refusal =
      "Too many connections from your address are open. Close one of them first.";
  Client one = server.connect();
  {
    Client two = server.connect();
    two.expect("leaves.\r\n");
    Client three = server.connect();
    CHECK(three.expect_closed() == refusal + "\r\n");
  }
  // Until the server has noticed that the second is gone.
  while (server.connect().read_line() == refusal) {
  }
  one.line("quit");
  one.expect_closed();
}

TEST_CASE("this machine's own connections are not limited unless the configuration says so") {
  Config config;
  config.sessions.max_per_address = 1;
  Server server(config);
  Client one = server.connect();
  Client two = server.connect();
  one.expect("leaves.\r\n");
  two.expect("leaves.\r\n");
}

TEST_CASE("addresses are counted as their owners hold them") {
  using boost::asio::ip::make_address;
  AddressLimit limit(1, AddressLimit::Loopback::free);
  CHECK(limit.enter(make_address("192.0.2.1")));
  CHECK_FALSE(limit.enter(make_address("192.0.2.1")));
  CHECK_FALSE(limit.enter(make_address("::ffff:192.0.2.1")));
  CHECK(limit.enter(make_address("192.0.2.2")));
  CHECK(limit.enter(make_address("2001:db8::1")));
  CHECK_FALSE(limit.enter(make_address("2001:db8::2")));
  CHECK(limit.enter(make_address("2001:db8:0:1::1")));
  limit.leave(make_address("2001:db8::1"));
  CHECK(limit.enter(make_address("2001:db8::2")));
  limit.leave(make_address("192.0.2.9"));  // nobody's
  for (int i = 0; i < 3; ++i) {
    CHECK(limit.enter(make_address("127.0.0.1")));
    CHECK(limit.enter(make_address("::1")));
  }
  AddressLimit none(0, AddressLimit::Loopback::limited);
  for (int i = 0; i < 3; ++i) CHECK(none.enter(make_address("192.0.2.1")));
}

TEST_CASE("shutting down tells everybody and writes the world") {
  Folder folder;
  {
    Server server({}, folder.path / "data");
    Client client = server.log_in();
    Client stranger = server.connect();
    client.line("rename hall\r\ndown");
    CHECK(client.expect_closed().ends_with("*** Down for a moment. ***\r\n"));
    CHECK(stranger.expect_closed().ends_with("*** Down for a moment. ***\r\n"));
    server.join();
  }
  struct stat status {};
  REQUIRE(::stat((folder.path / "data").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  Server server({}, folder.path / "data");
  Client client = server.log_in();
  client.line("name");
  CHECK(client.read_line() == "the room is hall");
}

TEST_CASE("a client that never closes does not hold up the shutdown") {
  Server server;
  Client client = server.log_in("wizard", 4096);
  client.line("flood 40000 100");
  client.expect("0 ...");
  const auto asked = Clock::now();
  server.stop();
  CHECK(Clock::now() - asked < std::chrono::seconds(6));
}

TEST_CASE("what makes a start impossible is told in one line") {
  const auto start = [](const Config& config) {
    auto log = std::move(*Log::open("off", ""));
    App app(config, *log, make_fake_language);
    const auto started = app.start();
    return started ? std::string() : started.error().message;
  };
  Folder folder;
  Config config;
  config.accounts = {1, 1};
  config.listen.port = 0;
  config.paths.data = "/dev/null/data";
  CHECK(start(config).starts_with("the data directory /dev/null/data: "));
  config.paths.data = (folder.path / "file").string();
  std::ofstream(folder.path / "file") << "x";
  CHECK(start(config).ends_with("/file: not a directory"));

  config.paths.data = (folder.path / "data").string();
  config.listen.address = "not-an-address";
  CHECK(start(config) == "'not-an-address' is not an IP address");

  config.listen.address = "127.0.0.1";
  config.network.outbound_allowed = {"example.org:80", "example.org"};
  CHECK(start(config).starts_with("network.outbound_allowed: \"example.org\" is not a host"));
  config.network.outbound_allowed.clear();
  std::filesystem::create_directory(folder.path / "data");
  std::ofstream(folder.path / "data" / "world.db") << "this is no database, whatever it is called";
  CHECK(start(config).find("world.db") != std::string::npos);
}

TEST_CASE("a port that is taken is named") {
  boost::asio::io_context loop;
  boost::asio::ip::tcp::acceptor taken(loop, {boost::asio::ip::make_address("127.0.0.1"), 0});
  Folder folder;
  Config config;
  config.listen.port = taken.local_endpoint().port();
  config.paths.data = (folder.path / "data").string();
  auto log = std::move(*Log::open("off", ""));
  App app(config, *log, make_fake_language);
  const auto started = app.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().message == "cannot listen on 127.0.0.1 port " +
                                       std::to_string(config.listen.port) +
                                       ": Address already in use");
  CHECK_FALSE(std::filesystem::exists(folder.path / "data"));
}

TEST_CASE("many connections are cheap and all are served") {
  Server server;
  std::vector<Client> clients;
  for (int i = 0; i < 500; ++i) clients.push_back(server.connect());
  for (Client& client : clients) client.expect("leaves.\r\n");
  for (Client& client : clients) client.line("help");
  for (Client& client : clients) client.expect("quit                     leaves\r\n");
}
