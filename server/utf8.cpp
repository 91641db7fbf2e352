#include "server/utf8.h"

#include <cstdint>

namespace cosmoo {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Lead {
  int length;                  // of the sequence; 0: not a lead byte
  unsigned char second_least;  // the second byte's range rules out overlong forms, surrogates
  unsigned char second_most;   // and what is beyond U+10FFFF
};

Lead lead_of(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

bool has_high_bytes(std::string_view bytes) {
  unsigned char all = 0;
  for (const char c : bytes) all |= static_cast<unsigned char>(c);
  return (all & 0x80) != 0;
}

void append_utf8(std::string& out, std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    if (first < 0x80) {
      out += static_cast<char>(first);
      ++at;
      continue;
    }
    const Lead lead = lead_of(first);
    std::size_t good = 1;
    for (; static_cast<int>(good) < lead.length && at + good < bytes.size(); ++good) {
      const auto next = static_cast<unsigned char>(bytes[at + good]);
      const bool fits = good == 1 ? next >= lead.second_least && next <= lead.second_most
                                  : next >= 0x80 && next <= 0xBF;
      if (!fits) break;
    }
    if (lead.length == 0 || static_cast<int>(good) < lead.length) {
      out += kReplacement;
    } else if (first != 0xC2 || static_cast<unsigned char>(bytes[at + 1]) > 0x9F) {
      out += bytes.substr(at, good);
    }
    at += good;
  }
}

}  // namespace cosmoo
