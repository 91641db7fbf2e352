#include "sandbox/process/start_checks.h"

#include <cerrno>

#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

/// Linux takes no longer string, whatever else it allows (MAX_ARG_STRLEN less the final NUL).
constexpr std::size_t kLongestString = 128 * 1024 - 1;

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

std::string too_long(const std::string& what, std::size_t size) {
  return what + " has " + std::to_string(size) + " bytes, the longest possible has " +
         std::to_string(kLongestString);
}

std::optional<std::string> objection_to_environment(const std::string& entry) {
  const auto equals = entry.find('=');
  if (has_nul(entry)) return "environment entry " + in_quotes(entry) + " contains a NUL byte";
  if (equals == std::string::npos) return "environment entry " + in_quotes(entry) + " has no '='";
  if (equals == 0) return "environment entry " + in_quotes(entry) + " has no name";
  if (entry.size() > kLongestString) {
    return too_long("environment entry " + in_quotes(entry.substr(0, equals)), entry.size());
  }
  return std::nullopt;
}

std::string explain_exec(int error_number, const Executable& executable) {
  switch (error_number) {
    case ENOEXEC:
      return "it is neither a program that this machine can run nor a script that begins with "
             "\"#!\"";
    case ENOENT:
    case ENOTDIR:
      return executable.is_script
                 ? "its interpreter " + in_quotes(executable.interpreter) + " does not exist"
                 : "the loader that it names does not exist, or it is a script that the server may "
                   "not read";
    case ELIBBAD:
      return "the loader that it names cannot be used";
    case ETXTBSY:
      return "it is being written to";
    case EACCES:
      return executable.is_script ? "its interpreter " + in_quotes(executable.interpreter) +
                                        " may not be executed, or the script itself"
                                  : "it may not be executed";
    case ELOOP:
      return "its interpreter is a script, and that one's too, and so on";
    default:
      return "execveat: " + error_text(error_number);
  }
}

}  // namespace

std::optional<StartError> objection_to(const Context& context) {
  if (context.args.empty()) return bad_argument("the list of arguments is empty");
  for (std::size_t i = 0; i < context.args.size(); ++i) {
    const std::string& argument = context.args[i];
    const std::string which = "argument " + std::to_string(i);
    if (has_nul(argument)) return bad_argument(which + " contains a NUL byte");
    if (argument.size() > kLongestString) return bad_argument(too_long(which, argument.size()));
  }
  for (const std::string& entry : context.env) {
    if (auto objection = objection_to_environment(entry)) return bad_argument(*objection);
  }
  if (has_nul(context.working_directory)) {
    return bad_argument("the working directory contains a NUL byte");
  }
  return std::nullopt;
}

StartError no_such_profile(const std::string& name, const std::vector<Profile>& profiles) {
  std::string message = "there is no profile " + in_quotes(name) + "; there are";
  for (const Profile& profile : profiles) message += " " + profile.name;
  return bad_argument(std::move(message));
}

std::string cannot_start(const Executable& executable) {
  return "cannot start " + in_quotes(executable.name);
}

StartError explain(const LaunchFailure& failure, const Executable& executable,
                   const Context& context) {
  const std::string what = cannot_start(executable);
  const std::string_view step = failure.step;
  const int error_number = failure.error_number;
  if (step == "execveat" && error_number == E2BIG) {
    return {StartError::Kind::bad_argument,
            what + ": its arguments and environment are too long for the system", std::string(step),
            error_number};
  }
  if (step == "chdir" || step == "mkdir") {
    return {StartError::Kind::bad_argument,
            what + " in " + in_quotes(context.working_directory) + ": " + error_text(error_number),
            std::string(step), error_number};
  }
  StartError error = system_failure(what, step, error_number);
  if (step == "execveat" && error.kind == StartError::Kind::system) {
    error.message = what + ": " + explain_exec(error_number, executable);
  }
  return error;
}

}  // namespace cosmoo::sandbox
