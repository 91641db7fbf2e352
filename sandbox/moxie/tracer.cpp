#include "sandbox/moxie/tracer.h"

#include <cstdio>

namespace cosmoo::moxie {

namespace {

template <typename... Values>
std::string print(const char* format, Values... values) {
  char text[96];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

}  // namespace

void Tracer::before(const Machine& machine, const Instruction&) {
  pc_ = machine.state().pc;
  registers_ = machine.state().registers;
}

void Tracer::after(const Machine& machine, const Instruction& instruction, const Stop& stop) {
  const State& state = machine.state();
  std::string line = print("%08x  %-26s", pc_, disassemble(instruction, pc_).c_str());
  if (stop.why == Stop::Why::fault) {
    line +=
        print("%s at %08x", std::string(to_string(stop.fault.signal)).c_str(), stop.fault.address);
  } else {
    for (std::size_t i = 0; i < registers_.size(); ++i) {
      if (state.registers[i] == registers_[i]) continue;
      line += print("%s=%08x ", std::string(kRegisterNames[i]).c_str(), state.registers[i]);
    }
    if (const MemoryUse use = memory_use(instruction, registers_); use.bytes != 0) {
      std::uint64_t value = 0;
      if (machine.memory().read(use.address, &value, use.bytes)) {
        line += print(use.store ? "[%08x]=%0*llx " : "from [%08x]=%0*llx ", use.address,
                      static_cast<int>(use.bytes * 2), static_cast<unsigned long long>(value));
      }
    }
    const Flow flow = info(instruction.operation).flow;
    if (flow == Flow::branch && state.pc != pc_ + instruction.length) line += "taken";
    if (flow == Flow::jump || flow == Flow::call) line += print("to %08x", state.pc);
    if (stop.why == Stop::Why::exited) line += print("exit code %d", stop.exit_code);
  }
  while (line.back() == ' ') line.pop_back();
  line += '\n';
  sink_(line);
}

std::string disassembly(std::uint32_t start, std::span<const std::uint8_t> bytes) {
  std::string text;
  for (std::size_t at = 0; at + 2 <= bytes.size();) {
    std::size_t size = length_at(bytes.data() + at);
    const auto pc = static_cast<std::uint32_t>(start + at);
    std::string words = "(cut off)";
    if (at + size <= bytes.size()) {
      words = disassemble(decode(bytes.data() + at), pc);
    } else {
      size = bytes.size() - at;
    }
    std::string hex;
    for (std::size_t i = 0; i < size; ++i) hex += print("%02x ", bytes[at + i]);
    text += print("%8x:  %-19s %s\n", pc, hex.c_str(), words.c_str());
    at += size;
  }
  return text;
}

}  // namespace cosmoo::moxie
