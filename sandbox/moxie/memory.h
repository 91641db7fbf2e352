// A guest's 32-bit address space: what is where, what may be done with it, and the bytes.
//
// Rules: (1) all 4 GiB of addresses are reserved, so that not even a wrong check could let a guest
// reach beyond; memory is committed when it is touched; (2) permissions are of whole pages, but the
// bytes of a read-only range stay so on a page that it shares with a writable one; (3) null
// pointers fault, although old linker scripts put a program's headers at the end of page 0; (4)
// nothing that was mapped is unmapped before the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/moxie/shared_bytes.h"

namespace cosmoo::moxie {

inline constexpr std::uint32_t kPage = 4096;
inline constexpr std::uint64_t kAddressSpace = std::uint64_t{1} << 32;

enum class Access : std::uint8_t { read_only, read_write };

class Memory {
 public:
  /// What a page's byte in the table says: 0 is not mapped, kRead and kWrite need no further look.
  enum PageBits : std::uint8_t {
    kRead = 1,
    kWrite = 2,
    kMixed = 4,  ///< Writable but for the bytes of read-only ranges.
    kLow = 8     ///< Page 0: there only from low_end_ on.
  };

  /// An empty address space.
  static tl::expected<std::unique_ptr<Memory>, LoadError> reserve();

  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  // --- Building: ranges of whole pages, not mapped before. False: the system gave no memory. ---

  [[nodiscard]] bool map_zeros(std::uint32_t start, std::uint64_t length, Access access);
  [[nodiscard]] bool map_bytes(std::uint32_t start, std::uint64_t length, const SharedBytes& bytes,
                               std::size_t offset, Access access);
  /// Of pages that are mapped.
  void set_access(std::uint32_t start, std::uint64_t length, Access access);
  /// Keeps [start, end), of any bytes, read-only on pages that are writable otherwise.
  void protect(std::uint32_t start, std::uint64_t end);
  /// Rule 3: of page 0, nothing below `end` is there.
  void hide_null(std::uint32_t end);
  /// Writes what is mapped, read-only or not. Not after seal().
  void fill(std::uint32_t address, const void* from, std::size_t length);

  // --- The guest's own access, checked as its instructions are ---

  /// The first of `length` bytes from `address` that may not be read; none: all may.
  std::optional<std::uint32_t> unreadable(std::uint32_t address, std::uint64_t length) const;
  std::optional<std::uint32_t> unwritable(std::uint32_t address, std::uint64_t length) const;

  /// False, and nothing was changed, if not all of it may be accessed.
  [[nodiscard]] bool read(std::uint32_t address, void* to, std::size_t length) const;
  [[nodiscard]] bool write(std::uint32_t address, const void* from, std::size_t length);

  // --- For translated code, which checks nothing ---

  /// Has the host refuse what the guest may not do, whole page by whole page: of pages that are
  /// partly writable, or partly there, it refuses more. False: the system would not, or no longer
  /// does; to be asked before each run.
  [[nodiscard]] bool seal();
  /// A page in front of the table, for whoever runs the guest; zeros at first.
  void* home() { return base_ - kPages - kPage; }
  /// Whether an address of the host is among the guest's, or just behind them.
  bool has(const void* address) const;

  // --- For the interpreter, after its own checks ---

  /// Address 0. The table of PageBits lies below it: that of address a at base()[(a >> 12) -
  /// kPages].
  std::uint8_t* base() { return base_; }
  const std::uint8_t* base() const { return base_; }
  static constexpr std::ptrdiff_t kPages = kAddressSpace / kPage;

 private:
  explicit Memory(std::uint8_t* base) : base_(base) {}
  bool is_mixed(std::uint32_t start, std::uint64_t length) const;
  /// Has the host refuse the mixed ones of these pages again.
  void close(std::uint32_t start, std::uint64_t length);
  const std::uint8_t& bits(std::uint32_t address) const {
    return base_[static_cast<std::ptrdiff_t>(address / kPage) - kPages];
  }

  struct Range {
    std::uint64_t start, end;
  };
  std::uint8_t* base_;
  bool sealed_ = false;
  bool intact_ = true;  ///< The host refuses all that it was asked to.
  std::vector<Range> mapped_;
  std::uint32_t low_end_ = 0;
  std::vector<Range> protected_;        ///< Read-only ranges on mixed pages.
  std::vector<std::uint8_t> low_page_;  ///< Page 0, once the host refuses it.
};

}  // namespace cosmoo::moxie
