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
      idle_watch_(loop),
      read_buffer_(kReadBuffer) {}

Sessions::~Sessions() = default;

void Sessions::serve(Dispatcher& dispatcher) {
  dispatcher_ = &dispatcher;
  watch_idle();
}

void Sessions::add(asio::ip::tcp::socket socket) {
  const ObjectId number{--last_number_};
  boost::system::error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return;  // gone already
  const auto local = socket.local_endpoint(error);
  if (error) return;
  auto session =
      std::make_shared<Session>(*this, std::move(socket), number,
                                Peer{remote.address().to_string(), remote.port(), local.port()});
  if (by_number_.size() >= limits_.max_connections) {
    log_.warning("turned away " + session->name() + ": " + std::to_string(by_number_.size()) +
                 " connections are open");
    session->turn_away("The server is full. Try again later.");
    return;
  }
  all_.insert(session);
  by_number_.emplace(number, session.get());
  log_.info("connection " + std::to_string(number.number) + " from " + session->name());
  session->start();
}

Session* Sessions::find(ObjectId player) const {
  const auto it = by_number_.find(player);
  return it == by_number_.end() ? nullptr : it->second;
}

Dispatcher::Arrival Sessions::bind(Session& session, ObjectId player) {
  Session* const old = find(player);
  by_number_.erase(session.number());
  by_number_[player] = &session;
  if (old == nullptr) return Dispatcher::Arrival::first;
  old->hand_over();
  return Dispatcher::Arrival::takeover;
}

void Sessions::remove(const std::shared_ptr<Session>& session) { all_.erase(session); }

void Sessions::close_all(std::string_view message) {
  idle_watch_.cancel();
  const auto all = all_;
  for (const auto& session : all) {
    session->notify(message, OutputQueue::From::own);
    session->close();
  }
}

std::size_t Sessions::unsent() const {
  return static_cast<std::size_t>(std::count_if(
      all_.begin(), all_.end(), [](const auto& session) { return session->has_output(); }));
}

void Sessions::notify(ObjectId player, std::string_view line) {
  Session* const session = find(player);
  if (session == nullptr) return;
  const Task* const task = scheduler_.running();
  const bool own = task == nullptr || task->player == player;
  session->notify(line, own ? OutputQueue::From::own : OutputQueue::From::others);
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

Result<void> Sessions::read_line(ObjectId player, Ticket ticket, Echo echo) {
  Session* const session = find(player);
  if (session == nullptr) return fail(ErrorCode::invarg, to_string(player) + " is not connected");
  return session->read_line(ticket, echo);
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
