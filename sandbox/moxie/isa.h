// The instruction set as data: names, shapes, and from bytes to an instruction. Everything here
// comes from instructions.inc; meanings are executed by interpreter.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace cosmoo::moxie {

/// The operands of an instruction, as they are written.
enum class Shape : std::uint8_t {
  none,
  reg,           ///< jmp $r0
  reg_reg,       ///< add $r0, $r1
  reg_imm32,     ///< ldi.l $r0, 0x12345678
  imm32,         ///< jsra 0x1000
  reg_address,   ///< lda.l $r0, 0x1000
  address_reg,   ///< sta.l 0x1000, $r0
  reg_indirect,  ///< ld.l $r0, ($r1)
  indirect_reg,  ///< st.l ($r0), $r1
  reg_offset,    ///< ldo.l $r0, 8($r1)
  offset_reg,    ///< sto.l 8($r0), $r1
  reg_small,     ///< inc $r0, 0x1
  branch         ///< beq 0x1000
};

/// What may come after an instruction.
enum class Flow : std::uint8_t {
  next,    ///< The one behind it.
  branch,  ///< That or the target.
  jump,    ///< Another one.
  call,    ///< A function.
  stop     ///< Whoever runs the guest has to look: system calls, breakpoints, what is undefined.
};

enum class Operation : std::uint8_t {
#define MOXIE(code, id, text, shape, flow, meaning) id,
#include "sandbox/moxie/instructions.inc"
#undef MOXIE
  undefined  ///< No such opcode: SIGILL.
};

inline constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::undefined) + 1;

/// What the table says of an operation.
struct OperationInfo {
  std::uint8_t code = 0;  ///< As in instructions.inc.
  std::string_view text;
  Shape shape = Shape::none;
  Flow flow = Flow::stop;
};

inline constexpr std::array<OperationInfo, kOperations> kOperationInfo = {
#define MOXIE(code, id, text, shape, flow, meaning) \
  OperationInfo{code, text, Shape::shape, Flow::flow},
#include "sandbox/moxie/instructions.inc"
#undef MOXIE
    OperationInfo{0, "bad", Shape::none, Flow::stop}};

constexpr const OperationInfo& info(Operation operation) {
  return kOperationInfo[static_cast<std::size_t>(operation)];
}

/// Bytes that an instruction of this shape takes: 2, 4 or 6.
constexpr std::uint32_t length(Shape shape) {
  switch (shape) {
    case Shape::reg_imm32:
    case Shape::imm32:
    case Shape::reg_address:
    case Shape::address_reg:
      return 6;
    case Shape::reg_offset:
    case Shape::offset_reg:
      return 4;
    default:
      return 2;
  }
}

inline constexpr std::uint32_t kLongestInstruction = 6;

/// One instruction, taken apart.
struct Instruction {
  Operation operation = Operation::undefined;
  std::uint8_t a = 0;           ///< Register number.
  std::uint8_t b = 0;           ///< Register number.
  std::uint8_t length = 2;      ///< Bytes, from the table.
  std::uint32_t immediate = 0;  ///< Sign-extended; of a branch: bytes from its own address.

  bool operator==(const Instruction&) const = default;
};

/// The operation of an instruction that begins with these 16 bits.
Operation operation_of(std::uint16_t first);

/// How many bytes an instruction takes that begins with these two.
std::uint32_t length_at(const std::uint8_t* bytes);

/// Takes apart what `bytes` begins with; there must be as many as its operation takes.
Instruction decode(const std::uint8_t* bytes);

/// $fp, $sp, $r0 to $r13.
extern const std::array<std::string_view, 16> kRegisterNames;

inline constexpr unsigned kFp = 0;
inline constexpr unsigned kSp = 1;
inline constexpr unsigned kR0 = 2;

/// The bytes besides its own that an instruction reads or writes; none: bytes is 0.
struct MemoryUse {
  std::uint32_t address = 0;
  std::uint32_t bytes = 0;
  bool store = false;
};

/// With these registers before it.
MemoryUse memory_use(const Instruction& instruction,
                     const std::array<std::uint32_t, 16>& registers);

/// In the assembler's words, as "ldo.l $r0, 8($sp)"; branch targets are absolute. `pc` is its
/// address.
std::string disassemble(const Instruction& instruction, std::uint32_t pc);

}  // namespace cosmoo::moxie
