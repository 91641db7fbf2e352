// How a guest can go wrong. A fault is a result, never a fault of this program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cosmoo::moxie {

enum class Signal : std::uint8_t {
  none,
  bus,   ///< Memory that is not there, or may not be written.
  ill,   ///< No such instruction.
  fpe,   ///< Division by zero, or of INT_MIN by -1.
  trap,  ///< `brk`.
};

/// "SIGBUS", ...; "none".
std::string_view to_string(Signal signal);

struct Fault {
  Signal signal = Signal::none;
  std::uint32_t address = 0;  ///< The first byte that was refused; of other signals: the pc.
  std::uint32_t pc = 0;       ///< The instruction, which has changed nothing.

  bool operator==(const Fault&) const = default;
};

/// Why a program, or a set of programs and data, can't be run.
struct LoadError {
  enum class Kind : std::uint8_t {
    malformed,  ///< Not an ELF file for Moxie, or one that contradicts itself.
    no_room,    ///< Overlaps, wraps around, or is larger than the limits allow.
    system      ///< The system gave no memory.
  };
  Kind kind = Kind::malformed;
  std::string message;  ///< For people, complete: what is wrong and where.
};

}  // namespace cosmoo::moxie
