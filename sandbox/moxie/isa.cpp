#include "sandbox/moxie/isa.h"

#include <cstdio>
#include <cstring>

namespace cosmoo::moxie {

namespace {

/// What is asked for whenever an instruction is taken apart.
struct Row {
  Operation operation;
  Shape shape;
  std::uint8_t length;
};

constexpr std::array<Row, 256> rows_by_code() {
  std::array<Row, 256> rows{};
  rows.fill({Operation::undefined, info(Operation::undefined).shape, 2});
  for (std::size_t i = 0; i + 1 < kOperationInfo.size(); ++i) {
    const OperationInfo& one = kOperationInfo[i];
    rows[one.code] = {static_cast<Operation>(i), one.shape,
                      static_cast<std::uint8_t>(length(one.shape))};
  }
  return rows;
}

constexpr std::array<Row, 256> kByCode = rows_by_code();

const Row& row_of(std::uint16_t first) {
  if ((first & 0x8000) == 0) return kByCode[first >> 8];
  if ((first & 0x4000) == 0) return kByCode[0x80 | (first >> 12 & 3)];
  return kByCode[0xc0 | (first >> 10 & 15)];
}

std::uint16_t half_at(const std::uint8_t* bytes) {
  return static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);
}

std::uint32_t word_at(const std::uint8_t* bytes) {
  return half_at(bytes) | static_cast<std::uint32_t>(half_at(bytes + 2)) << 16;
}

}  // namespace

const std::array<std::string_view, 16> kRegisterNames = {
    "$fp", "$sp", "$r0", "$r1", "$r2",  "$r3",  "$r4",  "$r5",
    "$r6", "$r7", "$r8", "$r9", "$r10", "$r11", "$r12", "$r13"};

Operation operation_of(std::uint16_t first) { return row_of(first).operation; }

std::uint32_t length_at(const std::uint8_t* bytes) { return row_of(half_at(bytes)).length; }

Instruction decode(const std::uint8_t* bytes) {
  const std::uint16_t first = half_at(bytes);
  Instruction instruction;
  const Row& row = row_of(first);
  instruction.operation = row.operation;
  instruction.length = row.length;
  instruction.a = first >> 4 & 15;
  instruction.b = first & 15;
  switch (row.shape) {
    case Shape::reg_small:
      instruction.a = first >> 8 & 15;
      instruction.b = 0;
      instruction.immediate = first & 0xff;
      break;
    case Shape::branch: {
      instruction.a = instruction.b = 0;
      const std::int32_t offset = static_cast<std::int32_t>(first & 0x3ff) - ((first & 0x200) << 1);
      instruction.immediate = static_cast<std::uint32_t>(2 + 2 * offset);
      break;
    }
    case Shape::reg_offset:
    case Shape::offset_reg:
      instruction.immediate =
          static_cast<std::uint32_t>(static_cast<std::int16_t>(half_at(bytes + 2)));
      break;
    case Shape::reg_imm32:
    case Shape::imm32:
    case Shape::reg_address:
    case Shape::address_reg:
      instruction.immediate = word_at(bytes + 2);
      break;
    default:
      break;
  }
  return instruction;
}

MemoryUse memory_use(const Instruction& instruction,
                     const std::array<std::uint32_t, 16>& registers) {
  const OperationInfo& row = info(instruction.operation);
  const std::uint32_t a = registers[instruction.a], b = registers[instruction.b];
  const char size = row.text.back();  // "ld.b", "ld.s", "ld.l"
  const std::uint32_t bytes = size == 'b' ? 1 : size == 's' ? 2 : 4;
  switch (row.shape) {
    case Shape::reg_address:
      return {instruction.immediate, bytes, false};
    case Shape::address_reg:
      return {instruction.immediate, bytes, true};
    case Shape::reg_indirect:
      return {b, bytes, false};
    case Shape::indirect_reg:
      return {a, bytes, true};
    case Shape::reg_offset:
      return {b + instruction.immediate, bytes, false};
    case Shape::offset_reg:
      return {a + instruction.immediate, bytes, true};
    default:
      break;
  }
  switch (instruction.operation) {
    case Operation::push:
      return {a - 4, 4, true};
    case Operation::pop:
      return {a, 4, false};
    case Operation::jsr:
    case Operation::jsra:
      return {registers[kSp] - 12, 8, true};
    case Operation::ret:
      return {registers[kFp], 8, false};
    default:
      return {};
  }
}

std::string disassemble(const Instruction& instruction, std::uint32_t pc) {
  const OperationInfo& row = info(instruction.operation);
  const char* a = kRegisterNames[instruction.a].data();
  const char* b = kRegisterNames[instruction.b].data();
  const unsigned immediate = instruction.immediate;
  const int offset = static_cast<int>(immediate);
  char operands[48] = "";
  const auto print = [&operands](const char* format, auto... values) {
    std::snprintf(operands, sizeof operands, format, values...);
  };
  switch (row.shape) {
    case Shape::none:
      break;
    case Shape::reg:
      print(" %s", a);
      break;
    case Shape::reg_reg:
      print(" %s, %s", a, b);
      break;
    case Shape::reg_imm32:
    case Shape::reg_address:
    case Shape::reg_small:
      print(" %s, 0x%x", a, immediate);
      break;
    case Shape::imm32:
      print(" 0x%x", immediate);
      break;
    case Shape::address_reg:
      print(" 0x%x, %s", immediate, a);
      break;
    case Shape::reg_indirect:
      print(" %s, (%s)", a, b);
      break;
    case Shape::indirect_reg:
      print(" (%s), %s", a, b);
      break;
    case Shape::reg_offset:
      print(" %s, %d(%s)", a, offset, b);
      break;
    case Shape::offset_reg:
      print(" %d(%s), %s", offset, a, b);
      break;
    case Shape::branch:
      print(" 0x%x", pc + immediate);
      break;
  }
  return std::string(row.text) + operands;
}

}  // namespace cosmoo::moxie
