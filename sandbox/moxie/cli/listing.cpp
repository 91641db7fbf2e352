#include "sandbox/moxie/cli/listing.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <vector>

#include "sandbox/moxie/tracer.h"

namespace cosmoo::moxie::cli {

std::function<void(std::string_view line)> named_lines(const Symbols& symbols) {
  return [&symbols](std::string_view line) {
    constexpr std::size_t kDigits = 8;
    std::uint32_t pc = 0;
    std::from_chars(line.data(), line.data() + std::min(kDigits, line.size()), pc, 16);
    fmt::print(stderr, "{}  {:<28}{}", line.substr(0, kDigits), symbols.at(pc),
               line.substr(std::min(kDigits, line.size())));
  };
}

std::string listing(const Machine& machine, const Program& program, const Symbols& symbols) {
  std::string text;
  for (const Segment& segment : program.segments()) {
    if (segment.access != Access::read_only) continue;
    std::vector<std::uint8_t> bytes(segment.length);
    if (!machine.memory().read(segment.start, bytes.data(), bytes.size())) continue;
    std::uint64_t at = segment.start;
    while (at < segment.end()) {
      const auto start = static_cast<std::uint32_t>(at);
      const std::string name = symbols.starting_at(start);
      if (!name.empty()) text += fmt::format("\n{:08x} <{}>:\n", start, name);
      const std::uint64_t end = std::min(segment.end(), symbols.next_after(start));
      text += disassembly(start, std::span(bytes).subspan(at - segment.start, end - at));
      at = end;
    }
  }
  return text;
}

}  // namespace cosmoo::moxie::cli
