#include "sandbox/moxie/cli/files.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

namespace cosmoo::moxie::cli {

namespace {

constexpr std::size_t kLargest = std::size_t{1} << 30;

using Digest = std::array<std::uint8_t, crypto_hash_sha256_BYTES>;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

tl::unexpected<std::string> system_error(const std::string& path) {
  return tl::unexpected(path + ": " + std::strerror(errno));
}

std::optional<Digest> as_digest(const std::string& name) {
  Digest digest;
  if (name.size() != 2 * digest.size()) return std::nullopt;
  std::size_t length = 0;
  const char* end = nullptr;
  if (sodium_hex2bin(digest.data(), digest.size(), name.data(), name.size(), nullptr, &length,
                     &end) != 0 ||
      length != digest.size() || end != name.data() + name.size())
    return std::nullopt;
  return digest;
}

Digest digest_of(const Bytes& bytes) {
  Digest digest;
  crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
  return digest;
}

}  // namespace

tl::expected<Bytes, std::string> read_file(const std::string& path) {
  const File file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) return system_error(path);
  Bytes bytes;
  std::array<std::uint8_t, 1 << 16> part;
  for (;;) {
    const std::size_t count = std::fread(part.data(), 1, part.size(), file.get());
    if (bytes.size() + count > kLargest) return tl::unexpected(path + ": larger than 1 GiB");
    bytes.insert(bytes.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
    if (count == part.size()) continue;
    if (std::ferror(file.get()) != 0) return system_error(path);
    return bytes;
  }
}

tl::expected<Bytes, std::string> find_file(const std::string& name,
                                           std::span<const std::string> folders) {
  const std::optional<Digest> wanted = folders.empty() ? std::nullopt : as_digest(name);
  if (!wanted) return read_file(name);
  for (const std::string& folder : folders) {
    std::error_code error;
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.is_regular_file(error)) paths.push_back(entry.path());
    }
    if (error) return tl::unexpected(folder + ": " + error.message());
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
      tl::expected<Bytes, std::string> bytes = read_file(path.string());
      if (bytes && digest_of(*bytes) == *wanted) return bytes;
    }
  }
  return tl::unexpected(name + ": no file with this SHA-256 in the folders given");
}

tl::expected<void, std::string> write_file(const std::string& path, std::string_view bytes) {
  if (path == "-") {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size() ||
        std::fflush(stdout) != 0)
      return system_error("standard output");
    return {};
  }
  File file(std::fopen(path.c_str(), "wbe"), &std::fclose);
  if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() ||
      std::fclose(file.release()) != 0)
    return system_error(path);
  return {};
}

}  // namespace cosmoo::moxie::cli
