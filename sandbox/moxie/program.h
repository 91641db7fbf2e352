// A Moxie program, checked and made ready once, then run by any number of guests.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/moxie/code.h"
#include "sandbox/moxie/fault.h"
#include "sandbox/moxie/memory.h"
#include "sandbox/moxie/shared_bytes.h"

namespace cosmoo::moxie {

/// A piece of a program as its file describes it; of any bytes, not of whole pages.
struct Segment {
  std::uint32_t start = 0;
  std::uint32_t length = 0;       ///< In memory; above 0.
  std::uint32_t file_offset = 0;  ///< Where its bytes are in the file, ...
  std::uint32_t file_length = 0;  ///< ... as many; zeros follow.
  Access access = Access::read_only;

  std::uint64_t end() const { return std::uint64_t{start} + length; }
  bool operator==(const Segment&) const = default;
};

/// Immutable; any thread may use it.
class Program {
 public:
  /// From the bytes of an ELF file, which are copied. Nothing in them is trusted; the error says
  /// what is wrong and where.
  static tl::expected<std::shared_ptr<const Program>, LoadError> load(
      std::span<const std::uint8_t> elf);

  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::uint32_t entry() const { return entry_; }
  /// At least one, sorted by address, not overlapping.
  const std::vector<Segment>& segments() const { return segments_; }
  /// Whole pages that it takes in memory.
  std::uint64_t memory_bytes() const { return memory_bytes_; }
  /// What it takes of the host at most, however many guests run it.
  std::uint64_t host_bytes() const;

  /// Puts it into an address space where its pages are free. False: the system gave no memory.
  [[nodiscard]] bool map_into(Memory& memory) const;

  /// The code that covers this address, or null: run it from the guest's memory.
  const Code* code_at(std::uint32_t pc) const;
  std::vector<const Code*> codes() const;

 private:
  struct Extent {
    std::uint64_t start, end;  ///< Whole pages.
    std::size_t offset = 0;    ///< In bytes_.
  };

  Program() = default;
  void lay_out();
  std::vector<std::uint8_t> image(std::span<const std::uint8_t> elf) const;

  std::uint32_t entry_ = 0;
  std::uint64_t memory_bytes_ = 0;
  std::vector<Segment> segments_;
  std::vector<Extent> filled_;  ///< Pages with bytes of the file.
  std::vector<Extent> zeros_;   ///< The others.
  std::unique_ptr<const SharedBytes> bytes_;
  std::vector<std::unique_ptr<Code>> codes_;
};

}  // namespace cosmoo::moxie
