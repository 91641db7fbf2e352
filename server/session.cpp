#include "server/session.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "server/terminal.h"

namespace cosmoo {

namespace asio = boost::asio;
using From = OutputQueue::From;

namespace {

// How long a client may read nothing, when the last lines are on their way, and how long in all.
constexpr std::chrono::seconds kLinger{3};
constexpr std::chrono::seconds kLongestLinger{60};
// How long lines that nobody reads are kept for a client that has gone.
constexpr std::chrono::seconds kKeepUnread{60};
constexpr std::string_view kOutOfBand = "#$#";
constexpr std::string_view kQuoted = "#$\"";  // takes away the meaning of a line's beginning

bool over(std::chrono::duration<double> limit, Clock::duration silent) {
  return limit.count() > 0 && silent >= limit;
}

// Bytes that the system holds for the client, sent or not, and that it has not acknowledged.
std::size_t in_transit(int socket) {
  int bytes = 0;
  return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace

Session::Session(Sessions& sessions, asio::ip::tcp::socket socket, ObjectId number, Peer peer,
                 const Door& door)
    : sessions_(sessions),
      socket_(std::move(socket)),
      resume_(sessions.loop_, Clock::time_point::max()),
      number_(number),
      peer_(std::move(peer)),
      door_(door),
      name_(peer_.address + " port " + std::to_string(peer_.port)),
      output_(sessions.limits_.output_bytes),
      codec_(sessions.limits_.line_bytes, lines_, output_.tail()),
      login_(*this, sessions),
      flush_command_(door.kind == Door::Kind::outbound ? "" : ".flush"),
      hold_input_(door.kind == Door::Kind::outbound) {}

void Session::start() {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  apply_keep_alive();
  if (sessions_.limits_.telnet_options == SessionLimits::Offer::at_once) offer_options();
  login_.greet();
  asio::co_spawn(sessions_.loop_, read_loop(shared_from_this()),
                 [self = shared_from_this()](const std::exception_ptr& failure) {
                   if (failure) {
                     try {
                       std::rethrow_exception(failure);
                     } catch (const std::exception& caught) {
                       self->sessions_.log_.error(self->name_ + ": " + caught.what());
                     }
                   }
                   self->abort();
                   self->sessions_.remove(self);
                 });
}

// A server that was connected to is no terminal.
void Session::offer_options() {
  if (door_.kind == Door::Kind::outbound) return;
  codec_.offer_options();
  output_.commit(From::protocol);
}

ConnectionInfo Session::info() const {
  Terminal terminal = judge_terminal(codec_.terminals());
  terminal.columns = codec_.window().columns;
  terminal.rows = codec_.window().rows;
  return {number_,       name_,
          peer_,         std::move(terminal),
          door_.handler, codec_.mode() == TelnetCodec::Mode::binary,
          connected_at_, last_input_at_};
}

void Session::turn_away(std::string_view line) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  codec_.write_line(line);
  output_.commit(From::own);
  socket_.write_some(asio::buffer(output_.take()), ignored);
}

// --- input

asio::awaitable<void> Session::read_loop(std::shared_ptr<Session> self) {
  constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
  for (;;) {
    while (self->input_paused()) {
      self->reading_paused_ = true;
      co_await self->resume_.async_wait(kTuple);
      self->reading_paused_ = false;
    }
    if (!self->socket_.is_open()) co_return;
    const auto [error] = co_await self->socket_.async_wait(asio::socket_base::wait_read, kTuple);
    if (error || !self->receive()) break;
  }
  // The client sends nothing more. What it has sent is done before the session ends, so that
  // a script may close its side and wait for the answers.
  self->input_ended_ = true;
  self->wake();
  while (self->socket_.is_open() && !self->shut_) {
    self->reading_paused_ = true;
    co_await self->resume_.async_wait(kTuple);
    self->reading_paused_ = false;
  }
}

// False: there will be no more.
bool Session::receive() {
  auto& buffer = sessions_.read_buffer_;
  boost::system::error_code error;
  const std::size_t size = socket_.read_some(asio::buffer(buffer), error);
  if (error == asio::error::would_block || error == asio::error::try_again ||
      error == asio::error::interrupted) {
    return true;
  }
  if (error == asio::error::eof) return false;
  if (error) {
    abort();
    return false;
  }
  if (phase_ == Phase::closing) return true;
  last_input_at_ = Clock::now();
  const std::size_t had = lines_.size();
  codec_.receive({buffer.data(), size});
  if (codec_.failed()) {
    sessions_.log_.warning(name_ + " broke the telnet protocol, closed");
    abort();
    return false;
  }
  if (codec_.speaks_telnet()) offer_options();
  output_.commit(From::protocol);
  if (!output_.empty()) sessions_.mark_dirty(*this);
  find_flush_command(had);
  wake();
  return true;
}

// The flush command is obeyed when it comes, ahead of the lines that wait: those are what it takes
// away.
void Session::find_flush_command(std::size_t first) {
  for (std::size_t i = lines_.size(); i > first; --i) {
    if (flush_command_.empty() || !same_name(lines_.at(i - 1), flush_command_)) continue;
    lines_.pop(i);
    say(">> " + std::to_string(i - 1) + " lines of input were flushed <<");
    return;
  }
}

bool Session::input_paused() const {
  if (phase_ == Phase::closing || !socket_.is_open()) return false;
  return lines_.bytes() > sessions_.limits_.input_bytes || output_.backlog() > output_.limit() / 2;
}

// --- running lines

// Something that held lines or the socket back may be over.
void Session::wake() {
  if (phase_ == Phase::closing) return;
  if (!lines_.empty() || input_ended_) sessions_.schedule(*this);
  if (reading_paused_ && (!input_paused() || input_ended_)) resume_.cancel();
}

Session::Hold Session::hold() {
  if (phase_ == Phase::checking || (login_.waits() && !reader_)) return Hold::until_woken;
  if (output_.backlog() > output_.limit() / 2) {
    flush();
    if (output_.backlog() > output_.limit() / 2) return Hold::until_woken;
  }
  if (handed_to_ != 0) {
    const Task* const task = sessions_.scheduler_.find(handed_to_);
    if (task != nullptr && task->state == TaskState::queued) return Hold::one_turn;
    handed_to_ = 0;
  }
  return Hold::none;
}

// The line whose turn it is; while input is held and nobody reads, only what is out of band.
std::optional<std::size_t> Session::next_line() const {
  const bool all = !hold_input_ || reader_;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (all || is_out_of_band(lines_.at(i))) return i;
  }
  return {};
}

Session::More Session::run_lines(Clock::time_point until) {
  while (phase_ != Phase::closing) {
    if (phase_ == Phase::login && login_.settle()) continue;
    const Hold held = hold();
    if (held == Hold::until_woken) return More::no;
    if (held == Hold::one_turn) return More::yes;
    const auto next = next_line();
    if (!next) {
      if (input_ended_ && lines_.empty()) end(Hooks::Departure::by_client);
      break;
    }
    const LineQueue::Kind kind = lines_.kind(*next);
    sessions_.line_.assign(lines_.at(*next));
    lines_.remove(*next);
    run_line(kind, sessions_.line_);
    if (Clock::now() >= until) {
      if (!lines_.empty() || input_ended_) return More::yes;
      break;
    }
  }
  if (reading_paused_ && !input_paused()) resume_.cancel();
  return More::no;
}

bool Session::is_out_of_band(std::string_view line) const {
  return !disable_oob_ && codec_.mode() == TelnetCodec::Mode::telnet &&
         line.starts_with(kOutOfBand);
}

void Session::run_line(LineQueue::Kind kind, std::string_view line) {
  if (kind == LineQueue::Kind::too_long) {
    if (door_.messages == Door::Messages::shown) {
      say("line too long (limit " + std::to_string(sessions_.limits_.line_bytes) + " bytes)");
    } else {
      sessions_.log_.info(name_ + " sent a line that is too long, dropped");
    }
    return;
  }
  if (std::exchange(first_line_, false) && looks_like_http(line) &&
      door_.kind == Door::Kind::inbound && !login_.belongs_to_world()) {
    sessions_.log_.warning(name_ + " sent an HTTP request, dropped");
    abort();
    return;
  }
  if (is_out_of_band(line)) {
    sessions_.hooks_->ask(Hooks::Question::out_of_band, handler(), number_, line);
    return;
  }
  if (!disable_oob_ && line.starts_with(kQuoted)) line.remove_prefix(kQuoted.size());
  if (hand_to_reader(line)) return;
  if (phase_ == Phase::login) {
    login_.take(line);
  } else {
    run_command(line);
  }
}

bool Session::run_intrinsic(std::string_view line) {
  const auto start = line.find_first_not_of(' ');
  if (start == std::string_view::npos) return false;
  const std::string_view word = line.substr(start, line.find(' ', start) - start);
  std::uint32_t bit = 1;
  for (const Intrinsic& intrinsic : intrinsics()) {
    if ((intrinsics_ & bit) != 0 && same_name(word, intrinsic.name)) {
      std::string_view rest = line.substr(start + word.size());
      if (!rest.empty()) rest.remove_prefix(1);
      (this->*intrinsic.run)(rest);
      return true;
    }
    bit <<= 1;
  }
  return false;
}

// Whether the world's own do_command or do_blank_command has dealt with the line. One that waits
// has taken it on; one that failed has not.
bool Session::handled_by_world(std::string_view line) {
  const bool blank = line.find_first_not_of(' ') == std::string_view::npos;
  const auto inquiry = sessions_.hooks_->ask(
      blank ? Hooks::Question::blank : Hooks::Question::command, handler(), number_, line);
  if (!inquiry) return blank;
  if (!inquiry->answered) return true;
  return blank || (inquiry->result && inquiry->result->truthy());
}

void Session::run_command(std::string_view line) {
  if (run_intrinsic(line)) return;
  if (!prefix_.empty()) say(prefix_);
  const std::string suffix = suffix_;
  if (!handled_by_world(line) && phase_ == Phase::player) {
    sessions_.dispatcher_->command(number_, line);
  }
  if (!suffix.empty()) say(suffix);
}

void Session::quit(std::string_view) {
  say("Goodbye.");
  end(Hooks::Departure::by_client);
}

// --- logging in and leaving

void Session::log_in(ObjectId player, Made made) {
  const auto arrival = sessions_.bind(*this, player, Connections::Notice::given);
  phase_ = Phase::player;
  sessions_.log_.info("connection " + std::to_string(number_.number) + " is " + to_string(player));
  number_ = player;
  sessions_.hooks_->arrived(handler(), player,
                            made == Made::just_now ? Hooks::Arrival::created : arrival);
  wake();
}

void Session::stay_out() {
  phase_ = Phase::login;
  login_.refuse();
  wake();
}

void Session::become(ObjectId player, Connections::Notice notice) {
  if (phase_ == Phase::player) {
    sessions_.hooks_->left(handler(), number_, Hooks::Departure::by_server);
  }
  const auto arrival = sessions_.bind(*this, player, notice);
  sessions_.log_.info("connection " + name_ + " (" + to_string(number_) + ") is switched to " +
                      to_string(player));
  phase_ = Phase::player;
  number_ = player;
  sessions_.hooks_->arrived(handler(), player, arrival);
  wake();
}

void Session::hand_over(ObjectId handler_of_new, Connections::Notice notice) {
  if (notice == Connections::Notice::given && door_.messages == Door::Messages::shown) {
    say("*** You have connected from elsewhere: this connection is redirected there ***");
  }
  // The player has not left, unless it was connected to something else.
  if (handler_of_new == handler()) {
    end({});
  } else {
    close();
  }
}

// What ends with the connection, whichever way it ends. The socket is not touched. Without a
// departure, the world does not hear of it.
void Session::leave(std::optional<Hooks::Departure> departure) {
  if (phase_ == Phase::closing) return;
  phase_ = Phase::closing;
  closing_since_ = unread_since_ = Clock::now();
  lines_.clear();
  if (sessions_.find(number_) == this) sessions_.unbind(number_);
  sessions_.log_.info("connection " + name_ + " (" + to_string(number_) + ") has ended");
  drop_reader();
  login_.leave();
  if (departure) sessions_.hooks_->left(handler(), number_, *departure);
}

void Session::end(std::optional<Hooks::Departure> departure) {
  leave(departure);
  sessions_.mark_dirty(*this);
  if (reading_paused_) resume_.cancel();
}

void Session::abort() {
  leave(Hooks::Departure::by_client);
  boost::system::error_code ignored;
  socket_.close(ignored);
  output_.clear();
  if (reading_paused_) resume_.cancel();
}

void Session::check_idle(Clock::time_point now) {
  if (phase_ == Phase::closing) {
    const std::size_t unread = output_.backlog() + in_transit(socket_.native_handle());
    if (unread != unread_) unread_since_ = now;
    unread_ = unread;
    if (now - unread_since_ >= kLinger || now - closing_since_ >= kLongestLinger) abort();
    return;
  }
  login_.check_patience(now);
  if (input_ended_ && !lines_.empty() && now - last_input_at_ >= kKeepUnread) return abort();
  if (door_.kind == Door::Kind::outbound) return;
  const auto& limits = sessions_.limits_;
  const auto limit = phase_ == Phase::player ? limits.idle : limits.idle_before_login;
  if (!over(limit, now - last_input_at_)) return;
  if (door_.messages == Door::Messages::shown) {
    say("*** Closed: nothing was heard from you for too long ***");
  }
  close();
}

// To add a command that the connection itself obeys, add its row. `.flush` is not one: see
// find_flush_command(). At most 32.
std::span<const Session::Intrinsic> Session::intrinsics() {
  static constexpr Intrinsic kRows[] = {
      {"PREFIX", &Session::set_prefix}, {"OUTPUTPREFIX", &Session::set_prefix},
      {"SUFFIX", &Session::set_suffix}, {"OUTPUTSUFFIX", &Session::set_suffix},
      {"QUIT", &Session::quit},         {"@quit", &Session::quit},
  };
  return kRows;
}

}  // namespace cosmoo
