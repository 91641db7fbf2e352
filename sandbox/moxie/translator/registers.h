// Where a guest's registers are while a block is translated, and what is known of their values.
//
// Rules: (1) a guest's register has one place of its own, a register of the host or a word of Home;
// between blocks its value is there; (2) within a block its value may instead be an expression over
// the places of others, or a constant: it is put into its place when it must be; (3) whoever has an
// expression other than its own place plus an offset has a place that no other's expression names,
// so that it can always be filled at once; (4) rax and rcx belong to the instruction under way,
// rax also to whoever fills a place in Home.
#pragma once

#include <asmjit/x86.h>

#include <array>
#include <cstdint>

#include "sandbox/moxie/isa.h"

namespace cosmoo::moxie::translator {

/// (place of `base`) + (place of `index` << shift) + offset, modulo 2^32. Neither: a constant.
struct Value {
  static constexpr std::int8_t kNone = -1;

  std::int8_t base = kNone;
  std::int8_t index = kNone;
  std::uint8_t shift = 0;
  std::uint32_t offset = 0;

  static Value constant(std::uint32_t value) { return {kNone, kNone, 0, value}; }
  static Value place(unsigned guest) { return {static_cast<std::int8_t>(guest), kNone, 0, 0}; }
  bool is_constant() const { return base == kNone && index == kNone; }
  /// A place, and nothing added to it.
  bool is_place() const { return base != kNone && index == kNone && offset == 0; }
  bool names(unsigned guest) const {
    return base == static_cast<int>(guest) || index == static_cast<int>(guest);
  }
  Value plus(std::uint32_t more) const { return {base, index, shift, offset + more}; }

  bool operator==(const Value&) const = default;
};

/// The host's registers that stand for the guest's; kInHome for those without.
using Mapping = std::array<std::uint8_t, 16>;
inline constexpr std::uint8_t kInHome = 0xff;

/// Registers of the host that guests' registers may be in, those with short encodings first.
inline constexpr std::array<std::uint8_t, 12> kHostRegisters = {3, 6,  7,  2,  5,  8,
                                                                9, 10, 11, 12, 13, 14};

class Registers {
 public:
  using Gp = asmjit::x86::Gp;
  using Mem = asmjit::x86::Mem;

  Registers(asmjit::x86::Assembler& assembler, const Mapping& mapping)
      : to_(assembler), mapping_(mapping) {
    forget();
  }

  /// All values are in their places.
  void forget();
  const std::array<Value, 16>& values() const { return values_; }
  const Value& value(unsigned guest) const { return values_[guest]; }
  bool is_mapped(unsigned guest) const { return mapping_[guest] != kInHome; }
  bool is_home(unsigned guest) const { return values_[guest] == Value::place(guest); }
  Gp host(unsigned guest) const { return asmjit::x86::gpd(mapping_[guest]); }
  Gp host64(unsigned guest) const { return asmjit::x86::gpq(mapping_[guest]); }
  /// Its word in Home.
  static Mem home(unsigned guest);

  // --- Values ---

  /// Its value as an expression that others may have; none if its place is in Home and it is there.
  bool expression(unsigned guest, Value& value);
  /// Gives it an expression; `value` came from expression().
  void set(unsigned guest, const Value& value);
  /// Its place is about to be overwritten: fills those that name it.
  void claim(unsigned guest);
  /// Its place has just been overwritten with its value.
  void placed(unsigned guest) { values_[guest] = Value::place(guest); }
  /// Puts the value into its place.
  void fill(unsigned guest);
  void fill_all();

  // --- Operands; `scratch` is used if there is no register with the value ---

  /// A register with the value, to be read only.
  Gp read(unsigned guest, Gp scratch);
  /// The same, as a constant, a word of Home or a register.
  asmjit::Operand source(unsigned guest, Gp scratch);
  /// A register with the value, which may be changed; written() makes it the guest's.
  Gp change(unsigned guest, Gp scratch);
  /// A register for a new value; written() makes it the guest's. Its old value is still known.
  Gp target(unsigned guest, Gp scratch) { return is_mapped(guest) ? host(guest) : scratch; }
  void written(unsigned guest, Gp scratch);
  void compute(Gp into, const Value& value);

 private:
  asmjit::x86::Assembler& to_;
  const Mapping& mapping_;
  std::array<Value, 16> values_;
};

}  // namespace cosmoo::moxie::translator
