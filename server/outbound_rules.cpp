#include "server/outbound_rules.h"

#include <algorithm>
#include <charconv>

#include "vm/world/symbol.h"

namespace cosmoo {
namespace {

// "[::1]" is the address ::1, and "example.org." is example.org.
std::string_view bare(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return host.substr(1, host.size() - 2);
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return {};
  return port;
}

}  // namespace

Result<OutboundRules> OutboundRules::parse(const std::vector<std::string>& entries) {
  OutboundRules rules;
  for (const std::string& entry : entries) {
    const std::size_t colon = entry.rfind(':');
    const std::string_view text = entry;
    const std::string_view host = bare(text.substr(0, colon));
    const std::string_view port = colon == text.npos ? "" : text.substr(colon + 1);
    const auto number = parse_port(port);
    if (host.empty() || host == "*" || (!number && port != "*")) {
      return fail(ErrorCode::invarg, "\"" + entry +
                                         "\" is not a host and a port, as in \"example.org:80\" or "
                                         "\"example.org:*\"");
    }
    rules.rules_.push_back({std::string(host), number});
  }
  return rules;
}

bool OutboundRules::allow(std::string_view host, std::uint16_t port) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return same_name(rule.host, bare(host)) && (!rule.port || *rule.port == port);
  });
}

}  // namespace cosmoo
