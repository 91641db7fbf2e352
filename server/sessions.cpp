#include "server/sessions.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "server/session.h"

namespace cosmoo {

namespace asio = boost::asio;

Sessions::Sessions(asio::io_context& loop, World& world, Scheduler& scheduler,
                   PasswordAccounts& accounts, Log& log, SessionLimits limits)
    : loop_(loop),
      world_(world),
      scheduler_(scheduler),
      accounts_(accounts),
      log_(log),
      limits_(limits),
      welcome_(world.symbols().intern("welcome")),
      idle_watch_(loop),
      addresses_(limits.max_per_address, limits.loopback),
      read_buffer_(kReadBuffer) {}

Sessions::~Sessions() = default;

void Sessions::serve(Dispatcher& dispatcher, Hooks& hooks) {
  dispatcher_ = &dispatcher;
  hooks_ = &hooks;
  watch_idle();
}

std::optional<ObjectId> Sessions::add(asio::ip::tcp::socket socket, const Door& door) {
  const ObjectId number{--last_number_};
  boost::system::error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return {};  // gone already
  const auto local = socket.local_endpoint(error);
  if (error) return {};
  auto session = std::make_shared<Session>(
      *this, std::move(socket), number,
      Peer{remote.address().to_string(), remote.port(), local.port(),
           door.kind == Door::Kind::outbound ? Peer::Way::to : Peer::Way::from},
      door);
  if (by_number_.size() >= limits_.max_connections) {
    log_.warning("turned away " + session->name() + ": " + std::to_string(by_number_.size()) +
                 " connections are open");
    if (door.kind == Door::Kind::inbound) {
      session->turn_away("The server is full. Try again later.");
    }
    return {};
  }
  if (door.kind == Door::Kind::inbound && !addresses_.enter(remote.address())) {
    log_.warning("turned away " + session->name() + ": its address has " +
                 std::to_string(limits_.max_per_address) + " connections open");
    session->turn_away("Too many connections from your address are open. Close one of them first.");
    return {};
  }
  all_.insert(session);
  by_number_.emplace(number, session.get());
  log_.info("connection " + std::to_string(number.number) +
            (door.kind == Door::Kind::inbound ? " from " : " to ") + session->name());
  session->start();
  return number;
}

Session* Sessions::find(ObjectId player) const {
  const auto it = by_number_.find(player);
  return it == by_number_.end() ? nullptr : it->second;
}

Result<Session*> Sessions::need(ObjectId player) const {
  if (Session* const session = find(player)) return session;
  return fail(ErrorCode::invarg, to_string(player) + " is not connected");
}

Hooks::Arrival Sessions::bind(Session& session, ObjectId player, Notice notice) {
  Session* const old = find(player);
  by_number_.erase(session.number());
  by_number_[player] = &session;
  if (old == nullptr) return Hooks::Arrival::first;
  old->hand_over(session.handler(), notice);
  return old->handler() == session.handler() ? Hooks::Arrival::takeover : Hooks::Arrival::first;
}

void Sessions::remove(const std::shared_ptr<Session>& session) {
  if (all_.erase(session) == 0 || session->door().kind != Door::Kind::inbound) return;
  // A scope (fe80::1%eth0) is no part of what is counted, and may be gone by now.
  const std::string& address = session->address();
  addresses_.leave(asio::ip::make_address(address.substr(0, address.find('%'))));
}

void Sessions::close_all(std::string_view message) {
  idle_watch_.cancel();
  const auto all = all_;
  for (const auto& session : all) {
    if (session->door().messages == Door::Messages::shown) session->say(message);
    session->close();
  }
}

std::size_t Sessions::outbound() const {
  return static_cast<std::size_t>(std::count_if(all_.begin(), all_.end(), [](const auto& session) {
    return session->door().kind == Door::Kind::outbound;
  }));
}

std::size_t Sessions::unsent() const {
  return static_cast<std::size_t>(std::count_if(
      all_.begin(), all_.end(), [](const auto& session) { return session->has_output(); }));
}

bool Sessions::send(ObjectId player, std::string_view text, Output how) {
  Session* const session = find(player);
  if (session == nullptr) return true;
  const Task* const task = scheduler_.running();
  const bool own = task == nullptr || task->player == player;
  return session->send(text, how, own ? OutputQueue::From::own : OutputQueue::From::others);
}

std::vector<ObjectId> Sessions::list() const {
  std::vector<ObjectId> numbers;
  numbers.reserve(by_number_.size());
  for (const auto& [number, session] : by_number_) numbers.push_back(number);
  return numbers;
}

std::optional<ConnectionInfo> Sessions::info(ObjectId player) const {
  const Session* const session = find(player);
  if (session == nullptr) return {};
  return session->info();
}

bool Sessions::connected(ObjectId player) const { return find(player) != nullptr; }

bool Sessions::boot(ObjectId player) {
  Session* const session = find(player);
  if (session == nullptr) return false;
  session->close();
  return true;
}

Result<void> Sessions::read_line(ObjectId player, Ticket ticket, Reading how) {
  return need(player).and_then([&](Session* session) { return session->read_line(ticket, how); });
}

Result<std::optional<std::string>> Sessions::poll_line(ObjectId player) {
  return need(player).and_then([](Session* session) { return session->poll_line(); });
}

Result<void> Sessions::force_input(ObjectId player, std::string_view line, Place place) {
  Session* const session = find(player);
  if (session == nullptr) return {};
  return session->force_input(line, place);
}

Result<std::size_t> Sessions::flush_input(ObjectId player) {
  return need(player).map([](Session* session) { return session->flush_input(); });
}

Result<Map> Sessions::options(ObjectId player) const {
  return need(player).map([](const Session* session) { return session->options(); });
}

Result<void> Sessions::set_option(ObjectId player, std::string_view name, const Value& value) {
  return need(player).and_then([&](Session* session) { return session->set_option(name, value); });
}

Result<Connections::Delimiters> Sessions::delimiters(ObjectId player) const {
  return need(player).map([](const Session* session) { return session->delimiters(); });
}

Result<std::size_t> Sessions::buffered(ObjectId player) const {
  return need(player).map([](const Session* session) { return session->buffered(); });
}

Result<void> Sessions::switch_player(ObjectId from, ObjectId to, Notice notice) {
  const Object* const object = world_.find(to);
  if (object == nullptr || !object->is(kPlayer)) {
    return fail(ErrorCode::invarg, to_string(to) + " is not a player");
  }
  return need(from).map([&](Session* session) {
    if (from != to) session->become(to, notice);
  });
}

void Sessions::schedule(Session& session) {
  if (session.scheduled_) return;
  session.scheduled_ = true;
  ready_.push_back(session.shared_from_this());
  post_turn();
}

void Sessions::post_turn() {
  if (turn_posted_) return;
  turn_posted_ = true;
  asio::post(loop_, [this] { run_turn(); });
}

void Sessions::run_turn() {
  turn_posted_ = false;
  auto now = Clock::now();
  const auto turn_ends = now + kTurn;
  for (std::size_t left = ready_.size(); left > 0 && now < turn_ends; --left) {
    const std::shared_ptr<Session> session = std::move(ready_.front());
    ready_.pop_front();
    session->scheduled_ = false;
    if (session->run_lines(now + kSessionTurn) == Session::More::yes) schedule(*session);
    now = Clock::now();
  }
  flush_dirty();
  if (!ready_.empty()) post_turn();
}

void Sessions::mark_dirty(Session& session) {
  if (session.dirty_) return;
  session.dirty_ = true;
  dirty_.push_back(session.shared_from_this());
  if (flush_posted_) return;
  flush_posted_ = true;
  asio::post(loop_, [this] {
    flush_posted_ = false;
    flush_dirty();
  });
}

void Sessions::flush_dirty() {
  for (auto& session : std::exchange(dirty_, {})) {
    session->dirty_ = false;
    session->flush();
  }
}

void Sessions::watch_idle() {
  idle_watch_.expires_after(std::chrono::seconds(1));
  idle_watch_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    const auto now = Clock::now();
    const auto all = all_;
    for (const auto& session : all) session->check_idle(now);
    watch_idle();
  });
}

}  // namespace cosmoo
