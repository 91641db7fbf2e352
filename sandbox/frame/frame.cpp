#include "sandbox/frame/frame.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cosmoo::sandbox {

namespace {

constexpr std::size_t kMostBytes = 1024;
constexpr std::size_t kMostParts = 32;

template <typename Enum, std::size_t size>
using Names = std::array<std::pair<Enum, std::string_view>, size>;

constexpr Names<ExecType, 3> kExecTypes{{{ExecType::none, "none"},
                                         {ExecType::built_in, "built-in"},
                                         {ExecType::module_supported, "module-supported"}}};
constexpr Names<Module, 5> kModules{{{Module::none, ""},
                                     {Module::dlib, "dlib"},
                                     {Module::dlsym, "dlsym"},
                                     {Module::exec, "exec"},
                                     {Module::moxie, "moxie"}}};
constexpr Names<Isolation, 2> kIsolations{
    {{Isolation::call, "call"}, {Isolation::library, "library"}}};
constexpr Names<Origin, 4> kOrigins{{{Origin::built_in, "built-in"},
                                     {Origin::configuration, "configuration"},
                                     {Origin::world, "world"},
                                     {Origin::parent, "parent"}}};

template <typename Enum, std::size_t size>
std::string_view text_in(const Names<Enum, size>& names, Enum value) {
  const auto* const found = std::find_if(names.begin(), names.end(),
                                         [&](const auto& name) { return name.first == value; });
  return found->second;
}

template <typename Enum, std::size_t size>
std::optional<Enum> value_in(const Names<Enum, size>& names, std::string_view text) {
  const auto* const found = std::find_if(names.begin(), names.end(),
                                         [&](const auto& name) { return name.second == text; });
  if (found == names.end()) return std::nullopt;
  return found->first;
}

}  // namespace

std::string_view to_string(ExecType type) { return text_in(kExecTypes, type); }
std::optional<ExecType> exec_type_of(std::string_view text) { return value_in(kExecTypes, text); }

std::string_view to_string(Module module) { return text_in(kModules, module); }
std::optional<Module> module_of(std::string_view text) { return value_in(kModules, text); }

std::string_view to_string(Isolation isolation) { return text_in(kIsolations, isolation); }
std::optional<Isolation> isolation_of(std::string_view text) { return value_in(kIsolations, text); }

std::string_view to_string(Origin origin) { return text_in(kOrigins, origin); }

const char* objection_to_path(std::string_view path) {
  if (path.empty()) return "it is empty";
  if (path.size() > kMostBytes) return "it is longer than 1024 bytes";
  if (std::any_of(path.begin(), path.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    return "it has a control character";
  }
  std::size_t parts = 0;
  for (std::size_t begin = 0; begin <= path.size(); ++parts) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty()) return "a part of it is empty";
    if (part == "." || part == "..") return "a part of it is . or ..";
    begin = end + 1;
  }
  return parts > kMostParts ? "it has more than 32 parts" : nullptr;
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace cosmoo::sandbox
