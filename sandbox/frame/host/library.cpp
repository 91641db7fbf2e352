#include "sandbox/frame/host/library.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace cosmoo::sandbox::frame_host {

namespace {

constexpr const char* kMapMark = "cosmoo_map_function_";

bool is_function(const ElfW(Sym) & symbol) {
  const unsigned type = symbol.st_info & 0xf;
  const unsigned binding = symbol.st_info >> 4;
  return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF &&
         (binding == STB_GLOBAL || binding == STB_WEAK) && (symbol.st_other & 3) == STV_DEFAULT;
}

/// What the loader has read of a library's dynamic section.
struct Dynamic {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  const std::uint32_t* gnu_hash = nullptr;
  const std::uint32_t* hash = nullptr;

  explicit Dynamic(const link_map& map) {
    for (const ElfW(Dyn)* entry = map.l_ld; entry->d_tag != DT_NULL; ++entry) {
      const auto* at = reinterpret_cast<const void*>(entry->d_un.d_ptr);
      if (entry->d_tag == DT_SYMTAB) symbols = static_cast<const ElfW(Sym)*>(at);
      if (entry->d_tag == DT_STRTAB) strings = static_cast<const char*>(at);
      if (entry->d_tag == DT_GNU_HASH) gnu_hash = static_cast<const std::uint32_t*>(at);
      if (entry->d_tag == DT_HASH) hash = static_cast<const std::uint32_t*>(at);
    }
  }

  /// The number of symbols, which stands in the old table of hashes, or behind the longest chain of
  /// the new one.
  std::uint32_t count() const {
    if (hash) return hash[1];
    if (!gnu_hash) return 0;
    const std::uint32_t buckets = gnu_hash[0], first = gnu_hash[1], words = gnu_hash[2];
    const std::uint32_t* const bucket = gnu_hash + 4 + words * (sizeof(ElfW(Addr)) / 4);
    const std::uint32_t* const chain = bucket + buckets;
    std::uint32_t last = 0;
    for (std::uint32_t i = 0; i < buckets; ++i) last = bucket[i] > last ? bucket[i] : last;
    if (last < first) return first;
    while ((chain[last - first] & 1) == 0) ++last;
    return last + 1;
  }
};

}  // namespace

bool OpenLibrary::open(const char* path) {
  handle_ = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  return handle_ != nullptr;
}

Function OpenLibrary::find(const char* name, const char*& why) {
  if (last_.address && std::strcmp(name, last_name_) == 0) return last_;
  const Function found = look_up(name, why);
  if (found.address && std::strlen(name) < sizeof last_name_) {
    std::strcpy(last_name_, name);
    last_ = found;
  }
  return found;
}

Function OpenLibrary::look_up(const char* name, const char*& why) const {
  static char reason[512];
  why = reason;
  ::dlerror();
  void* const address = ::dlsym(handle_, name);
  if (!address) {
    const char* const text = ::dlerror();
    // The loader names the file as it was given: a number.
    const char* const colon = text ? std::strstr(text, ": ") : nullptr;
    std::snprintf(reason, sizeof reason, "%s", colon ? colon + 2 : "it has no address");
    return {};
  }
  Dl_info info{};
  void *own = nullptr, *owner = nullptr, *symbol = nullptr;
  ::dlinfo(handle_, RTLD_DI_LINKMAP, &own);
  if (::dladdr1(address, &info, &owner, RTLD_DL_LINKMAP) == 0 || owner != own) {
    std::snprintf(reason, sizeof reason, "%s is of another library", name);
    return {};
  }
  if (::dladdr1(address, &info, &symbol, RTLD_DL_SYMENT) == 0 || !symbol ||
      !is_function(*static_cast<const ElfW(Sym)*>(symbol))) {
    std::snprintf(reason, sizeof reason, "%s is not a function", name);
    return {};
  }
  char mark[512];
  std::snprintf(mark, sizeof mark, "%s%s", kMapMark, name);
  return {address, ::dlsym(handle_, mark) != nullptr};
}

char* OpenLibrary::names(std::size_t& size) const {
  size = 0;
  link_map* map = nullptr;
  if (::dlinfo(handle_, RTLD_DI_LINKMAP, &map) != 0) return nullptr;
  const Dynamic dynamic(*map);
  if (!dynamic.symbols || !dynamic.strings) return nullptr;
  const std::uint32_t count = dynamic.count();
  for (std::uint32_t i = 0; i < count; ++i) {
    if (is_function(dynamic.symbols[i])) {
      size += std::strlen(dynamic.strings + dynamic.symbols[i].st_name) + 1;
    }
  }
  auto* const list = static_cast<char*>(std::malloc(size + 1));
  char* at = list;
  for (std::uint32_t i = 0; list && i < count; ++i) {
    if (!is_function(dynamic.symbols[i])) continue;
    const char* const name = dynamic.strings + dynamic.symbols[i].st_name;
    const std::size_t length = std::strlen(name) + 1;
    std::memcpy(at, name, length);
    at += length;
  }
  return list;
}

}  // namespace cosmoo::sandbox::frame_host
