#include "builtins/programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "builtins/results.h"

namespace cosmoo {
namespace {

constexpr std::string_view kDefaultPath = "/bin:/usr/bin";
constexpr double kLongestTimeout = 1e12;  // milliseconds: what a clock can count

// Variables by which the loader or a shell runs code before the program does.
bool loads_code(std::string_view name) {
  return name.starts_with("LD_") || name == "GLIBC_TUNABLES" || name == "GCONV_PATH" ||
         name == "BASH_ENV" || name == "ENV";
}

// The variables that a script gives, each once.
class Environment {
 public:
  Environment(std::string_view who, const ExecPolicy& policy) : who_(who), policy_(policy) {}

  Result<void> add_entry(const Value& item) {
    const std::string entry = item.is_string() ? item.string() : to_literal(item);
    const std::size_t equals = item.is_string() ? entry.find('=') : std::string::npos;
    if (equals == std::string::npos) return refuse(entry, "is not of the form NAME=VALUE");
    return add(entry.substr(0, equals), entry.substr(equals + 1), entry);
  }

  Result<void> add_field(const Value& name, const Value& value) {
    const std::string entry = fmt::format("{}={}", to_text(name), to_text(value));
    if (!name.is_string() || !value.is_string()) {
      return refuse(entry, "is not a name and a string");
    }
    if (name.string().find('=') != std::string::npos) return refuse(entry, "has a '=' in its name");
    return add(name.string(), value.string(), entry);
  }

  std::vector<std::string> take() {
    variables_.emplace("PATH", kDefaultPath);
    std::vector<std::string> all;
    for (const auto& [name, value] : variables_) all.push_back(name + "=" + value);
    return all;
  }

 private:
  Result<void> add(const std::string& name, std::string value, const std::string& entry) {
    if (name.empty()) return refuse(entry, "has no name");
    if (entry.find('\0') != std::string::npos) return refuse(entry, "has a NUL byte in it");
    if (!policy_.allow_loader_environment && loads_code(name)) {
      return refuse(entry, "would make the loader or shell run other code");
    }
    if (!variables_.emplace(name, std::move(value)).second) {
      return refuse(entry, "has a name that was given before");
    }
    return {};
  }

  tl::unexpected<Error> refuse(std::string_view entry, std::string_view why) const {
    return fail(ErrorCode::invarg,
                fmt::format("{}: environment entry \"{}\" {}", who_, entry, why));
  }

  const std::string_view who_;
  const ExecPolicy& policy_;
  std::map<std::string, std::string> variables_;
};

}  // namespace

std::string label_of(const std::vector<std::string>& words) {
  constexpr std::size_t kLongest = 80;
  std::string label = fmt::format("{}", fmt::join(words, " "));
  if (label.size() > kLongest) {
    label.resize(kLongest - 3);
    label += "...";
  }
  return label;
}

Result<std::vector<std::string>> read_words(std::string_view who, std::string_view what,
                                            const List& given) {
  if (given.empty())
    return fail(ErrorCode::invarg, fmt::format("{}: {} is an empty list", who, what));
  std::vector<std::string> words;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!given[i].is_string()) {
      return fail(ErrorCode::invarg, fmt::format("{}: item {} of {} is {}, not a string", who,
                                                 i + 1, what, name_of(given[i].type())));
    }
    if (given[i].string().find('\0') != std::string::npos) {
      return fail(ErrorCode::invarg,
                  fmt::format("{}: item {} of {} has a NUL byte in it", who, i + 1, what));
    }
    words.push_back(given[i].string());
  }
  return words;
}

Result<Program> find_program(std::string_view who, const Services& services,
                             std::vector<std::string> words, std::chrono::milliseconds longest) {
  const ExecPolicy& policy = services.exec;
  const std::string& name = words.front();
  if (!policy.allowed.empty() &&
      std::find(policy.allowed.begin(), policy.allowed.end(), name) == policy.allowed.end()) {
    return fail(
        ErrorCode::perm,
        fmt::format("{}: {} is not among the programs that the configuration allows", who, name));
  }
  auto executable = services.executables.find(name);
  if (!executable) return tl::unexpected(start_error(who, executable.error()));
  const auto own = policy.programs.find(name);
  const ExecPolicy::Program settings =
      own == policy.programs.end() ? ExecPolicy::Program{} : own->second;
  Program program;
  program.executable = std::move(*executable);
  program.label = label_of(words);
  program.longest = settings.timeout.value_or(longest);
  program.context.limits.output_bytes = settings.output_bytes.value_or(policy.output_bytes);
  program.context.profile = settings.profile.value_or("");
  program.context.args = std::move(words);
  return program;
}

Result<std::vector<std::string>> read_environment(std::string_view who, const Value& given,
                                                  const ExecPolicy& policy) {
  Environment environment(who, policy);
  if (given.is_list()) {
    for (const Value& item : given.list()) {
      if (auto added = environment.add_entry(item); !added) return tl::unexpected(added.error());
    }
  } else if (given.is_map()) {
    for (const auto& [name, value] : given.map()) {
      if (auto added = environment.add_field(name, value); !added) {
        return tl::unexpected(added.error());
      }
    }
  }
  return environment.take();
}

Result<void> check_input_size(std::string_view who, std::size_t bytes, const ExecPolicy& policy) {
  if (bytes <= policy.input_bytes) return {};
  return fail(ErrorCode::quota, fmt::format("{}: the input has {} bytes, at most {} are allowed",
                                            who, bytes, policy.input_bytes));
}

std::optional<std::chrono::milliseconds> wall_limit(std::optional<double> asked,
                                                    std::chrono::milliseconds longest) {
  std::optional<std::chrono::milliseconds> limit;
  if (longest != kNever) limit = longest;
  if (!asked) return limit;
  const std::chrono::milliseconds own(
      static_cast<std::int64_t>(std::min(std::ceil(*asked), kLongestTimeout)));
  return limit ? std::min(*limit, own) : own;
}

}  // namespace cosmoo
