#include "sandbox/process/start_errors.h"

#include <cerrno>
#include <cstring>

namespace cosmoo::sandbox {

namespace {
constexpr std::size_t kLongestQuote = 200;
}

std::string in_quotes(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text = "'";
  for (const char c : bytes.substr(0, kLongestQuote)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '\'' || c == '\\') {
      text += "\\x";
      text += kHex[byte >> 4];
      text += kHex[byte & 15];
    } else {
      text += c;
    }
  }
  text += bytes.size() > kLongestQuote ? "'..." : "'";
  return text;
}

StartError bad_argument(std::string message) {
  return {StartError::Kind::bad_argument, std::move(message), "", 0};
}

StartError system_failure(std::string_view what, std::string_view step, int error_number) {
  const bool shortage = error_number == EMFILE || error_number == ENFILE || error_number == EAGAIN;
  std::string message(what);
  message.append(": ").append(step).append(": ").append(error_text(error_number));
  if (shortage) message += " (too many descriptors or processes are in use)";
  return {shortage ? StartError::Kind::too_many : StartError::Kind::system, std::move(message),
          std::string(step), error_number};
}

StartError beneath_failure(const std::string& what, std::string_view folder,
                           std::string_view denied, int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return bad_argument(what + " does not exist");
    case EXDEV:
      return bad_argument(what + " leads out of " + std::string(folder));
    case ELOOP:
      return bad_argument(what + " is a link that cannot be followed");
    case EACCES:
    case EPERM:
      return bad_argument(what + " may not be " + std::string(denied) + ": " +
                          error_text(error_number));
    case ENAMETOOLONG:
      return bad_argument(what + " has too long a name");
    case EAGAIN:
      return {StartError::Kind::system, what + " could not be resolved: it is being renamed",
              "openat2", error_number};
    default:
      return system_failure(what, "openat2", error_number);
  }
}

std::string error_text(int error_number) {
  const char* text = strerrordesc_np(error_number);
  return text ? text : "error " + std::to_string(error_number);
}

}  // namespace cosmoo::sandbox
