// Guests put together by hand: instructions into bytes, and bytes into an ELF file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/moxie/isa.h"
#include "sandbox/moxie/machine.h"

namespace cosmoo::moxie::testing {

using Bytes = std::vector<std::uint8_t>;

/// Register numbers, so that cases read as the assembler's.
enum Register : unsigned { fp, sp, r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13 };

/// The bytes of one instruction; the immediate of a branch is in bytes from its own address.
Bytes encode(Operation operation, unsigned a = 0, unsigned b = 0, std::uint32_t immediate = 0);

/// Instructions one after the other.
class Assembly {
 public:
  Assembly& add(Operation operation, unsigned a = 0, unsigned b = 0, std::uint32_t immediate = 0);
  /// As they are.
  Assembly& raw(const Bytes& bytes);
  /// ldi.l
  Assembly& set(unsigned reg, std::uint32_t value) { return add(Operation::ldi_l, reg, 0, value); }
  /// r0 becomes the guest's exit code.
  Assembly& exit() { return add(Operation::swi, 0, 0, 1); }

  const Bytes& bytes() const { return bytes_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(bytes_.size()); }

 private:
  Bytes bytes_;
};

/// A segment for elf_file().
struct Piece {
  std::uint32_t address = 0;
  Bytes bytes = {};
  std::uint32_t zeros = 0;  ///< Behind the bytes.
  Access access = Access::read_only;
};

/// A right ELF file. Its headers are 52 bytes, then 32 for each piece.
Bytes elf_file(std::uint32_t entry, const std::vector<Piece>& pieces);

inline constexpr std::uint32_t kText = 0x1000;

/// A guest with this read-only code at kText, its entry.
std::unique_ptr<Machine> guest(const Bytes& code, std::vector<Piece> more = {}, Setup setup = {});
inline std::unique_ptr<Machine> guest(const Assembly& code, std::vector<Piece> more = {},
                                      Setup setup = {}) {
  return guest(code.bytes(), std::move(more), std::move(setup));
}

/// The program of such a file; the test fails if it is refused.
std::shared_ptr<const Program> program(const Bytes& elf);

/// What load() says of a file that it refuses.
std::string refusal(const Bytes& elf);

}  // namespace cosmoo::moxie::testing
