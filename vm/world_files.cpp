#include "vm/world_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <sstream>

#include "vm/lua/object_file.h"
#include "vm/object_text.h"
#include "vm/world/world.h"

namespace cosmoo {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndexFile = "world.index";
constexpr const char* kSystemFile = "system";
constexpr const char* kIndexHead =
    "# Written with the files beside it: the number of each object, and the last one ever used.\n";
constexpr const char* kUnfinished = ".unfinished";

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

// A folder that stays the same one, whatever happens to its name meanwhile.
class Folder {
 public:
  explicit Folder(fs::path path)
      : path_(std::move(path)),
        folder_(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  bool is_open() const { return folder_.is_open(); }

  tl::unexpected<Error> wrong(const std::string& name, std::string_view why) const {
    return fail(ErrorCode::file, fmt::format("{}: {}", (path_ / name).string(), why));
  }
  tl::unexpected<Error> wrong(const std::string& name) const {
    return wrong(name, errno == ELOOP ? "it is a symbolic link" : std::strerror(errno));
  }

  // None: there is no such file.
  Result<std::optional<std::string>> read(const std::string& name) const {
    const Descriptor file(
        ::openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file.is_open()) {
      if (errno == ENOENT) return std::nullopt;
      return wrong(name);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return wrong(name);
    if (!S_ISREG(status.st_mode)) return wrong(name, "it is not a regular file");
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t have = 0;
    while (have < text.size()) {
      const ssize_t got = ::read(file.get(), text.data() + have, text.size() - have);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return wrong(name);
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    text.resize(have);
    return std::optional(std::move(text));
  }

  Result<void> write(const std::string& name, std::string_view text) const {
    const Descriptor file(::openat(folder_.get(), name.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!file.is_open()) return wrong(name);
    while (!text.empty()) {
      const ssize_t put = ::write(file.get(), text.data(), text.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return wrong(name);
      text.remove_prefix(static_cast<std::size_t>(put));
    }
    if (::fsync(file.get()) != 0) return wrong(name);
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) const {
    if (::renameat(folder_.get(), from.c_str(), folder_.get(), to.c_str()) == 0) return {};
    return wrong(to);
  }
  Result<void> remove(const std::string& name) const {
    if (::unlinkat(folder_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
    return wrong(name);
  }
  void flush() const { ::fsync(folder_.get()); }

  Result<std::vector<std::string>> names() const {
    std::error_code error;
    std::vector<std::string> names;
    fs::directory_iterator entry(fs::path("/proc/self/fd") / std::to_string(folder_.get()), error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      names.push_back(entry->path().filename().string());
    }
    if (error) return wrong("", error.message());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  fs::path path_;
  Descriptor folder_;
};

// --- world.index

Result<FolderIndex> parse_index(const std::string& text) {
  FolderIndex index;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const auto space = line.find(' ');
    const std::string first = line.substr(0, space);
    const std::string second = space == std::string::npos ? "" : line.substr(space + 1);
    const std::string& digits = first == "last" ? second : first;
    std::int64_t value = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool is_number = error == std::errc() && end == digits.data() + digits.size() &&
                           value >= -1 && value < World::kMostObjects;
    // What an export wrote it may also remove: no other names than it would give.
    const bool is_name = first == "last" || second == kSystemFile || names_a_file(second) ||
                         numbered_file(second).has_value();
    if (!is_number || !is_name) {
      return fail(ErrorCode::invarg, fmt::format("{}:{}: neither a number and a name, nor last and "
                                                 "a number",
                                                 kIndexFile, number));
    }
    if (first == "last") {
      index.last = value;
    } else if (!index.numbers.emplace(second, ObjectId{value}).second) {
      return fail(ErrorCode::invarg,
                  fmt::format("{}:{}: {} is there twice", kIndexFile, number, second));
    }
  }
  return index;
}

std::string index_text(const FolderIndex& index) {
  std::vector<std::pair<ObjectId, std::string>> rows;
  for (const auto& [name, id] : index.numbers) rows.emplace_back(id, name);
  std::sort(rows.begin(), rows.end());
  std::string text = kIndexHead + fmt::format("last {}\n", index.last);
  for (const auto& [id, name] : rows) text += fmt::format("{} {}\n", id.number, name);
  return text;
}

Result<std::optional<FolderIndex>> read_index(const Folder& folder) {
  auto text = folder.read(kIndexFile);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return std::nullopt;
  auto index = parse_index(**text);
  if (!index) return tl::unexpected(index.error());
  return std::optional(std::move(*index));
}

// --- writing

// Comments are all that a file has and a world has not: they stay where they are.
void keep_comments(ObjectSource& source, const ObjectSource& old) {
  source.comment = old.comment;
  for (auto& property : source.properties) {
    for (const auto& other : old.properties) {
      if (same_name(property.name, other.name)) property.comment = other.comment;
    }
  }
  std::size_t from = 0;
  for (auto& verb : source.verbs) {
    // Verbs may share their names: each comment goes to the next one called so.
    const auto same = [&](const auto& other) { return other.names == verb.names; };
    auto it =
        std::find_if(old.verbs.begin() + static_cast<std::ptrdiff_t>(from), old.verbs.end(), same);
    if (it == old.verbs.end()) it = std::find_if(old.verbs.begin(), old.verbs.end(), same);
    if (it == old.verbs.end()) continue;
    verb.comment = it->comment;
    from = static_cast<std::size_t>(it - old.verbs.begin()) + 1;
  }
}

class FolderWriter {
 public:
  FolderWriter(const Folder& folder, const FolderPlan& plan, Overwrite overwrite, Index index)
      : folder_(folder), plan_(plan), overwrite_(overwrite), index_(index) {}

  Result<FolderReport> run() {
    report_.objects = plan_.files.size();
    auto old = read_index(folder_);
    if (!old) return tl::unexpected(old.error());
    if (*old) old_ = std::move(**old);
    for (const auto& file : plan_.files) {
      if (auto done = prepare(file); !done) return tl::unexpected(done.error());
    }
    if (auto done = prepare_index(); !done) return tl::unexpected(done.error());
    auto done = write_unfinished();
    if (!done) {
      for (const auto& [name, text] : texts_) (void)folder_.remove(unfinished(name));
      return tl::unexpected(done.error());
    }
    for (const auto& [name, text] : texts_) {
      if (done = folder_.rename(unfinished(name), name); !done) return tl::unexpected(done.error());
    }
    for (const std::string& name : vanished_) {
      if (done = folder_.remove(name); !done) return tl::unexpected(done.error());
    }
    folder_.flush();
    report_.removed = vanished_.size();
    return report_;
  }

 private:
  static std::string unfinished(const std::string& name) { return '.' + name + kUnfinished; }

  Result<void> prepare(const FolderPlan::File& file) {
    const std::string name = file.described + ".lua";
    auto old = folder_.read(name);
    if (!old) return tl::unexpected(old.error());
    ObjectSource source = file.source;
    if (*old) {
      const auto anything = [](std::string_view) { return std::optional(kNothing); };
      keep_comments(source, read_object_file(**old, name, anything).object);
    }
    std::string text = object_text(source, plan_.names, checker_);
    if (*old && **old == text) return {};
    if (*old && overwrite_ == Overwrite::own_files && !old_.numbers.contains(file.described)) {
      return folder_.wrong(name,
                           "it differs, and no export wrote it: it is not written over unasked");
    }
    texts_.emplace_back(name, std::move(text));
    ++report_.written;
    return {};
  }

  Result<void> prepare_index() {
    if (index_ == Index::none) return {};
    FolderIndex index = plan_.index;
    for (const auto& [described, id] : old_.numbers) {
      if (index.numbers.contains(described)) continue;
      if (plan_.extent == FolderPlan::Extent::part) {
        index.numbers.emplace(described, id);
      } else {
        vanished_.push_back(described + ".lua");
      }
    }
    auto old = folder_.read(kIndexFile);
    if (!old) return tl::unexpected(old.error());
    std::string text = index_text(index);
    if (!*old || **old != text) texts_.emplace_back(kIndexFile, std::move(text));
    return {};
  }

  Result<void> write_unfinished() {
    for (const auto& [name, text] : texts_) {
      // What an export left that was cut off is in the way.
      if (auto done = folder_.remove(unfinished(name)); !done) return done;
      if (auto done = folder_.write(unfinished(name), text); !done) return done;
    }
    return {};
  }

  const Folder& folder_;
  const FolderPlan& plan_;
  const Overwrite overwrite_;
  const Index index_;
  FolderIndex old_;
  VerbChecker checker_;
  std::vector<std::pair<std::string, std::string>> texts_;  // the index last
  std::vector<std::string> vanished_;
  FolderReport report_;
};

}  // namespace

std::optional<ObjectId> numbered_file(std::string_view described) {
  if (described.size() < 2 || described[0] != 'o') return std::nullopt;
  if (described[1] == '0' && described.size() > 2) return std::nullopt;
  ObjectId id;
  const char* const end = described.data() + described.size();
  const auto [at, error] = std::from_chars(described.data() + 1, end, id.number);
  if (error != std::errc() || at != end || id.number < 0 || id.number >= World::kMostObjects) {
    return std::nullopt;
  }
  return id;
}

bool names_a_file(std::string_view name) {
  constexpr std::size_t kLongest = 100;
  constexpr std::string_view kTaken[] = {"system", "cosmoo"};
  const bool taken = std::any_of(std::begin(kTaken), std::end(kTaken),
                                 [&](std::string_view word) { return same_name(word, name); });
  const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  return !name.empty() && name.size() <= kLongest && !taken && !numbered_file(fold(name)) &&
         std::all_of(name.begin(), name.end(), plain) &&
         !std::isdigit(static_cast<unsigned char>(name[0]));
}

Result<FolderTexts> read_folder(const fs::path& path) {
  const Folder folder(path);
  if (!folder.is_open()) return folder.wrong("");
  const auto names = folder.names();
  if (!names) return tl::unexpected(names.error());
  FolderTexts texts;
  for (const std::string& name : *names) {
    if (!name.ends_with(".lua") || name[0] == '.' || name == "cosmoo.lua") continue;
    auto text = folder.read(name);
    if (!text) return tl::unexpected(text.error());
    if (!*text) continue;  // gone since it was listed
    texts.files.push_back({name, name.substr(0, name.size() - 4), std::move(**text)});
  }
  auto index = read_index(folder);
  if (!index) return tl::unexpected(index.error());
  texts.index = std::move(*index);
  return texts;
}

Result<FolderReport> write_folder(const fs::path& path, const FolderPlan& plan, Overwrite overwrite,
                                  Index index) {
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    return fail(ErrorCode::file, fmt::format("{}: {}", path.string(), std::strerror(errno)));
  }
  const Folder folder(path);
  if (!folder.is_open()) return folder.wrong("");
  return FolderWriter(folder, plan, overwrite, index).run();
}

}  // namespace cosmoo
