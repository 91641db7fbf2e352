// Digests and keyed digests of strings and values, by OpenSSL.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "builtins/bounds.h"
#include "builtins/common.h"
#include "builtins/families.h"
#include "builtins/text_order.h"

namespace cosmoo {
namespace {

constexpr std::int64_t kPasses = 5;  // what a hash costs, as goings through its bytes

struct Algorithm {
  std::string_view name;
  const EVP_MD* (*digest)();
};

constexpr Algorithm kAlgorithms[] = {
    {"md5", EVP_md5},           {"sha1", EVP_sha1},         {"sha224", EVP_sha224},
    {"sha256", EVP_sha256},     {"sha384", EVP_sha384},     {"sha512", EVP_sha512},
    {"sha3-256", EVP_sha3_256}, {"sha3-512", EVP_sha3_512}, {"ripemd160", EVP_ripemd160},
};

Result<const EVP_MD*> read_algorithm(std::string_view builtin, const Value& given) {
  const std::string name = given.is_nil() ? "sha256" : folded(given.string());
  std::string known;
  for (const Algorithm& algorithm : kAlgorithms) {
    if (algorithm.name == name) return algorithm.digest();
    known.append(known.empty() ? "" : ", ").append(algorithm.name);
  }
  return fail(ErrorCode::invarg, std::string(builtin) + "(): there is no algorithm " +
                                     to_literal(Value(name.substr(0, 40))) + "; there are " +
                                     known);
}

std::string hexadecimal(std::string_view bytes) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    text += kHex[static_cast<unsigned char>(c) >> 4];
    text += kHex[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

// The digest as a script wants it; a size of 0 is OpenSSL's refusal.
Outcome finished(std::string_view builtin, const Digest& digest, unsigned size, const Value& raw) {
  if (size == 0) {
    return Error(ErrorCode::invarg,
                 std::string(builtin) + "(): OpenSSL does not provide the algorithm here");
  }
  const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), size);
  return Value(is_on(raw) ? std::string(bytes) : hexadecimal(bytes));
}

// The arguments behind what is hashed: [algorithm [, binary]].
Outcome hash(Call& call, std::string_view builtin, std::string_view text) {
  const auto algorithm = read_algorithm(builtin, call[1]);
  if (!algorithm) return algorithm.error();
  if (!afford(call, 1 + ticks_for_bytes(text.size()) * kPasses)) return Value();
  Digest digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, *algorithm, nullptr) != 1)
    size = 0;
  return finished(builtin, digest, size, call[2]);
}

// The arguments behind what is hashed: key [, algorithm [, binary]].
Outcome hmac(Call& call, std::string_view builtin, std::string_view text) {
  const auto algorithm = read_algorithm(builtin, call[2]);
  if (!algorithm) return algorithm.error();
  const std::string& key = call[1].string();
  if (!afford(call, 1 + ticks_for_bytes(text.size() + key.size()) * kPasses)) return Value();
  if (key.size() > kMostBytes) return too_many_bytes(call, builtin);  // its length is an int there
  Digest digest{};
  unsigned size = 0;
  if (HMAC(*algorithm, key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           &size) == nullptr) {
    size = 0;
  }
  return finished(builtin, digest, size, call[3]);
}

Outcome string_hash(Call& call) { return hash(call, "string_hash", call[0].string()); }
Outcome value_hash(Call& call) { return hash(call, "value_hash", to_literal(call[0])); }
Outcome string_hmac(Call& call) { return hmac(call, "string_hmac", call[0].string()); }
Outcome value_hmac(Call& call) { return hmac(call, "value_hmac", to_literal(call[0])); }

}  // namespace

std::span<const Builtin> hash_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"string_hash",
       {{"text", kString}, {"algorithm", kString}, {"binary", kFlag}},
       1,
       Access::everyone,
       string_hash,
       "string",
       "A string's digest in hexadecimal, or as bytes. The algorithm is sha256 if none is given, "
       "or sha224, sha384, sha512, sha3-256, sha3-512; md5, sha1 and ripemd160 are there for what "
       "is old and protect nothing. E_INVARG for another. For passwords, see argon2()."},
      {"value_hash",
       {{"value"}, {"algorithm", kString}, {"binary", kFlag}},
       1,
       Access::everyone,
       value_hash,
       "string",
       "The digest of a value: of the text that toliteral() makes of it. As string_hash()."},
      {"string_hmac",
       {{"text", kString}, {"key", kString}, {"algorithm", kString}, {"binary", kFlag}},
       2,
       Access::everyone,
       string_hmac,
       "string",
       "A string's digest under a secret key (HMAC, RFC 2104): who knows the key can tell that "
       "nobody else made or changed the text. Algorithms and errors as for string_hash()."},
      {"value_hmac",
       {{"value"}, {"key", kString}, {"algorithm", kString}, {"binary", kFlag}},
       2,
       Access::everyone,
       value_hmac,
       "string",
       "As string_hmac(), of the text that toliteral() makes of the value."},
  };
  return kRows;
}

}  // namespace cosmoo
