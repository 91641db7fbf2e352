// Counts what a guest executes, and writes it as gprof reads it: `gprof guest.elf gmon.out`.
//
// Exact, not sampled: every instruction and every call is counted. A "second" of the report is a
// hundred million instructions, so that its times can be compared between runs and machines.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/moxie/observer.h"

namespace cosmoo::moxie {

class Profile final : public Observer {
 public:
  static constexpr std::uint32_t kInstructionsPerSecond = 100'000'000;

  /// Counts within the programs' read-only segments; the first 64 MiB of each program.
  explicit Profile(const Setup& setup);

  void before(const Machine& machine, const Instruction& instruction) override;
  void after(const Machine& machine, const Instruction& instruction, const Stop& stop) override;

  /// The file gmon.out.
  std::string gmon() const;

 private:
  struct Text {
    std::uint32_t start;
    std::vector<std::uint64_t> counts;  ///< One for each halfword.
  };
  std::vector<Text> texts_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>
      calls_;  ///< From where to where.
  std::uint32_t pc_ = 0;
};

}  // namespace cosmoo::moxie
