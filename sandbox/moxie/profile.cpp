#include "sandbox/moxie/profile.h"

#include <algorithm>
#include <limits>

namespace cosmoo::moxie {

namespace {

constexpr std::uint32_t kLongestText = 64 << 20;

// The kinds of record in a gmon file.
constexpr char kTimes = 0;
constexpr char kCall = 1;

void put(std::string& bytes, std::uint64_t value, unsigned count) {
  for (unsigned i = 0; i < count; ++i) bytes += static_cast<char>(value >> 8 * i);
}

}  // namespace

Profile::Profile(const Setup& setup) {
  for (const auto& program : setup.programs) {
    for (const Segment& segment : program->segments()) {
      if (segment.access != Access::read_only) continue;
      const std::uint32_t length = std::min(segment.length, kLongestText);
      texts_.push_back({segment.start & ~1u, std::vector<std::uint64_t>(length / 2 + 1)});
    }
  }
}

void Profile::before(const Machine& machine, const Instruction&) {
  pc_ = machine.state().pc;
  for (Text& text : texts_) {
    const std::uint32_t index = (pc_ - text.start) / 2;
    if (pc_ < text.start || index >= text.counts.size()) continue;
    ++text.counts[index];
    return;
  }
}

void Profile::after(const Machine& machine, const Instruction& instruction, const Stop& stop) {
  if (stop.why == Stop::Why::fault || info(instruction.operation).flow != Flow::call) return;
  ++calls_[{pc_, machine.state().pc}];
}

std::string Profile::gmon() const {
  std::string bytes = "gmon";
  put(bytes, 1, 4);  // The format's version, and what is spare.
  bytes.append(12, '\0');
  std::uint64_t most = 1;
  for (const Text& text : texts_) {
    most = std::max(most, *std::max_element(text.counts.begin(), text.counts.end()));
  }
  // Counts have 16 bits: one unit is as many instructions as make the largest fit.
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint16_t>::max();
  const std::uint64_t unit = (most + kLargest - 1) / kLargest;
  for (const Text& text : texts_) {
    if (std::all_of(text.counts.begin(), text.counts.end(), [](auto n) { return n == 0; }))
      continue;
    bytes += kTimes;
    put(bytes, text.start, 4);
    put(bytes, text.start + text.counts.size() * 2, 4);
    put(bytes, text.counts.size(), 4);
    put(bytes, std::max<std::uint64_t>(1, kInstructionsPerSecond / unit), 4);
    bytes += "seconds";
    bytes.append(15 - 7, '\0');
    bytes += 's';
    for (const std::uint64_t count : text.counts) put(bytes, (count + unit / 2) / unit, 2);
  }
  for (const auto& [ends, count] : calls_) {
    bytes += kCall;
    put(bytes, ends.first, 4);
    put(bytes, ends.second, 4);
    put(bytes, std::min<std::uint64_t>(count, std::numeric_limits<std::uint32_t>::max()), 4);
  }
  return bytes;
}

}  // namespace cosmoo::moxie
