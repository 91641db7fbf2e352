#include "builtins/results.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace cosmoo {
Map as_map(const sandbox::Result& result) {
  Map map;
  map.emplace(Value("status"), Value(to_string(result.status)));
  map.emplace(Value("exit_code"), Value(result.exit_code));
  if (result.signal != 0) map.emplace(Value("signal"), Value(sandbox::signal_name(result.signal)));
  if (!result.limit.empty()) map.emplace(Value("limit"), Value(result.limit));
  if (!result.not_enforced.empty()) {
    List names;
    for (const std::string& name : result.not_enforced) names.emplace_back(name);
    map.emplace(Value("not_enforced"), Value(std::move(names)));
  }
  map.emplace(Value("usage"), as_value(result.usage));
  map.emplace(Value("started_at"), Value(rfc3339(result.started_at)));
  map.emplace(Value("ended_at"), Value(rfc3339(result.ended_at)));
  return map;
}

Value as_value(const sandbox::Usage& usage) {
  Map map;
  map.emplace(Value("cpu_s"), Value(usage.cpu_s));
  map.emplace(Value("wall_s"), Value(usage.wall_s));
  map.emplace(Value("memory_peak_bytes"),
              Value(static_cast<std::int64_t>(usage.memory_peak_bytes)));
  map.emplace(Value("instructions"), Value(static_cast<std::int64_t>(usage.instructions)));
  map.emplace(Value("cpu_from"), Value(to_string(usage.cpu_from)));
  map.emplace(Value("memory_from"), Value(to_string(usage.memory_from)));
  return Value(std::move(map));
}

std::string rfc3339(std::chrono::system_clock::time_point time) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(milliseconds / 1000),
                     milliseconds % 1000);
}

int exit_number(const sandbox::Result& result) {
  switch (result.status) {
    case sandbox::Status::exited:
      return result.exit_code;
    case sandbox::Status::killed:
      return 128 + result.signal;
    default:
      return -1;
  }
}

Error start_error(std::string_view who, const sandbox::StartError& error) {
  using Kind = sandbox::StartError::Kind;
  const ErrorCode code = error.kind == Kind::bad_argument ? ErrorCode::invarg
                         : error.kind == Kind::too_many   ? ErrorCode::quota
                                                          : ErrorCode::exec;
  return Error(code, fmt::format("{}: {}", who, error.message));
}

}  // namespace cosmoo
