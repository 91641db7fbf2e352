#include "vm/error.h"

#include <array>

namespace cosmoo {
namespace {

struct Row {
  std::string_view name;
  std::string_view text;
};

constexpr std::array<Row, kErrorCodes> kRows{{
    {"E_NONE", "No error"},
    {"E_TYPE", "Type mismatch"},
    {"E_DIV", "Division by zero"},
    {"E_PERM", "Permission denied"},
    {"E_PROPNF", "Property not found"},
    {"E_VERBNF", "Verb not found"},
    {"E_VARNF", "Variable not found"},
    {"E_INVIND", "Invalid indirection"},
    {"E_RECMOVE", "Recursive move"},
    {"E_MAXREC", "Too many verb calls"},
    {"E_RANGE", "Range error"},
    {"E_ARGS", "Incorrect number of arguments"},
    {"E_NACC", "Move refused by destination"},
    {"E_INVARG", "Invalid argument"},
    {"E_QUOTA", "Resource limit exceeded"},
    {"E_FLOAT", "Floating-point arithmetic error"},
    {"E_FILE", "File system error"},
    {"E_EXEC", "Execution failed"},
    {"E_INTRPT", "Interrupted"},
}};

}  // namespace

std::string_view name_of(ErrorCode code) { return kRows[static_cast<std::size_t>(code)].name; }
std::string_view text_of(ErrorCode code) { return kRows[static_cast<std::size_t>(code)].text; }

std::optional<ErrorCode> error_named(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].name == name) return static_cast<ErrorCode>(i);
  }
  return std::nullopt;
}

Error::Error(ErrorCode error_code) : code(error_code), message(text_of(error_code)) {}

Error::Error(ErrorCode error_code, std::string text) : code(error_code), message(std::move(text)) {
  if (message.empty()) message = text_of(code);
}

tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error(code, std::move(message)));
}

}  // namespace cosmoo
