// Passwords: argon2id by libsodium, on two threads of their own, so that no login holds up the
// loop.
//
// Rules
//  1. The hash is the player's own property `password`, which nobody may read or write; an
//  inherited
//     one is no password.
//  2. Who asks for a player that does not exist, or that has no password, waits as long for the
//  same
//     answer as who gives a wrong one.
//  3. At most kMostWaiting requests wait, kMostFromScripts of them for scripts, so that no storm of
//     tasks keeps players out; the next one is refused at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

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
  static constexpr std::size_t kMostWaiting = 1024;
  static constexpr std::size_t kMostFromScripts = 16;
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
  /// `player` may be none: then the answer is false, as late as any other (rule 2).
  Result<void> check_password(std::optional<ObjectId> player, std::string password,
                              std::function<void(bool)> done);

  /// Hashes and stores before it returns: for the start of the server only.
  Result<void> set_password_now(ObjectId player, const std::string& password);
  bool has_password(ObjectId player) const;

 private:
  Result<void> may_set(ObjectId player, const std::string& password) const;
  Result<void> store(ObjectId player, std::string hash);
  std::string hash_of(ObjectId player) const;
  Result<void> submit(std::function<void()> work);
  Result<void> admit_script() const;

  World& world_;
  Scheduler& scheduler_;
  const Post post_;
  const Cost cost_;
  const Symbol property_;
  const std::string decoy_;  // a well-formed hash that no password fits
  std::size_t waiting_ = 0;
  std::size_t from_scripts_ = 0;
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  // for what is still posted at the end
  std::unique_ptr<QuietPool> pool_;  // last: its threads are gone before anything else is
};

/// A password of 16 letters and digits, from the system's random source.
std::string make_password();

}  // namespace cosmoo
