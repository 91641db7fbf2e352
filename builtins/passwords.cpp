// Password hashes for a world's own use: argon2id, by libsodium, on another thread. Players'
// passwords are set_password()'s.
#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <charconv>
#include <optional>

#include "builtins/common.h"
#include "builtins/elsewhere.h"
#include "builtins/families.h"

namespace cosmoo {
namespace {

// One hash at a time is made for scripts; these keep it below some seconds.
constexpr std::int64_t kLeastKib = 8;
constexpr std::int64_t kMostKib = 256 << 10;
constexpr std::int64_t kMostPasses = 20;
constexpr std::int64_t kMostWork = 1 << 20;  // passes times KiB
constexpr std::size_t kLongestPassword = 1024;
constexpr std::size_t kLongestHash = crypto_pwhash_STRBYTES - 1;

struct Cost {
  std::int64_t passes = 2;
  std::int64_t kib = 64 << 10;
};

bool is_possible(const Cost& cost) {
  return cost.passes >= 1 && cost.passes <= kMostPasses && cost.kib >= kLeastKib &&
         cost.kib <= kMostKib && cost.passes * cost.kib <= kMostWork;
}

std::string base64(std::span<const unsigned char> bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
  std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
  text.pop_back();  // its NUL
  return text;
}

// "$argon2id$v=19$m=65536,t=2,p=1$salt$hash"; empty if there is no memory for it.
std::string make_hash(std::string& password, const std::string& salt, const Cost& cost) {
  std::array<unsigned char, 32> key{};
  const auto* salt_bytes = reinterpret_cast<const unsigned char*>(salt.data());
  const int failed =
      crypto_pwhash(key.data(), key.size(), password.data(), password.size(), salt_bytes,
                    static_cast<unsigned long long>(cost.passes),
                    static_cast<std::size_t>(cost.kib) << 10, crypto_pwhash_ALG_ARGON2ID13);
  sodium_memzero(password.data(), password.size());
  if (failed != 0) return {};
  return fmt::format("$argon2id$v=19$m={},t={},p=1${}${}", cost.kib, cost.passes,
                     base64({salt_bytes, salt.size()}), base64(key));
}

Result<void> check_password_size(std::string_view builtin, const std::string& password) {
  if (password.size() <= kLongestPassword) return {};
  return fail(ErrorCode::invarg, fmt::format("{}(): a password cannot be longer than {} bytes",
                                             builtin, kLongestPassword));
}

// argon2(password [, salt [, passes [, memory_kib]]])
Outcome argon2(Call& call) {
  Cost cost;
  if (call.has(2)) cost.passes = call[2].integer();
  if (call.has(3)) cost.kib = call[3].integer();
  if (!is_possible(cost)) {
    return Error(
        ErrorCode::invarg,
        fmt::format("argon2(): {} passes of {} KiB are not possible: at most {} passes, {} "
                    "to {} KiB, and {} as their product",
                    cost.passes, cost.kib, kMostPasses, kLeastKib, kMostKib, kMostWork));
  }
  if (auto fits = check_password_size("argon2", call[0].string()); !fits) return fits.error();
  std::string salt(crypto_pwhash_SALTBYTES, '\0');
  if (call.has(1)) {
    salt = call[1].string();
  } else {
    randombytes_buf(salt.data(), salt.size());
  }
  if (salt.size() != crypto_pwhash_SALTBYTES) {
    return Error(ErrorCode::invarg, fmt::format("argon2(): a salt has {} bytes, not {}",
                                                crypto_pwhash_SALTBYTES, salt.size()));
  }
  return run_elsewhere(call, "argon2",
                       [password = call.take(0).take_string(), salt, cost]() mutable -> Resumption {
                         std::string hash = make_hash(password, salt, cost);
                         if (hash.empty()) return Error(ErrorCode::quota, "argon2(): no memory");
                         return Value(std::move(hash));
                       });
}

std::optional<std::int64_t> take_number(std::string_view& text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// What a hash says that its making costs. Without a look at it, a hash that somebody wrote could
// ask for hours and all memory.
Result<Cost> read_cost(std::string_view hash) {
  constexpr std::string_view kBegin = "$argon2id$v=19$";
  constexpr std::int64_t kMostLanes = 8;
  Error malformed(ErrorCode::invarg, "argon2_verify(): this is no argon2id hash");
  if (!hash.starts_with(kBegin) || hash.size() > kLongestHash) {
    return tl::unexpected(std::move(malformed));
  }
  hash.remove_prefix(kBegin.size());
  const auto kib = take_number(hash, "m=");
  const auto passes = kib ? take_number(hash, ",t=") : std::nullopt;
  const auto lanes = passes ? take_number(hash, ",p=") : std::nullopt;
  if (!lanes || !hash.starts_with('$')) return tl::unexpected(std::move(malformed));
  const Cost cost{*passes, *kib};
  if (!is_possible(cost) || *lanes < 1 || *lanes > kMostLanes) {
    return fail(ErrorCode::invarg, "argon2_verify(): the hash costs more than argon2() allows");
  }
  return cost;
}

// argon2_verify(hash, password)
Outcome argon2_verify(Call& call) {
  if (auto cost = read_cost(call[0].string()); !cost) return cost.error();
  if (auto fits = check_password_size("argon2_verify", call[1].string()); !fits) {
    return fits.error();
  }
  return run_elsewhere(
      call, "argon2_verify",
      [hash = call[0].string(), password = call.take(1).take_string()]() mutable -> Resumption {
        const bool right =
            crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
        sodium_memzero(password.data(), password.size());
        return Value(right);
      });
}

}  // namespace

std::span<const Builtin> password_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"argon2",
       {{"password", kString}, {"salt", kString}, {"passes", kInteger}, {"memory_kib", kInteger}},
       1,
       Access::wizard,
       argon2,
       "string",
       "A hash of the password to keep in its place, for argon2_verify(); suspends while it is "
       "made. Without a salt of 16 bytes it gets a random one. It takes 2 passes over 65536 KiB "
       "unless told otherwise. E_INVARG for another length of salt, a password of more than 1024 "
       "bytes, and for what would take too long; E_QUOTA if there is no memory."},
      {"argon2_verify",
       {{"hash", kString}, {"password", kString}},
       2,
       Access::wizard,
       argon2_verify,
       "boolean",
       "Whether the hash, made by argon2(), is of that password; suspends while it is compared. "
       "E_INVARG if it is no argon2id hash, or one that would take too long."},
  };
  return kRows;
}

}  // namespace cosmoo
