// Passwords: argon2id by libsodium, on two threads of their own, so that no login holds up the
// loop.
//
// Rules
//  1. The hash is the player's own property `password`, which nobody may read or write. One that is
//     inherited is no password, nor one that a player has put there: a hash names its own cost.
//  2. Who asks for a player that does not exist, or that has no password, waits as long for the
//     same answer as who gives a wrong one.
//  3. Requests wait in line by where they come from, scripts by whose password they ask about: each
//     place has its turn after one request of every other, and at most kMostOfOne that wait. So no
//     flood of guesses from one address, and no storm of tasks, keeps other players out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "server/fair_queue.h"
#include "vm/accounts.h"
#include "vm/scheduler.h"
#include "vm/world/world.h"

namespace cosmoo {

class QuietPool;

class PasswordAccounts final : public Accounts {
 public:
  struct Cost {
    std::size_t memory_bytes = 64 << 20;
    unsigned long long passes = 2;
  };
  static constexpr std::size_t kMostWaiting = 4096;
  static constexpr std::size_t kMostOfOne = 32;
  static constexpr std::size_t kLongest = 1024;
  /// Runs a function on the loop's thread, soon. Called from the threads.
  using Post = std::function<void(std::function<void()>)>;

  PasswordAccounts(World& world, Scheduler& scheduler, Post post, Cost cost);
  ~PasswordAccounts() override;  ///< Waits for the hash that is being made, if any.

  Result<void> set_password(ObjectId player, std::string password, Ticket ticket) override;
  Result<void> check_password(ObjectId player, std::string password, Ticket ticket) override;

  using Done = std::function<void(Result<void>)>;
  /// As the interface's, but tells `done`, on the loop, unless it fails at once.
  Result<void> set_password(ObjectId player, std::string password, Done done);
  /// `player` may be none: then the answer is false, as late as any other (rule 2). `from` is the
  /// place in whose line it waits (rule 3).
  Result<void> check_password(std::optional<ObjectId> player, std::string password,
                              const std::string& from, std::function<void(bool)> done);

  /// Hashes and stores before it returns: for the start of the server only.
  Result<void> set_password_now(ObjectId player, const std::string& password);
  bool has_password(ObjectId player) const;

 private:
  Result<void> may_set(ObjectId player, const std::string& password) const;
  Result<void> store(ObjectId player, std::string hash);
  std::string hash_of(ObjectId player) const;
  ObjectId keeper_of_passwords() const;
  /// `work` runs on a thread; what it gives back runs on the loop.
  using Work = std::function<std::function<void()>()>;
  Result<void> submit(const std::string& from, Work work);
  void start_waiting();

  World& world_;
  Scheduler& scheduler_;
  const Post post_;
  const Cost cost_;
  const Symbol property_;
  const std::string decoy_;  // a well-formed hash that no password fits
  FairQueue waiting_;
  std::size_t running_ = 0;
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  // for what is still posted at the end
  std::unique_ptr<QuietPool> pool_;  // last: its threads are gone before anything else is
};

/// A password of 16 letters and digits, from the system's random source.
std::string make_password();

}  // namespace cosmoo
