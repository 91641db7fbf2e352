#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "server/accounts.h"

using namespace cosmoo;

namespace {

// A loop that runs what is posted to it when asked to wait.
class Mailbox {
 public:
  PasswordAccounts::Post post() {
    return [this](std::function<void()> work) {
      const std::lock_guard lock(mutex_);
      work_.push_back(std::move(work));
      arrived_.notify_one();
    };
  }
  void run_one() {
    std::unique_lock lock(mutex_);
    REQUIRE(arrived_.wait_for(lock, std::chrono::seconds(10), [this] { return !work_.empty(); }));
    auto work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    work();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> work_;
};

constexpr PasswordAccounts::Cost kCheap{1 << 20, 1};

struct Bench {
  World world;
  Scheduler scheduler{SchedulerLimits{}};
  Mailbox mailbox;
  ObjectId system = *world.create({}, kNothing);
  ObjectId player = *world.create({}, system);
  PasswordAccounts accounts{world, scheduler, mailbox.post(), kCheap};

  Bench() { (void)world.set_flag(player, kPlayer, true); }

  bool check(std::optional<ObjectId> who, const std::string& password) {
    std::optional<bool> answer;
    REQUIRE(accounts.check_password(who, password, "here", [&](bool right) { answer = right; }));
    mailbox.run_one();
    REQUIRE(answer);
    return *answer;
  }
};

}  // namespace

TEST_CASE("the password that was set is the one that fits") {
  Bench bench;
  bool done = false;
  REQUIRE(bench.accounts.set_password(bench.player, "swordfish", [&](Result<void> set) {
    CHECK(set);
    done = true;
  }));
  bench.mailbox.run_one();
  REQUIRE(done);
  CHECK(bench.check(bench.player, "swordfish"));
  CHECK_FALSE(bench.check(bench.player, "Swordfish"));
  CHECK_FALSE(bench.check(bench.player, ""));
}

TEST_CASE("the hash is kept in a property that nobody may read") {
  Bench bench;
  REQUIRE(bench.accounts.set_password_now(bench.player, "swordfish"));
  const auto view = bench.world.property(bench.player, bench.world.symbols().intern("password"));
  REQUIRE(view);
  CHECK(view->slot->permissions == 0);
  CHECK(view->value->string().starts_with("$argon2id$"));
}

TEST_CASE("an inherited password lets nobody in") {
  Bench bench;
  REQUIRE(bench.accounts.set_password_now(bench.player, "swordfish"));
  const ObjectId child = *bench.world.create({bench.player}, bench.system);
  REQUIRE(bench.world.set_flag(child, kPlayer, true));
  CHECK_FALSE(bench.accounts.has_password(child));
  CHECK_FALSE(bench.check(child, "swordfish"));
  REQUIRE(bench.accounts.set_password_now(child, "other"));
  CHECK(bench.check(child, "other"));
  CHECK(bench.check(bench.player, "swordfish"));
}

// Whoever owns itself may take its property away and add another. A hash says what it costs to
// check: one of its own making would hold up all logins for hours.
TEST_CASE("attack: a hash that a player has put in its password's place is none") {
  Bench bench;
  REQUIRE(bench.accounts.set_password_now(bench.player, "swordfish"));
  const Symbol name = bench.world.symbols().intern("password");
  Property own = *bench.world.property(bench.player, name)->slot;
  REQUIRE(bench.world.delete_property(bench.player, name));
  own.owner = bench.player;
  REQUIRE(bench.world.add_property(bench.player, name, own));
  CHECK_FALSE(bench.accounts.has_password(bench.player));
  CHECK_FALSE(bench.check(bench.player, "swordfish"));
  // A new one is the keeper's again; and one that others may write is none either.
  REQUIRE(bench.accounts.set_password_now(bench.player, "other"));
  CHECK(bench.check(bench.player, "other"));
  REQUIRE(bench.world.set_property_info(bench.player, name, bench.system, kWrite));
  CHECK_FALSE(bench.check(bench.player, "other"));
}

TEST_CASE("who does not exist, or has no password, is answered like a wrong password") {
  Bench bench;
  CHECK_FALSE(bench.check(std::nullopt, "swordfish"));
  CHECK_FALSE(bench.check(bench.player, "swordfish"));
  CHECK_FALSE(bench.check(bench.player, ""));
}

TEST_CASE("a password must be one, and a player's") {
  Bench bench;
  const auto code = [&](ObjectId who, const std::string& password) {
    return bench.accounts.set_password_now(who, password).error().code;
  };
  CHECK(code(bench.player, "") == ErrorCode::invarg);
  CHECK(code(bench.player, std::string(2000, 'x')) == ErrorCode::invarg);
  CHECK(code(bench.system, "x") == ErrorCode::invarg);
  CHECK(code(ObjectId{99}, "x") == ErrorCode::invarg);
}

TEST_CASE("a player who is gone when the hash is ready gets no password") {
  Bench bench;
  std::optional<ErrorCode> code;
  REQUIRE(bench.accounts.set_password(bench.player, "x",
                                      [&](Result<void> set) { code = set.error().code; }));
  REQUIRE(bench.world.recycle(bench.player));
  bench.mailbox.run_one();
  CHECK(code == ErrorCode::invarg);
}

TEST_CASE("too many at once from one place are refused, and others are not") {
  Bench bench;
  const auto ask = [&](const std::string& from) {
    return bench.accounts.check_password(bench.player, "x", from, [](bool) {});
  };
  std::size_t taken = 0;
  while (ask("flood")) ++taken;
  CHECK(taken >= PasswordAccounts::kMostOfOne);
  CHECK(taken <= PasswordAccounts::kMostOfOne + 2);  // those that are being hashed
  CHECK(ask("flood").error().code == ErrorCode::quota);
  CHECK(ask("elsewhere"));
}

TEST_CASE("too many at once from everywhere are refused") {
  Bench bench;
  std::size_t taken = 0;
  while (bench.accounts.check_password(bench.player, "x", std::to_string(taken), [](bool) {})) {
    ++taken;
  }
  CHECK(taken >= PasswordAccounts::kMostWaiting);
  CHECK(taken <= PasswordAccounts::kMostWaiting + 2);
}

// Strangers at one address guess passwords; somebody else logs in.
TEST_CASE("a flood of guesses from one address holds others up by no more than its turn") {
  Bench bench;
  int guesses = 0;
  bool answered = false;
  while (bench.accounts.check_password(bench.player, "x", "flood", [&](bool) { ++guesses; })) {
  }
  REQUIRE(bench.accounts.check_password(bench.player, "x", "else", [&](bool) { answered = true; }));
  while (!answered) bench.mailbox.run_one();
  CHECK(guesses <= 4);  // two were being hashed, and one or two had their turn before
}

TEST_CASE("made-up passwords are long and differ") {
  CHECK(make_password().size() == 16);
  CHECK(make_password() != make_password());
}
