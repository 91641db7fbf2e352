#include "sandbox/job.h"

#include <cstring>

namespace cosmoo::sandbox {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::exited:
      return "exited";
    case Status::killed:
      return "killed";
    case Status::timed_out:
      return "timed_out";
    case Status::faulted:
      return "faulted";
    case Status::over_limit:
      return "over_limit";
  }
  return "unknown";
}

std::string signal_name(int number) {
  const char* const name = ::sigabbrev_np(number);
  return name ? std::string("SIG") + name : std::to_string(number);
}

std::string_view to_string(Accounting accounting) {
  switch (accounting) {
    case Accounting::engine:
      return "engine";
    case Accounting::cgroup:
      return "cgroup";
    case Accounting::rusage:
      return "rusage";
  }
  return "unknown";
}

}  // namespace cosmoo::sandbox
