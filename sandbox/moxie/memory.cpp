#include "sandbox/moxie/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace cosmoo::moxie {

namespace {

// Below the window the table of pages, and home() below that; above it nothing, for an access that
// begins at the last byte.
constexpr std::size_t kTable = kAddressSpace / kPage;
constexpr std::size_t kBelow = kTable + kPage;
constexpr std::size_t kGuard = 1 << 16;
constexpr std::size_t kReservation = kBelow + kAddressSpace + kGuard;

}  // namespace

tl::expected<std::unique_ptr<Memory>, LoadError> Memory::reserve() {
  void* place =
      ::mmap(nullptr, kReservation, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED || ::mprotect(place, kBelow, PROT_READ | PROT_WRITE) != 0) {
    const int error = errno;
    if (place != MAP_FAILED) ::munmap(place, kReservation);
    return tl::unexpected(
        LoadError{LoadError::Kind::system,
                  std::string("no address space for a guest: ") + std::strerror(error)});
  }
  return std::unique_ptr<Memory>(new Memory(static_cast<std::uint8_t*>(place) + kBelow));
}

Memory::~Memory() { ::munmap(base_ - kBelow, kReservation); }

bool Memory::map_zeros(std::uint32_t start, std::uint64_t length, Access access) {
  if (::mprotect(base_ + start, length, PROT_READ | PROT_WRITE) != 0) return false;
  mapped_.push_back({start, start + length});
  set_access(start, length, access);
  return true;
}

bool Memory::map_bytes(std::uint32_t start, std::uint64_t length, const SharedBytes& bytes,
                       std::size_t offset, Access access) {
  if (!bytes.map_at(base_ + start, offset, length)) return false;
  mapped_.push_back({start, start + length});
  set_access(start, length, access);
  return true;
}

void Memory::set_access(std::uint32_t start, std::uint64_t length, Access access) {
  const std::uint8_t value = access == Access::read_only ? kRead : kRead | kWrite;
  std::memset(const_cast<std::uint8_t*>(&bits(start)), value, length / kPage);
}

void Memory::protect(std::uint32_t start, std::uint64_t end) {
  bool mixed = false;
  for (std::uint64_t at = start & ~std::uint64_t{kPage - 1}; at < end; at += kPage) {
    auto& page = const_cast<std::uint8_t&>(bits(static_cast<std::uint32_t>(at)));
    if ((page & (kWrite | kMixed)) == 0) continue;
    page = kRead | kMixed;
    mixed = true;
  }
  if (mixed) protected_.push_back({start, end});
}

void Memory::hide_null(std::uint32_t end) {
  low_end_ = end;
  auto& page = const_cast<std::uint8_t&>(bits(0));
  const bool writable = (page & (kWrite | kMixed)) != 0;
  page = writable ? kLow | kMixed : kLow;
}

void Memory::fill(std::uint32_t address, const void* from, std::size_t length) {
  if (length != 0) std::memcpy(base_ + address, from, length);
}

bool Memory::seal() {
  if (sealed_) return intact_;
  sealed_ = true;
  for (const Range& range : mapped_) {
    std::uint64_t at = range.start;
    while (at < range.end) {  // Pages alike, at once.
      const std::uint8_t page = bits(static_cast<std::uint32_t>(at));
      std::uint64_t end = at + kPage;
      while (end < range.end && bits(static_cast<std::uint32_t>(end)) == page) end += kPage;
      if ((page & kLow) != 0) {
        low_page_.assign(base_, base_ + kPage);
        intact_ &= ::mprotect(base_ + at, end - at, PROT_NONE) == 0;
      } else if ((page & kWrite) == 0) {
        intact_ &= ::mprotect(base_ + at, end - at, PROT_READ) == 0;
      }
      at = end;
    }
  }
  return intact_;
}

bool Memory::has(const void* address) const {
  const auto* const byte = static_cast<const std::uint8_t*>(address);
  return byte >= base_ && byte < base_ + kAddressSpace + kGuard;
}

bool Memory::is_mixed(std::uint32_t start, std::uint64_t length) const {
  for (std::uint64_t at = start; at < start + length; at += kPage) {
    if ((bits(static_cast<std::uint32_t>(at)) & kMixed) != 0) return true;
  }
  return false;
}

void Memory::close(std::uint32_t start, std::uint64_t length) {
  for (std::uint64_t at = start; at < start + length; at += kPage) {
    if ((bits(static_cast<std::uint32_t>(at)) & kMixed) == 0) continue;
    intact_ &= ::mprotect(base_ + at, kPage, PROT_READ) == 0;
  }
}

std::optional<std::uint32_t> Memory::unreadable(std::uint32_t address, std::uint64_t length) const {
  const std::uint64_t end = address + length;
  for (std::uint64_t at = address; at < end; at = (at | (kPage - 1)) + 1) {
    const std::uint8_t page =
        at < kAddressSpace ? bits(static_cast<std::uint32_t>(at)) : std::uint8_t{0};
    const bool there = (page & kRead) != 0 || ((page & kLow) != 0 && at >= low_end_);
    if (!there) return static_cast<std::uint32_t>(at);
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Memory::unwritable(std::uint32_t address, std::uint64_t length) const {
  const std::uint64_t end = address + length;
  for (std::uint64_t at = address; at < end; at = (at | (kPage - 1)) + 1) {
    const std::uint64_t page_end = std::min(end, (at | (kPage - 1)) + 1);
    const std::uint8_t page =
        at < kAddressSpace ? bits(static_cast<std::uint32_t>(at)) : std::uint8_t{0};
    const bool hidden = (page & kLow) != 0 && at < low_end_;
    if ((page & (kWrite | kMixed)) == 0 || hidden) return static_cast<std::uint32_t>(at);
    if ((page & kMixed) == 0) continue;
    std::uint64_t first = page_end;
    for (const Range& range : protected_) {
      if (range.start < page_end && at < range.end)
        first = std::min(first, std::max(at, range.start));
    }
    if (first < page_end) return static_cast<std::uint32_t>(first);
  }
  return std::nullopt;
}

bool Memory::read(std::uint32_t address, void* to, std::size_t length) const {
  if (unreadable(address, length)) return false;
  auto* bytes = static_cast<std::uint8_t*>(to);
  const std::size_t low =
      address < low_page_.size() ? std::min(length, low_page_.size() - address) : 0;
  std::copy_n(low_page_.begin() + (low != 0 ? address : 0), low, bytes);
  if (length != low) std::memcpy(bytes + low, base_ + address + low, length - low);
  return true;
}

bool Memory::write(std::uint32_t address, const void* from, std::size_t length) {
  if (unwritable(address, length)) return false;
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  const std::size_t low =
      address < low_page_.size() ? std::min(length, low_page_.size() - address) : 0;
  std::copy_n(bytes, low, low_page_.begin() + (low != 0 ? address : 0));
  if (length == low) return true;
  bytes += low;
  length -= low;
  address += static_cast<std::uint32_t>(low);
  // Where the host refuses whole pages of which the guest may write parts.
  const std::uint32_t first = address & ~(kPage - 1);
  const std::uint64_t pages = (address - first + length + kPage - 1) & ~std::uint64_t{kPage - 1};
  const bool opened = sealed_ && is_mixed(first, pages);
  if (opened && ::mprotect(base_ + first, pages, PROT_READ | PROT_WRITE) != 0) return false;
  std::memcpy(base_ + address, bytes, length);
  if (opened) close(first, pages);
  return true;
}

}  // namespace cosmoo::moxie
