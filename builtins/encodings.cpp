// Bytes as text that passes where bytes do not: binary strings, base64, URLs. Strings are bytes
// here, so that what MOO keeps in binary strings needs none.
#include <sodium.h>

#include "builtins/bounds.h"
#include "builtins/common.h"
#include "builtins/families.h"
#include "vm/binary.h"

namespace cosmoo {
namespace {

Outcome encode_binary_text(Call& call) { return Value(encode_binary(call[0].string())); }

Outcome decode_binary_text(Call& call) { return outcome(decode_binary(call[0].string())); }

constexpr int kPlain = sodium_base64_VARIANT_ORIGINAL;
constexpr int kSafe = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

// encode_base64(bytes [, safe])
Outcome encode_base64(Call& call) {
  const std::string& bytes = call[0].string();
  if (!afford(call, ticks_for_bytes(bytes.size()))) return Value();
  const int variant = is_on(call[1]) ? kSafe : kPlain;
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), variant);
  text.pop_back();  // its NUL
  return Value(std::move(text));
}

// decode_base64(text [, safe])
Outcome decode_base64(Call& call) {
  std::string_view text = call[0].string();
  if (!afford(call, ticks_for_bytes(text.size()))) return Value();
  const bool safe = is_on(call[1]);
  if (safe && text.size() % 4 == 0) {  // padding may be there
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const int failed =
      sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, &end, safe ? kSafe : kPlain);
  if (failed != 0 || end != text.data() + text.size()) {
    return Error(ErrorCode::invarg, "decode_base64(): the text is not base64 from character " +
                                        std::to_string(end - text.data() + 1) + " on");
  }
  bytes.resize(size);
  return Value(std::move(bytes));
}

bool stays_in_url(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

Outcome url_encode(Call& call) {
  constexpr char kHex[] = "0123456789ABCDEF";
  const std::string& bytes = call[0].string();
  if (!afford(call, ticks_for_bytes(bytes.size()))) return Value();
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    if (stays_in_url(c)) {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += '%';
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return Value(std::move(text));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Outcome url_decode(Call& call) {
  const std::string& text = call[0].string();
  if (!afford(call, ticks_for_bytes(text.size()))) return Value();
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      bytes += text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
    if (high < 0 || low < 0) {
      return Error(ErrorCode::invarg, "url_decode(): the % at character " + std::to_string(at + 1) +
                                          " is not followed by two hexadecimal digits");
    }
    bytes += static_cast<char>(high << 4 | low);
    at += 2;
  }
  return Value(std::move(bytes));
}

}  // namespace

std::span<const Builtin> encoding_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"encode_binary",
       {{"bytes", kString}},
       1,
       Access::everyone,
       encode_binary_text,
       "string",
       "Bytes as a binary string: what is not printable, and ~, becomes ~XX."},
      {"decode_binary",
       {{"text", kString}},
       1,
       Access::everyone,
       decode_binary_text,
       "string",
       "The bytes of a binary string. E_INVARG where a ~ is not followed by two hexadecimal "
       "digits."},
      {"encode_base64",
       {{"bytes", kString}, {"safe", kFlag}},
       1,
       Access::everyone,
       encode_base64,
       "string",
       "Bytes as base64 (RFC 4648). `safe` is the form for URLs and file names: - and _ for + and "
       "/, and no = at its end."},
      {"decode_base64",
       {{"text", kString}, {"safe", kFlag}},
       1,
       Access::everyone,
       decode_base64,
       "string",
       "The bytes of base64. E_INVARG, with the place, for what is none: other characters, spaces "
       "and line ends too, or a wrong length. `safe` as for encode_base64(); the = may be there."},
      {"url_encode",
       {{"text", kString}},
       1,
       Access::everyone,
       url_encode,
       "string",
       "A text for a part of a URL: all but letters, digits and -._~ becomes %XX."},
      {"url_decode",
       {{"text", kString}},
       1,
       Access::everyone,
       url_decode,
       "string",
       "What url_encode() was given. E_INVARG where a % is not followed by two hexadecimal "
       "digits."},
  };
  return kRows;
}

}  // namespace cosmoo
