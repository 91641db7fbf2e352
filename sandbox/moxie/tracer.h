// A line for each instruction that a guest executes: where it is, what it says, and what it did.
//
//   00001006  add $r0, $r1              $r0=00000007
//   00001008  sto.l 8($sp), $r0         [00013ff8]=00000007
//   0000100c  beq 0x1020                taken
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sandbox/moxie/observer.h"

namespace cosmoo::moxie {

class Tracer final : public Observer {
 public:
  /// Gets each line, with its newline, as soon as the instruction is done.
  using Sink = std::function<void(std::string_view line)>;

  explicit Tracer(Sink sink) : sink_(std::move(sink)) {}
  void before(const Machine& machine, const Instruction& instruction) override;
  void after(const Machine& machine, const Instruction& instruction, const Stop& stop) override;

 private:
  Sink sink_;
  std::uint32_t pc_ = 0;
  std::array<std::uint32_t, 16> registers_{};
};

/// Each instruction from `start` on, a line each, with its bytes; ends where bytes do.
std::string disassembly(std::uint32_t start, std::span<const std::uint8_t> bytes);

}  // namespace cosmoo::moxie
