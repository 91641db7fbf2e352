#include "sandbox/guest/library.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "sandbox/moxie/symbols.h"
#include "sandbox/process/unique_fd.h"

namespace cosmoo::sandbox {

namespace {

constexpr std::string_view kElf =
    "\x7f"
    "ELF";
constexpr std::string_view kSeal = "sha256:";
constexpr std::size_t kDigits = 2 * crypto_hash_sha256_BYTES;

tl::unexpected<StartError> bad(std::string message) {
  return tl::unexpected(StartError{StartError::Kind::bad_argument, std::move(message), {}, 0});
}

std::string digest_of(std::string_view bytes) {
  unsigned char digest[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(digest, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  char text[kDigits + 1];
  sodium_bin2hex(text, sizeof text, digest, sizeof digest);
  return text;
}

bool is_name(std::string_view name) {
  return !name.empty() && name[0] != '.' && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

/// A file of the folder, opened; a negative descriptor and errno if there is none.
UniqueFd open_file(const std::filesystem::path& folder, const std::string& name) {
  const UniqueFd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return UniqueFd(-1);
  return UniqueFd(
      ::openat(directory.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

}  // namespace

GuestLibrary::GuestLibrary(std::filesystem::path folder, Options options)
    : folder_(std::move(folder)), options_(options) {}

GuestLibrary::Found GuestLibrary::find(std::string_view program) {
  if (program.starts_with(kElf)) return from_bytes(program);
  if (program.starts_with(kSeal)) return sealed(program.substr(kSeal.size()));
  if (!is_name(program)) {
    return bad("a program is the name of a guest, the bytes of an ELF file, or sha256:<digest>");
  }
  return named(std::string(program));
}

tl::expected<std::string, StartError> GuestLibrary::read(const std::string& name,
                                                         FileStamp& stamp) const {
  const auto refuse = [&](const std::string& why) { return bad("the guest " + name + ": " + why); };
  const UniqueFd file = open_file(folder_, name);
  struct stat about {};
  if (!file || ::fstat(file.get(), &about) != 0) {
    return refuse(errno == ENOENT ? "there is none" : std::strerror(errno));
  }
  if (!S_ISREG(about.st_mode)) return refuse("not a file");
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size > options_.program_bytes) {
    return refuse("larger than " + std::to_string(options_.program_bytes) + " bytes");
  }
  const FileStamp now = stamp_of(about);
  if (now == stamp) return std::string();
  stamp = now;
  auto bytes = read_bytes(file.get(), size);
  if (!bytes) return refuse(std::strerror(bytes.error()));
  return std::move(*bytes);
}

tl::expected<std::string, StartError> GuestLibrary::bytes(const std::string& name) const {
  if (!is_name(name)) return bad("the guest " + name + ": there is none");
  FileStamp stamp;
  return read(name, stamp);
}

tl::expected<std::vector<std::string>, StartError> GuestLibrary::functions(
    const std::string& name) const {
  const auto elf = bytes(name);
  if (!elf) return tl::unexpected(elf.error());
  moxie::Symbols symbols;
  symbols.add(std::span(reinterpret_cast<const std::uint8_t*>(elf->data()), elf->size()));
  return symbols.functions();
}

GuestLibrary::Found GuestLibrary::named(const std::string& name) {
  Known known;
  {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(name);
    // A stamp is of use only while the program is kept.
    if (found != known_.end() && by_digest_.contains(found->second.sha256)) known = found->second;
  }
  const FileStamp before = known.stamp;
  auto bytes = read(name, known.stamp);
  if (!bytes) return tl::unexpected(bytes.error());
  if (known.stamp == before) {
    if (const auto entry = kept(known.sha256)) return *entry;
    known.stamp = {};
    bytes = read(name, known.stamp);
    if (!bytes) return tl::unexpected(bytes.error());
  }
  auto entry = from_bytes(*bytes);
  if (!entry) return bad("the guest " + name + ": " + entry.error().message);
  const std::lock_guard lock(mutex_);
  known_[name] = {known.stamp, entry->sha256};
  return entry;
}

GuestLibrary::Found GuestLibrary::sealed(std::string_view digest) {
  std::string sha256(digest);
  std::transform(sha256.begin(), sha256.end(), sha256.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'F' ? c | 32 : c);
  });
  if (sha256.size() != kDigits ||
      sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return bad("after sha256: there must be 64 hexadecimal digits");
  }
  if (const auto entry = kept(sha256)) return *entry;
  for (const std::string& name : names()) {
    auto entry = named(name);
    if (entry && entry->sha256 == sha256) return entry;
  }
  return bad("no guest with the digest sha256:" + sha256);
}

GuestLibrary::Found GuestLibrary::from_bytes(std::string_view bytes) {
  if (bytes.size() > options_.program_bytes) {
    return bad("a program of more than " + std::to_string(options_.program_bytes) + " bytes");
  }
  std::string sha256 = digest_of(bytes);
  if (const auto entry = kept(sha256)) return *entry;
  auto program = moxie::Program::load(
      std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
  if (!program) {
    if (program.error().kind != moxie::LoadError::Kind::system) return bad(program.error().message);
    return tl::unexpected(
        StartError{StartError::Kind::system, program.error().message, "load", ENOMEM});
  }
  Entry entry{std::move(sha256), bytes.size(), std::move(*program)};
  keep(entry);
  return entry;
}

std::shared_ptr<const GuestLibrary::Entry> GuestLibrary::kept(const std::string& sha256) {
  const std::lock_guard lock(mutex_);
  const auto found = by_digest_.find(sha256);
  if (found == by_digest_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return std::make_shared<const Entry>(entries_.front());
}

void GuestLibrary::keep(const Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (by_digest_.contains(entry.sha256)) return;
  entries_.push_front(entry);
  by_digest_[entry.sha256] = entries_.begin();
  entries_bytes_ += entry.program->host_bytes();
  while (entries_.size() > 1 &&
         (entries_bytes_ > options_.kept_bytes || entries_.size() > options_.kept_programs)) {
    entries_bytes_ -= entries_.back().program->host_bytes();
    by_digest_.erase(entries_.back().sha256);
    entries_.pop_back();
  }
}

std::vector<std::string> GuestLibrary::names() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    std::string name = entry.path().filename().string();
    if (!is_name(name) || !entry.is_regular_file(error)) continue;
    const UniqueFd file = open_file(folder_, name);
    char magic[kElf.size()];
    if (!file || ::read(file.get(), magic, sizeof magic) != static_cast<ssize_t>(sizeof magic) ||
        std::string_view(magic, sizeof magic) != kElf) {
      continue;
    }
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace cosmoo::sandbox
