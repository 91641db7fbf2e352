#include "sandbox/moxie/translator/code_cache.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace cosmoo::moxie::translator {

namespace {

constexpr std::size_t kHostPage = 4096;

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + kHostPage - 1) / kHostPage * kHostPage;
}

/// Bytes of machine code for each even address: six times the guest's own.
constexpr std::size_t kBytesEach = 12;
constexpr std::size_t kLeast = 64 << 10;

std::size_t code_bytes(std::uint32_t count) {
  return whole_pages(std::max(kLeast, count * kBytesEach));
}

std::size_t table_bytes(std::uint32_t count) {
  return whole_pages(std::size_t{count} * sizeof(std::uint64_t));
}

}  // namespace

std::size_t CodeCache::most_bytes(std::uint32_t count) {
  return code_bytes(count) + table_bytes(count);
}

std::unique_ptr<CodeCache> CodeCache::make(std::uint32_t count) {
  std::unique_ptr<CodeCache> cache(new CodeCache);
  cache->size_ = code_bytes(count);
  cache->mapped_ = most_bytes(count);
  cache->file_ = ::memfd_create("moxie-code", MFD_CLOEXEC);
  if (cache->file_ < 0 || ::ftruncate(cache->file_, static_cast<off_t>(cache->size_)) != 0) {
    return nullptr;
  }
  void* const place = ::mmap(nullptr, cache->mapped_, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) return nullptr;
  cache->code_ = static_cast<std::uint8_t*>(place);
  cache->table_ = reinterpret_cast<std::uint64_t*>(cache->code_ + cache->size_);
  if (::mmap(place, cache->size_, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, cache->file_, 0) ==
      MAP_FAILED) {
    return nullptr;
  }
  return cache;
}

CodeCache::~CodeCache() {
  if (code_ != nullptr) ::munmap(code_, mapped_);
  if (file_ >= 0) ::close(file_);
}

bool CodeCache::append(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > room()) return false;
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(used_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    used_ += static_cast<std::size_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace cosmoo::moxie::translator
