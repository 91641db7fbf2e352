#include "server/terminal.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace cosmoo {
namespace {

// The bits of MTTS: the last name, "MTTS 271", of clients that follow it.
enum Mtts : std::uint32_t {
  kAnsi = 1,
  kUtf8 = 4,
  k256Colors = 8,
  kScreenReader = 64,
  kTrueColor = 256,
};

struct Family {
  std::string_view part;  // of a name, in lower case
  Colour colour;
};

// The first that stands in a name decides about it.
constexpr Family kFamilies[] = {
    {"truecolor", Colour::true_colour}, {"-direct", Colour::true_colour},
    {"256color", Colour::many},         {"mudlet", Colour::many},
    {"ansi", Colour::sixteen},          {"xterm", Colour::sixteen},
    {"linux", Colour::sixteen},         {"screen", Colour::sixteen},
    {"tmux", Colour::sixteen},          {"rxvt", Colour::sixteen},
    {"konsole", Colour::sixteen},       {"putty", Colour::sixteen},
    {"cygwin", Colour::sixteen},
};

Colour colour_of(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return static_cast<char>(c | (c >= 'A' && c <= 'Z') << 5);
  });
  for (const Family& family : kFamilies) {
    if (name.find(family.part) != std::string::npos) return family.colour;
  }
  return Colour::none;
}

std::optional<std::uint32_t> mtts_of(std::string_view name) {
  constexpr std::string_view kMark = "MTTS ";
  if (!name.starts_with(kMark)) return {};
  name.remove_prefix(kMark.size());
  std::uint32_t bits = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), bits);
  if (error != std::errc() || end != name.data() + name.size()) return {};
  return bits;
}

}  // namespace

Terminal judge_terminal(std::vector<std::string> names) {
  Terminal terminal;
  for (const std::string& name : names) {
    const auto bits = mtts_of(name);
    if (!bits) {
      terminal.colour = std::max(terminal.colour, colour_of(name));
      continue;
    }
    terminal.utf8 = (*bits & kUtf8) != 0;
    terminal.screen_reader = (*bits & kScreenReader) != 0;
    // What the client says of itself in bits is more exact than what its name lets one guess.
    terminal.colour = (*bits & kTrueColor) != 0   ? Colour::true_colour
                      : (*bits & k256Colors) != 0 ? Colour::many
                      : (*bits & kAnsi) != 0      ? Colour::sixteen
                                                  : Colour::none;
    break;
  }
  terminal.names = std::move(names);
  return terminal;
}

}  // namespace cosmoo
