#include "sandbox/frame/request.h"

#include <algorithm>
#include <cstring>

#include "sandbox/frame/host/protocol.h"
#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

bool has_nul(const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(),
                     [](const std::string& text) { return text.find('\0') != std::string::npos; });
}

}  // namespace

tl::expected<std::string, StartError> order_for(const std::string& symbol,
                                                const FunctionRequest& request) {
  const Context& context = request.context;
  if (has_nul(context.args) || has_nul(context.env)) {
    return tl::unexpected(bad_argument("an argument or a variable contains a NUL byte"));
  }
  frame_host::Call call;
  std::string order(sizeof call, '\0');
  const auto add = [&order](const std::string& text) {
    order.append(text.c_str(), text.size() + 1);
  };
  add(symbol);
  add(request.about);
  for (const std::string& argument : context.args) add(argument);
  for (const std::string& variable : context.env) add(variable);
  for (const auto& [name, value] : request.fields) {
    add(name);
    add(value);
  }
  call.arguments = static_cast<std::uint32_t>(context.args.size());
  call.variables = static_cast<std::uint32_t>(context.env.size());
  call.fields = static_cast<std::uint32_t>(request.fields.size());
  call.strings = order.size() - sizeof call;
  const Limits& limits = context.limits;
  if (limits.open_files) call.open_files = static_cast<std::int64_t>(*limits.open_files);
  if (limits.file_size_bytes) call.file_size = static_cast<std::int64_t>(*limits.file_size_bytes);
  call.output_bytes = limits.output_bytes;
  std::memcpy(order.data(), &call, sizeof call);
  return std::move(order.append(context.input));
}

}  // namespace cosmoo::sandbox
