// What was confirmed outlives any end of the server, and a disk that fills up takes nothing away.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <random>

#include "tests/integration/support/server.h"

using namespace cosmoo::test;

namespace {

constexpr int kSessions = 50;

// How often the server is killed; COSMOO_KILLS asks for more.
int kills() {
  const char* const given = std::getenv("COSMOO_KILLS");
  return given != nullptr ? std::atoi(given) : 3;
}

ServerOptions in(const TempDirectory& directory) {
  ServerOptions options;
  options.data = directory.path() / "data";
  return options;
}

std::string player(int number) { return "writer" + std::to_string(number); }

// Two numbers that always change together, and an object that is replaced each time.
constexpr std::string_view kWrite =
    ";fork(0, function() while true do "
    "me.left = me.left + 1 me.right = me.right + 1 "
    "if valid(me.latest) then recycle(me.latest) end me.latest = create($thing) "
    "me.latest.name = tostr(me.left) suspend(0.005) end end)";

// Size limits of files stand for a full disk: the server's writer meets EFBIG instead of ENOSPC.
class FullDisk {
 public:
  explicit FullDisk(pid_t pid, rlim_t bytes) : pid_(pid) {
    REQUIRE(::prlimit(pid, RLIMIT_FSIZE, nullptr, &before_) == 0);
    const rlimit limit{bytes, before_.rlim_max};
    REQUIRE(::prlimit(pid, RLIMIT_FSIZE, &limit, nullptr) == 0);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() { ::prlimit(pid_, RLIMIT_FSIZE, &before_, nullptr); }

 private:
  const pid_t pid_;
  rlimit before_{};
};

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("fifty writers, killed at random moments: what checkpoint() confirmed is there") {
  TempDirectory directory;
  std::mt19937 random(std::random_device{}());
  std::string confirmed = "{}";
  {
    Server server(in(directory));
    Client wizard = server.log_in();
    eval(wizard, "add_property($player, 'left', 0, 'rw')");
    eval(wizard, "add_property($player, 'right', 0, 'rw')");
    eval(wizard, "add_property($player, 'latest', #-1, 'rw')");
    for (int i = 0; i < kSessions; ++i) {
      wizard.line("@player " + player(i) + " secret-" + player(i) + " programmer");
      wizard.expect(player(i));
    }
    CHECK(eval(wizard, "checkpoint() return #players()") == std::to_string(kSessions + 1));
    CHECK(server.stop(SIGKILL) == 128 + SIGKILL);
  }
  const int rounds = kills();
  for (int round = 0; round < rounds; ++round) {
    Server server(in(directory));  // it reads and checks the whole file
    Client wizard = server.log_in();
    CHECK(eval(wizard, "local seen, wrong = " + confirmed +
                           ", {} for i, who in ipairs(players()) do "
                           "if who.left ~= who.right or who.left < (seen[i] or 0) or "
                           "(who.left > 0 and who.latest.name ~= tostr(who.left)) then "
                           "wrong[#wrong + 1] = {who, who.left, who.right, seen[i]} end end "
                           "return wrong") == "{}");
    std::vector<Client> writers;
    for (int i = 0; i < kSessions; ++i) {
      writers.push_back(server.log_in(player(i), "secret-" + player(i)));
      writers.back().line(kWrite);
      writers.back().expect("=> ");
    }
    constexpr std::string_view kConfirm =
        "local seen = {} for i, who in ipairs(players()) do seen[i] = who.left end "
        "checkpoint() return seen";
    const std::size_t confirmations = 1 + random() % 5;
    for (std::size_t i = 0; i < confirmations; ++i) confirmed = eval(wizard, kConfirm);
    ::usleep(static_cast<useconds_t>(random() % 150'000));  // the moment of death, not an event
    CHECK(server.stop(SIGKILL) == 128 + SIGKILL);
  }
  Server server(in(directory));
  Client wizard = server.log_in();
  CHECK(eval(wizard, "local seen = " + confirmed +
                         " local behind = 0 for i, who in ipairs(players()) do "
                         "if who.left < seen[i] then behind = behind + 1 end end "
                         "return behind") == "0");
  CHECK(server.stop() == 0);
}

TEST_CASE("a full disk is told to wizards once, takes nothing away, and is recovered from") {
  TempDirectory directory;
  Server server(in(directory));
  Client wizard = server.log_in();
  wizard.line("@player Ann secret-ann programmer");
  wizard.expect("Ann");
  Client ann = server.log_in("Ann", "secret-ann");
  eval(wizard, "add_property(me, 'text', '')");
  eval(wizard, "checkpoint()");
  {
    const FullDisk full(server.pid(), 64 << 10);
    CHECK(eval(wizard, "me.text = ('x'):rep(2^21) return #me.text") == "2097152");
    wizard.expect("*** The world cannot be written: ");
    wizard.expect("tried again every second. ***");
    // The world goes on in memory; who wants it on the disk learns that it is not.
    CHECK(eval(wizard, "local ok, why = pcall(checkpoint) return {ok, why}") == "{false, E_FILE}");
    CHECK(eval(wizard, "me.text = me.text .. 'y' return #me.text") == "2097153");
    CHECK(eval(ann, "1 + 1") == "2");
  }
  wizard.expect("*** The world is being written again. ***");
  CHECK(eval(wizard, "checkpoint() return 'written'") == "\"written\"");
  CHECK(wizard.pending().find("***") == std::string::npos);
  CHECK(ann.pending().find("***") == std::string::npos);
  CHECK(count(server.log(), "the world cannot be written") == 1);
  CHECK(count(server.log(), "the world is being written again") == 1);
  CHECK(server.stop(SIGKILL) == 128 + SIGKILL);

  Server again(in(directory));
  Client client = again.log_in();
  CHECK(eval(client, "{#me.text, me.text:sub(-2)}") == "{2097153, \"xy\"}");
  CHECK(again.stop() == 0);
}

TEST_CASE("a programmer who stores without end is stopped by the quota, and the server goes on") {
  ServerOptions options;
  options.config = "[budgets]\nowner_mib = 4\nforeground_ticks = 1000000\n";
  Server server(options);
  Client wizard = server.log_in();
  wizard.line("@player Eve secret-eve programmer");
  wizard.expect("Eve");
  Client eve = server.log_in("Eve", "secret-eve");
  CHECK(eval(eve,
             "local ok, why = pcall(function() for i = 1, 1000 do "
             "local o = create($thing) o.description = ('x'):rep(100000 + i) end end) "
             "return {ok, why}") == "{false, E_QUOTA}");
  CHECK(eval(wizard,
             "local most = 0 for _, who in ipairs(players()) do "
             "if not who.wizard then most = math.max(most, quota(who).bytes) end end "
             "return most > 3000000 and most <= 4 * 2^20") == "true");
  CHECK(eval(eve,
             "for _, o in ipairs(owned_objects(me)) do if isa(o, $thing) then recycle(o) end "
             "end return quota().bytes < 100000") == "true");
}
