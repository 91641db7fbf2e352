// A server that is killed with -9 at any moment comes back with a world of whole batches.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "support.h"
#include "vm/world/write_behind.h"

extern char** environ;

namespace cosmoo {
using namespace test;

namespace {

constexpr int kKills = 20;

/// A world_writer at work, and what it prints.
class Writing {
 public:
  explicit Writing(const std::filesystem::path& file) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = WORLD_WRITER;
    std::string argument = file.string();
    char* const argv[] = {program.data(), argument.data(), nullptr};
    REQUIRE(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_ = ends[0];
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing() {
    kill();
    ::close(out_);
  }

  /// Waits for the first number.
  void wait_for_output() {
    char byte;
    REQUIRE(::read(out_, &byte, 1) == 1);
    text_ += byte;
  }
  void kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  /// The last whole number it printed, after its end.
  std::int64_t last_number() {
    char buffer[4096];
    for (ssize_t n; (n = ::read(out_, buffer, sizeof buffer)) > 0;) {
      text_.append(buffer, static_cast<std::size_t>(n));
    }
    text_.resize(text_.rfind('\n') == std::string::npos ? 0 : text_.rfind('\n'));
    const auto line = text_.rfind('\n');
    const std::string last = line == std::string::npos ? text_ : text_.substr(line + 1);
    return last.empty() ? 0 : std::stoll(last);
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string text_;
};

void check_world(const std::filesystem::path& file, std::int64_t promised) {
  World world;
  auto store = ok(WriteBehind::open(
      file, world, [](std::function<void()>) {}, nullptr));
  const Symbol count = world.symbols().intern("count");
  const auto number_of = [&](ObjectId id) { return world.property(id, count)->value->integer(); };
  const std::int64_t number = number_of(ObjectId{1});
  CHECK(number_of(ObjectId{2}) == number);
  CHECK(number >= promised);
  const auto& made = world.find(ObjectId{1})->contents;
  REQUIRE(made.size() == std::min<std::int64_t>(number, 5));
  for (std::size_t i = 0; i < made.size(); ++i) {
    const std::int64_t expected = number - static_cast<std::int64_t>(made.size() - 1 - i);
    CHECK(world.find(made[i])->name == std::to_string(expected));
    CHECK(number_of(made[i]) == expected);
    REQUIRE(world.find(made[i])->verbs.size() == 1);
    CHECK(world.find(made[i])->verbs[0].code == std::to_string(expected));
  }
  CHECK(world.size() == 3 + made.size());
  ok(store->close());
}

}  // namespace

TEST_CASE(
    "killed at random moments, the world is one of whole batches and keeps what was promised") {
  Folder folder;
  std::mt19937 random(std::random_device{}());
  for (int i = 0; i < kKills; ++i) {
    Writing writing(folder / "world.db");
    writing.wait_for_output();
    const auto wait = std::chrono::microseconds(random() % 40'000);
    ::usleep(static_cast<useconds_t>(wait.count()));  // the moment of death, not an event
    writing.kill();
    check_world(folder / "world.db", writing.last_number());
  }
}

TEST_CASE("killed while the file is being made, it can be opened again") {
  std::mt19937 random(std::random_device{}());
  for (int i = 0; i < kKills; ++i) {
    Folder folder;
    {
      Writing writing(folder / "world.db");
      ::usleep(static_cast<useconds_t>(random() % 12'000));
    }
    World world;
    auto store = ok(WriteBehind::open(
        folder / "world.db", world, [](std::function<void()>) {}, nullptr));
    CHECK(store->is_new() == (world.size() == 0));
    ok(store->close());
  }
}

}  // namespace cosmoo
