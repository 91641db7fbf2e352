// Where scripts may connect to: the configuration's list of "HOST:PORT" and "HOST:*".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/error.h"

namespace cosmoo {

class OutboundRules {
 public:
  /// E_INVARG, naming the entry that is malformed.
  static Result<OutboundRules> parse(const std::vector<std::string>& entries);

  /// As the name is given, in any case; nothing is looked up.
  bool allow(std::string_view host, std::uint16_t port) const;

 private:
  struct Rule {
    std::string host;
    std::optional<std::uint16_t> port;  // none: any
  };
  std::vector<Rule> rules_;
};

}  // namespace cosmoo
