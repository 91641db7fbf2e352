// What set_connection_option() sets of a session.
#include <netinet/tcp.h>

#include <boost/asio/ip/tcp.hpp>

#include "server/session.h"

namespace cosmoo {

namespace asio = boost::asio;

struct Session::Option {
  std::string_view name;
  Value (*get)(const Session&);
  Result<void> (*set)(Session&, const Value&);
};

namespace {

template <int level, int name>
using SocketOption = asio::detail::socket_option::integer<level, name>;

// MOO's own code says 1 and 0.
Result<bool> as_switch(const Value& value) {
  if (value.type() == Value::Type::boolean) return value.boolean();
  if (value.type() == Value::Type::integer && (value.integer() == 0 || value.integer() == 1)) {
    return value.integer() == 1;
  }
  return fail(ErrorCode::invarg, "the option is true or false, not " + to_literal(value));
}

template <typename Set>
Result<void> with_switch(const Value& value, Set set) {
  const auto on = as_switch(value);
  if (!on) return tl::unexpected(on.error());
  set(*on);
  return {};
}

}  // namespace

Map Session::options() const {
  Map map;
  for (const Option& option : option_rows()) map.emplace(Value(option.name), option.get(*this));
  return map;
}

Result<void> Session::set_option(std::string_view name, const Value& value) {
  std::string known;
  for (const Option& option : option_rows()) {
    if (option.name == name) return option.set(*this, value);
    known += (known.empty() ? "" : ", ") + std::string(option.name);
  }
  return fail(ErrorCode::invarg,
              "there is no connection option \"" + std::string(name) + "\"; there are " + known);
}

Value Session::keep_alive_value() const {
  if (!keep_alive_) return Value(false);
  return Value(Map{{Value("idle"), Value(keep_alive_->idle)},
                   {Value("interval"), Value(keep_alive_->interval)},
                   {Value("count"), Value(keep_alive_->count)}});
}

Result<void> Session::set_keep_alive(const Value& value) {
  if (!value.is_map()) {
    return with_switch(value, [this](bool on) {
      keep_alive_.reset();
      if (on) keep_alive_.emplace();
      apply_keep_alive();
    });
  }
  constexpr std::int64_t kMost = 32767;  // the system's own bound on the seconds; probes have 127
  constexpr std::int64_t kMostProbes = 127;
  KeepAlive wanted;
  for (const auto& [key, number] : value.map()) {
    const std::string_view name = key.is_string() ? std::string_view(key.string()) : "";
    int* const field = name == "idle"       ? &wanted.idle
                       : name == "interval" ? &wanted.interval
                       : name == "count"    ? &wanted.count
                                            : nullptr;
    if (field == nullptr) {
      return fail(ErrorCode::invarg,
                  "keep-alive has idle, interval and count, not " + to_literal(key));
    }
    const std::int64_t most = name == "count" ? kMostProbes : kMost;
    if (number.type() != Value::Type::integer || number.integer() < 1 || number.integer() > most) {
      return fail(ErrorCode::invarg, "keep-alive's " + std::string(name) + " is from 1 to " +
                                         std::to_string(most) + ", not " + to_literal(number));
    }
    *field = static_cast<int>(number.integer());
  }
  keep_alive_ = wanted;
  apply_keep_alive();
  return {};
}

void Session::apply_keep_alive() {
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::keep_alive(keep_alive_.has_value()), ignored);
  if (!keep_alive_) return;
  socket_.set_option(SocketOption<IPPROTO_TCP, TCP_KEEPIDLE>(keep_alive_->idle), ignored);
  socket_.set_option(SocketOption<IPPROTO_TCP, TCP_KEEPINTVL>(keep_alive_->interval), ignored);
  socket_.set_option(SocketOption<IPPROTO_TCP, TCP_KEEPCNT>(keep_alive_->count), ignored);
}

Value Session::intrinsics_value() const {
  List names;
  std::uint32_t bit = 1;
  for (const Intrinsic& intrinsic : intrinsics()) {
    if ((intrinsics_ & bit) != 0) names.emplace_back(intrinsic.name);
    bit <<= 1;
  }
  return Value(std::move(names));
}

Result<void> Session::set_intrinsics(const Value& value) {
  if (!value.is_list()) {
    return with_switch(value, [this](bool on) { intrinsics_ = on ? ~0u : 0u; });
  }
  std::uint32_t wanted = 0;
  for (const Value& name : value.list()) {
    std::uint32_t bit = 1;
    std::uint32_t found = 0;
    for (const Intrinsic& intrinsic : intrinsics()) {
      if (name.is_string() && same_name(name.string(), intrinsic.name)) found = bit;
      bit <<= 1;
    }
    if (found == 0) return fail(ErrorCode::invarg, "no intrinsic command is " + to_literal(name));
    wanted |= found;
  }
  intrinsics_ = wanted;
  return {};
}

// To add an option, add its row.
std::span<const Session::Option> Session::option_rows() {
  static constexpr Option kRows[] = {
      {"binary",
       [](const Session& session) {
         return Value(session.codec_.mode() == TelnetCodec::Mode::binary);
       },
       [](Session& session, const Value& value) {
         return with_switch(value, [&](bool on) {
           session.codec_.set_mode(on ? TelnetCodec::Mode::binary : TelnetCodec::Mode::telnet);
           session.wake();
         });
       }},
      {"client-echo",
       [](const Session& session) { return Value(session.client_echo_ == TelnetCodec::Echo::on); },
       [](Session& session, const Value& value) {
         return with_switch(value, [&](bool on) {
           session.client_echo_ = on ? TelnetCodec::Echo::on : TelnetCodec::Echo::off;
           if (session.codec_.mode() == TelnetCodec::Mode::binary) return;
           session.codec_.set_echo(session.client_echo_);
           session.output_.commit(OutputQueue::From::protocol);
           session.sessions_.mark_dirty(session);
         });
       }},
      {"disable-oob", [](const Session& session) { return Value(session.disable_oob_); },
       [](Session& session, const Value& value) {
         return with_switch(value, [&](bool on) { session.disable_oob_ = on; });
       }},
      {"flush-command", [](const Session& session) { return Value(session.flush_command_); },
       [](Session& session, const Value& value) -> Result<void> {
         if (!value.is_string() || value.string().size() > 100) {
           return fail(ErrorCode::invarg, "the flush command is a short text; \"\" for none");
         }
         session.flush_command_ = value.string();
         return {};
       }},
      {"hold-input", [](const Session& session) { return Value(session.hold_input_); },
       [](Session& session, const Value& value) {
         return with_switch(value, [&](bool on) {
           session.hold_input_ = on;
           session.wake();
         });
       }},
      {"intrinsic-commands", [](const Session& session) { return session.intrinsics_value(); },
       [](Session& session, const Value& value) { return session.set_intrinsics(value); }},
      {"keep-alive", [](const Session& session) { return session.keep_alive_value(); },
       [](Session& session, const Value& value) { return session.set_keep_alive(value); }},
  };
  return kRows;
}

}  // namespace cosmoo
