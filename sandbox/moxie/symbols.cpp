#include "sandbox/moxie/symbols.h"

#include <elf.h>

#include <cstdio>
#include <cstring>
#include <optional>

namespace cosmoo::moxie {

namespace {

using File = std::span<const std::uint8_t>;

/// A structure of the file, which is little-endian as this machine is; nothing if it lies outside.
template <typename T>
std::optional<T> read(File file, std::uint64_t offset) {
  T value;
  if (offset > file.size() || file.size() - offset < sizeof(T)) return std::nullopt;
  std::memcpy(&value, file.data() + offset, sizeof(T));
  return value;
}

std::string name_at(File file, const Elf32_Shdr& names, std::uint32_t index) {
  std::string name;
  for (std::uint64_t at = index; at < names.sh_size && names.sh_offset + at < file.size(); ++at) {
    const auto byte = static_cast<char>(file[names.sh_offset + at]);
    if (byte == '\0') return name;
    name += byte > ' ' && byte < 0x7f ? byte : '?';
    if (name.size() > 200) break;
  }
  return {};
}

}  // namespace

void Symbols::add(File elf) {
  const auto header = read<Elf32_Ehdr>(elf, 0);
  if (!header || header->e_shentsize != sizeof(Elf32_Shdr)) return;
  const auto section = [&](std::uint64_t index) {
    return read<Elf32_Shdr>(elf, header->e_shoff + index * sizeof(Elf32_Shdr));
  };
  for (unsigned i = 0; i < header->e_shnum; ++i) {
    const auto table = section(i);
    if (!table || table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum) continue;
    const auto names = section(table->sh_link);
    if (!names) continue;
    for (std::uint64_t at = 0; at + sizeof(Elf32_Sym) <= table->sh_size; at += sizeof(Elf32_Sym)) {
      const auto symbol = read<Elf32_Sym>(elf, table->sh_offset + at);
      if (!symbol) return;
      const unsigned type = ELF32_ST_TYPE(symbol->st_info);
      if ((type != STT_FUNC && type != STT_NOTYPE) || symbol->st_shndx == SHN_UNDEF ||
          symbol->st_shndx >= SHN_LORESERVE)
        continue;
      std::string name = name_at(elf, *names, symbol->st_name);
      if (name.empty() || name[0] == '.') continue;
      if (type == STT_FUNC && ELF32_ST_BIND(symbol->st_info) != STB_LOCAL) {
        functions_.emplace(name, symbol->st_value);
      }
      Symbol& known = symbols_[symbol->st_value];
      if (known.name.empty() || (type == STT_FUNC && known.length == 0))
        known = {std::move(name), type == STT_FUNC ? symbol->st_size : 0};
    }
  }
}

std::string Symbols::at(std::uint32_t address) const {
  auto next = symbols_.upper_bound(address);
  if (next == symbols_.begin()) return {};
  const auto& [start, symbol] = *--next;
  const std::uint32_t offset = address - start;
  if (offset == 0) return symbol.name;
  if (symbol.length != 0 && offset >= symbol.length) return {};
  char text[16];
  std::snprintf(text, sizeof text, "+%#x", offset);
  return symbol.name + text;
}

std::string Symbols::starting_at(std::uint32_t address) const {
  const auto found = symbols_.find(address);
  return found == symbols_.end() ? std::string() : found->second.name;
}

std::optional<std::uint32_t> Symbols::function(std::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> Symbols::functions() const {
  std::vector<std::string> names;
  for (const auto& [name, address] : functions_) names.push_back(name);
  return names;
}

std::uint64_t Symbols::next_after(std::uint32_t address) const {
  const auto next = symbols_.upper_bound(address);
  return next == symbols_.end() ? std::uint64_t{1} << 32 : next->first;
}

}  // namespace cosmoo::moxie
