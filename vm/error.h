// MOO's error codes, and the Result type that expected failures travel in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace cosmoo {

/// In the order of their numbers, which are stored: append only.
enum class ErrorCode : std::uint8_t {
  none,
  type,
  div,
  perm,
  propnf,
  verbnf,
  varnf,
  invind,
  recmove,
  maxrec,
  range,
  args,
  nacc,
  invarg,
  quota,
  float_,
  file,
  exec,
  intrpt,
};
inline constexpr int kErrorCodes = 19;

/// "E_PERM"
std::string_view name_of(ErrorCode code);
/// "Permission denied"
std::string_view text_of(ErrorCode code);
/// The code called "E_PERM", if there is one.
std::optional<ErrorCode> error_named(std::string_view name);

/// An expected failure: what a script sees as a raised error.
struct Error {
  ErrorCode code = ErrorCode::none;
  std::string message;  ///< What was wrong and where, for people; never empty once constructed.

  explicit Error(ErrorCode error_code);
  Error(ErrorCode error_code, std::string text);
  bool operator==(const Error&) const = default;
};

template <typename T>
using Result = tl::expected<T, Error>;

/// fail(ErrorCode::perm, "why"): the failing arm of any Result.
tl::unexpected<Error> fail(ErrorCode code, std::string message = {});

}  // namespace cosmoo
