#include "server/accounts.h"

#include <sodium.h>

#include <array>
#include <stdexcept>

#include "server/quiet_pool.h"

namespace cosmoo {
namespace {

constexpr std::size_t kThreads = 2;
// The place that scripts come from.
std::string scripts_about(ObjectId player) { return "scripts about " + to_string(player); }

// Empty: not enough memory.
std::string hash(const std::string& password, PasswordAccounts::Cost cost) {
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str(out.data(), password.data(), password.size(), cost.passes,
                        cost.memory_bytes) != 0) {
    return {};
  }
  return out.data();
}

bool verify(const std::string& hash, const std::string& password) {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

void wipe(std::string& password) { sodium_memzero(password.data(), password.size()); }

std::string base64(std::size_t random_bytes) {
  std::vector<unsigned char> bytes(random_bytes);
  randombytes_buf(bytes.data(), bytes.size());
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
  std::string out(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), kVariant);
  out.pop_back();  // its NUL
  return out;
}

void start_sodium() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start");
}

std::string make_decoy(PasswordAccounts::Cost cost) {
  start_sodium();
  return "$argon2id$v=19$m=" + std::to_string(cost.memory_bytes / 1024) +
         ",t=" + std::to_string(cost.passes) + ",p=1$" + base64(crypto_pwhash_argon2id_SALTBYTES) +
         "$" + base64(32);
}

}  // namespace

PasswordAccounts::PasswordAccounts(World& world, Scheduler& scheduler, Post post, Cost cost)
    : world_(world),
      scheduler_(scheduler),
      post_(std::move(post)),
      cost_(cost),
      property_(world.symbols().intern("password")),
      decoy_(make_decoy(cost)),
      pool_(std::make_unique<QuietPool>(kThreads)) {}

PasswordAccounts::~PasswordAccounts() = default;

Result<void> PasswordAccounts::submit(const std::string& from, Work work) {
  if (waiting_.size() >= kMostWaiting || waiting_.size(from) >= kMostOfOne) {
    return fail(ErrorCode::quota, "too many passwords are being checked; try again");
  }
  waiting_.push(from, [this, alive = std::weak_ptr(alive_), post = post_, work = std::move(work)] {
    post([this, alive, then = work()] {
      if (alive.expired()) return;
      --running_;
      start_waiting();
      then();
    });
  });
  start_waiting();
  return {};
}

void PasswordAccounts::start_waiting() {
  while (running_ < kThreads) {
    auto work = waiting_.pop();
    if (!work) return;
    ++running_;
    pool_->run(std::move(work));
  }
}

Result<void> PasswordAccounts::may_set(ObjectId player, const std::string& password) const {
  const Object* object = world_.find(player);
  if (object == nullptr || !object->is(kPlayer)) {
    return fail(ErrorCode::invarg, to_string(player) + " is not a player");
  }
  if (password.empty()) return fail(ErrorCode::invarg, "a password cannot be empty");
  if (password.size() > kLongest) {
    return fail(ErrorCode::invarg,
                "a password cannot be longer than " + std::to_string(kLongest) + " bytes");
  }
  return {};
}

Result<void> PasswordAccounts::store(ObjectId player, std::string hash) {
  if (hash.empty()) return fail(ErrorCode::quota, "no memory to hash the password");
  if (!world_.valid(player)) {
    return fail(ErrorCode::invarg, to_string(player) + " is gone");
  }
  const ObjectId keeper = keeper_of_passwords();
  if (!world_.property(player, property_)) {
    Property slot;
    slot.value = Value(std::move(hash));
    slot.owner = keeper;
    slot.permissions = 0;
    slot.defined_here = true;
    return world_.add_property(player, property_, std::move(slot));
  }
  if (auto set = world_.set_property(player, property_, Value(std::move(hash))); !set) return set;
  return world_.set_property_info(player, property_, keeper, 0);
}

ObjectId PasswordAccounts::keeper_of_passwords() const {
  const Object* system = world_.find(kSystem);
  return system != nullptr ? system->owner : kSystem;
}

std::string PasswordAccounts::hash_of(ObjectId player) const {
  const auto view = world_.property(player, property_);
  if (!view || view->slot->clear || !view->value->is_string()) return {};
  const Property& slot = *view->slot;
  const bool kept = slot.owner == keeper_of_passwords() || world_.is_wizard(slot.owner);
  if (!kept || (slot.permissions & kWrite) != 0) return {};
  return view->value->string();
}

bool PasswordAccounts::has_password(ObjectId player) const { return !hash_of(player).empty(); }

Result<void> PasswordAccounts::set_password(ObjectId player, std::string password, Done done) {
  if (auto allowed = may_set(player, password); !allowed) return allowed;
  return submit(scripts_about(player),
                [this, cost = cost_, player, password = std::move(password),
                 done = std::move(done)]() mutable -> std::function<void()> {
                  std::string made = hash(password, cost);
                  wipe(password);
                  return [this, player, made = std::move(made), done = std::move(done)] {
                    done(store(player, made));
                  };
                });
}

Result<void> PasswordAccounts::check_password(std::optional<ObjectId> player, std::string password,
                                              const std::string& from,
                                              std::function<void(bool)> done) {
  std::string stored = player ? hash_of(*player) : std::string();
  const bool known = !stored.empty();
  if (!known) stored = decoy_;
  return submit(from,
                [known, stored = std::move(stored), password = std::move(password),
                 done = std::move(done)]() mutable -> std::function<void()> {
                  const bool right = verify(stored, password) && known;
                  wipe(password);
                  return [right, done = std::move(done)] { done(right); };
                });
}

Result<void> PasswordAccounts::set_password(ObjectId player, std::string password, Ticket ticket) {
  return set_password(player, std::move(password), [this, ticket](Result<void> set) {
    scheduler_.complete(ticket, set ? Resumption(Value()) : Resumption(set.error()));
  });
}

Result<void> PasswordAccounts::check_password(ObjectId player, std::string password,
                                              Ticket ticket) {
  return check_password(std::optional(player), std::move(password), scripts_about(player),
                        [this, ticket](bool right) { scheduler_.complete(ticket, Value(right)); });
}

Result<void> PasswordAccounts::set_password_now(ObjectId player, const std::string& password) {
  if (auto allowed = may_set(player, password); !allowed) return allowed;
  return store(player, hash(password, cost_));
}

std::string make_password() {
  static constexpr std::string_view kLetters =
      "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  start_sodium();
  std::string password;
  for (int i = 0; i < 16; ++i) {
    password += kLetters[randombytes_uniform(static_cast<std::uint32_t>(kLetters.size()))];
  }
  return password;
}

}  // namespace cosmoo
