// Where a guest's registers are while a block is translated, and what is known of their values.
//
// Rules: (1) a guest's register has one place of its own, a register of the host or a word of Home;
// between blocks its value is there; (2) within a block its value may instead be an expression over
// the places of others, or a constant: it is put into its place when it must be; (3) whoever has an
// expression other than its own place, shifted or with an offset, has a place that no other's
// expression names, so that it can always be filled at once; (4) rax belongs to the instruction
// under way, and to whoever fills a place in Home.
#pragma once

#include <asmjit/x86.h>

#include <array>
#include <bit>
#include <cstdint>

#include "sandbox/moxie/isa.h"
#include "sandbox/moxie/translator/mapping.h"

namespace cosmoo::moxie::translator {

/// A sum: (place of `base`) + (place of `index` << shift) + offset, modulo 2^32, and a constant if
/// it has neither. Or (place of `base`) << shift, or >> shift.
struct Value {
  static constexpr std::int8_t kNone = -1;
  enum class Kind : std::uint8_t { sum, left, right };

  std::int8_t base = kNone;
  std::int8_t index = kNone;
  std::uint8_t shift = 0;
  Kind kind = Kind::sum;
  std::uint32_t offset = 0;

  static Value constant(std::uint32_t value) { return {kNone, kNone, 0, Kind::sum, value}; }
  static Value place(unsigned guest) {
    return {static_cast<std::int8_t>(guest), kNone, 0, Kind::sum, 0};
  }
  bool is_sum() const { return kind == Kind::sum; }
  bool is_constant() const { return base == kNone && index == kNone; }
  /// A place, and nothing added to it.
  bool is_place() const { return is_sum() && base != kNone && index == kNone && offset == 0; }
  bool names(unsigned guest) const {
    return base == static_cast<int>(guest) || index == static_cast<int>(guest);
  }
  /// Of a sum.
  Value plus(std::uint32_t more) const { return {base, index, shift, Kind::sum, offset + more}; }

  bool operator==(const Value&) const = default;
};

class Registers {
 public:
  using Gp = asmjit::x86::Gp;
  using Mem = asmjit::x86::Mem;

  explicit Registers(asmjit::x86::Assembler& assembler) : to_(assembler) { forget(); }

  /// Places are others from here on, and all values are in them.
  void use(const Mapping& mapping) {
    mapping_ = &mapping;
    forget();
  }
  /// All values are in their places.
  void forget();
  const std::array<Value, 16>& values() const { return values_; }
  void restore(const std::array<Value, 16>& values);
  const Value& value(unsigned guest) const { return values_[guest]; }
  bool is_mapped(unsigned guest) const { return (*mapping_)[guest] != kInHome; }
  bool is_home(unsigned guest) const { return (away_ >> guest & 1) == 0; }
  Gp host(unsigned guest) const { return asmjit::x86::gpd((*mapping_)[guest]); }
  Gp host64(unsigned guest) const { return asmjit::x86::gpq((*mapping_)[guest]); }
  /// Its word in Home.
  static Mem home(unsigned guest);

  /// Whether what follows leaves the host's flags alone: between a comparison and its branch.
  enum class Flags : std::uint8_t { free, kept };
  void set_flags(Flags flags) { flags_ = flags; }
  Flags flags() const { return flags_; }

  // --- Values ---

  /// Its value as a sum that others may have; none if its place is in Home and it is there.
  bool expression(unsigned guest, Value& value);
  /// Gives it an expression; `value` came from expression().
  void set(unsigned guest, const Value& value);
  /// Its place is about to be overwritten: fills those that name it.
  void claim(unsigned guest);
  /// Its place has just been overwritten with its value.
  void placed(unsigned guest) {
    values_[guest] = Value::place(guest);
    away_ &= ~(1u << guest);
  }
  /// Puts the value into its place.
  void fill(unsigned guest);
  void fill_all();
  /// Makes it a sum, or puts it into its place.
  void fill_shift(unsigned guest) {
    if (!values_[guest].is_sum()) fill(guest);
  }

  /// From here on, reading one of the two leaves the other one where it is.
  void settle(unsigned one, unsigned other);

  // --- Operands. Those that are registers are eax if there is no other with the value ---

  /// A register with the value, to be read only.
  Gp read(unsigned guest);
  /// The value as a constant, a word of Home or a register, and never eax.
  asmjit::Operand source(unsigned guest);
  /// A register with the value, which may be changed; written() makes it the guest's.
  Gp change(unsigned guest);
  /// A register for a new value; written() makes it the guest's. Its old value is still known.
  Gp target(unsigned guest) const { return is_mapped(guest) ? host(guest) : Gp(asmjit::x86::eax); }
  void written(unsigned guest);
  /// Gives it what is in eax; its place has been claimed.
  void write(unsigned guest);
  /// Whether read() takes eax.
  bool needs_scratch(unsigned guest) const {
    return values_[guest].is_constant() || (!is_mapped(guest) && !is_alias(guest));
  }
  void compute(Gp into, const Value& value);

 private:
  /// Does something for each of these, which are bits.
  template <typename Do>
  static void for_each(std::uint32_t guests, Do&& act) {
    for (; guests != 0; guests &= guests - 1) {
      act(static_cast<unsigned>(std::countr_zero(guests)));
    }
  }
  /// Those that are not in their places, but this one.
  std::uint32_t others_away(unsigned guest) const { return away_ & ~(1u << guest); }
  /// Its value stands in another's place.
  bool is_alias(unsigned guest) const { return !is_home(guest) && values_[guest].is_place(); }

  asmjit::x86::Assembler& to_;
  const Mapping* mapping_ = &kCommonMapping;
  std::array<Value, 16> values_;
  std::uint32_t away_ = 0;  ///< Those whose values are not their own places, as bits.
  Flags flags_ = Flags::free;
};

}  // namespace cosmoo::moxie::translator
