#include "sandbox/moxie/fault.h"

namespace cosmoo::moxie {

std::string_view to_string(Signal signal) {
  switch (signal) {
    case Signal::none:
      return "none";
    case Signal::bus:
      return "SIGBUS";
    case Signal::ill:
      return "SIGILL";
    case Signal::fpe:
      return "SIGFPE";
    case Signal::trap:
      return "SIGTRAP";
  }
  return "unknown";
}

}  // namespace cosmoo::moxie
