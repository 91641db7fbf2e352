#include "server/listeners.h"

#include <algorithm>

namespace cosmoo {

Listeners::Listeners(boost::asio::io_context& loop, Sessions& sessions, Log& log, Limits limits)
    : loop_(loop),
      sessions_(sessions),
      log_(log),
      limits_(std::move(limits)),
      own_(std::make_shared<Listener>(loop, sessions, log, Door{})) {}

Result<void> Listeners::bind(const std::string& address, std::uint16_t port) {
  return own_->bind(address, port);
}

Result<void> Listeners::start() {
  auto started = own_->start();
  if (started) open_.push_back(own_);
  return started;
}

void Listeners::close() {
  closed_ = true;
  own_->close();
  for (const auto& listener : std::exchange(open_, {})) listener->close();
}

Result<ListenerInfo> Listeners::listen(ListenerInfo wanted) {
  if (closed_) return fail(ErrorCode::quota, "the server is shutting down");
  if (wanted.interface.empty()) wanted.interface = limits_.interface;
  for (const ListenerInfo& open : listeners()) {
    if (wanted.port == 0 || open.port != wanted.port || open.interface != wanted.interface)
      continue;
    return fail(ErrorCode::invarg, "port " + std::to_string(open.port) + " of " + open.interface +
                                       " is listened on already");
  }
  if (open_.size() >= limits_.most) {
    return fail(ErrorCode::quota,
                "there are " + std::to_string(open_.size()) + " listeners, which is the limit");
  }
  Door door;
  door.handler = wanted.handler;
  if (!wanted.print_messages) door.messages = Door::Messages::hidden;
  auto listener = std::make_shared<Listener>(loop_, sessions_, log_, door);
  auto begun =
      listener->bind(wanted.interface, wanted.port).and_then([&] { return listener->start(); });
  if (!begun) return tl::unexpected(begun.error());
  open_.push_back(listener);
  log_.info("listening on " + listener->address() + " for " + to_string(wanted.handler));
  return listener->info();
}

Result<void> Listeners::unlisten(std::uint16_t port, std::optional<std::string_view> interface) {
  const auto it = std::find_if(open_.begin(), open_.end(), [&](const auto& listener) {
    const ListenerInfo info = listener->info();
    return info.port == port && (!interface || info.interface == *interface);
  });
  if (it == open_.end()) {
    return fail(ErrorCode::invarg, "port " + std::to_string(port) + " is not listened on");
  }
  log_.info("no longer listening on " + (*it)->address());
  (*it)->close();
  open_.erase(it);
  return {};
}

std::vector<ListenerInfo> Listeners::listeners() const {
  std::vector<ListenerInfo> all;
  for (const auto& listener : open_) all.push_back(listener->info());
  return all;
}

}  // namespace cosmoo
