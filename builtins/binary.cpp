#include "builtins/binary.h"

#include <array>

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

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string encode_binary(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 8);
  std::size_t run = 0;  // where the bytes that stand for themselves begin
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (kPlain[c]) continue;
    text.append(bytes.substr(run, i - run));
    text += '~';
    text += kHex[c >> 4];
    text += kHex[c & 15];
    run = i + 1;
  }
  text.append(bytes.substr(run));
  return text;
}

Result<std::string> decode_binary(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t tilde = text.find('~', at);
    bytes.append(text.substr(at, tilde - at));
    if (tilde == std::string_view::npos) break;
    const int high = tilde + 2 < text.size() ? hex_digit(text[tilde + 1]) : -1;
    const int low = tilde + 2 < text.size() ? hex_digit(text[tilde + 2]) : -1;
    if (high < 0 || low < 0) {
      return fail(ErrorCode::invarg,
                  "\"" + std::string(text.substr(tilde, 3)) + "\" at character " +
                      std::to_string(tilde + 1) +
                      " is no binary escape: ~ and two hexadecimal digits, ~7E for ~ itself");
    }
    bytes += static_cast<char>(high << 4 | low);
    at = tilde + 3;
  }
  return bytes;
}

}  // namespace cosmoo
