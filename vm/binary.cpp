#include "vm/binary.h"

#include <array>
#include <cstdint>

namespace cosmoo {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

constexpr bool is_plain(unsigned char c) { return c >= 32 && c < 127 && c != '~'; }

constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (int c = 0; c < 256; ++c) {
    plain[static_cast<std::size_t>(c)] = is_plain(static_cast<unsigned char>(c));
  }
  return plain;
}();

constexpr std::array<std::int8_t, 256> kHexDigit = [] {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (int i = 0; i < 16; ++i)
    digits[static_cast<unsigned char>(kHex[i])] = static_cast<std::int8_t>(i);
  for (int i = 10; i < 16; ++i)
    digits[static_cast<std::size_t>('a' + i - 10)] = static_cast<std::int8_t>(i);
  return digits;
}();

}  // namespace

// Counted first: outputs of many megabytes are then allocated once, at their size.
std::string encode_binary(std::string_view bytes) {
  std::size_t escaped = 0;
  for (const char c : bytes) escaped += kPlain[static_cast<unsigned char>(c)] ? 0u : 1u;
  std::string text(bytes.size() + 2 * escaped, '\0');
  char* out = text.data();
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain[byte]) {
      *out++ = c;
    } else {
      *out++ = '~';
      *out++ = kHex[byte >> 4];
      *out++ = kHex[byte & 15];
    }
  }
  return text;
}

Result<std::string> decode_binary(std::string_view text) {
  std::string bytes(text.size(), '\0');
  char* out = bytes.data();
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '~') {
      *out++ = text[at];
      continue;
    }
    const bool whole = at + 2 < text.size();
    const int high = whole ? kHexDigit[static_cast<unsigned char>(text[at + 1])] : -1;
    const int low = whole ? kHexDigit[static_cast<unsigned char>(text[at + 2])] : -1;
    if (high < 0 || low < 0) {
      return fail(ErrorCode::invarg,
                  "\"" + std::string(text.substr(at, 3)) + "\" at character " +
                      std::to_string(at + 1) +
                      " is no binary escape: ~ and two hexadecimal digits, ~7E for ~ itself");
    }
    *out++ = static_cast<char>(high << 4 | low);
    at += 2;
  }
  bytes.resize(static_cast<std::size_t>(out - bytes.data()));
  return bytes;
}

}  // namespace cosmoo
