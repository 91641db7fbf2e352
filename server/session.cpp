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
constexpr std::string_view kFlushCommand = ".flush";

bool over(std::chrono::duration<double> limit, Clock::duration silent) {
  return limit.count() > 0 && silent >= limit;
}

// Bytes that the system holds for the client, sent or not, and that it has not acknowledged.
std::size_t in_transit(int socket) {
  int bytes = 0;
  return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace

struct Session::Intrinsic {
  std::string_view name;
  void (Session::*run)(std::string_view rest);
};

Session::Session(Sessions& sessions, asio::ip::tcp::socket socket, ObjectId number, Peer peer)
    : sessions_(sessions),
      socket_(std::move(socket)),
      resume_(sessions.loop_, Clock::time_point::max()),
      number_(number),
      peer_(std::move(peer)),
      name_(peer_.address + " port " + std::to_string(peer_.port)),
      output_(sessions.limits_.output_bytes),
      codec_(sessions.limits_.line_bytes, lines_, output_.tail()),
      login_(*this, sessions) {}

void Session::start() {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  if (sessions_.limits_.telnet_options == SessionLimits::Offer::at_once) {
    codec_.offer_options();
    output_.commit(From::protocol);
  }
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

ConnectionInfo Session::info() const {
  Terminal terminal = judge_terminal(codec_.terminals());
  terminal.columns = codec_.window().columns;
  terminal.rows = codec_.window().rows;
  return {number_, name_, peer_, std::move(terminal), connected_at_, last_input_at_};
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
  if (codec_.speaks_telnet()) codec_.offer_options();
  output_.commit(From::protocol);
  if (!output_.empty()) sessions_.mark_dirty(*this);
  find_flush_command(had);
  wake();
  return true;
}

// .flush is obeyed when it comes, ahead of the lines that wait: those are what it takes away.
void Session::find_flush_command(std::size_t first) {
  for (std::size_t i = lines_.size(); i > first; --i) {
    if (!same_name(lines_.at(i - 1), kFlushCommand)) continue;
    lines_.pop(i);
    notify(">> " + std::to_string(i - 1) + " lines of input were flushed <<", From::own);
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
  if (phase_ == Phase::checking) return Hold::until_woken;
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

Session::More Session::run_lines(Clock::time_point until) {
  while (phase_ != Phase::closing) {
    const Hold held = hold();
    if (held == Hold::until_woken) return More::no;
    if (held == Hold::one_turn) return More::yes;
    if (lines_.empty()) {
      if (input_ended_) close();
      break;
    }
    const LineQueue::Kind kind = lines_.front_kind();
    sessions_.line_.assign(lines_.front());
    lines_.pop();
    run_line(kind, sessions_.line_);
    if (Clock::now() >= until) {
      if (!lines_.empty() || input_ended_) return More::yes;
      break;
    }
  }
  if (reading_paused_ && !input_paused()) resume_.cancel();
  return More::no;
}

void Session::run_line(LineQueue::Kind kind, std::string_view line) {
  if (kind == LineQueue::Kind::too_long) {
    notify("line too long (limit " + std::to_string(sessions_.limits_.line_bytes) + " bytes)",
           From::own);
    return;
  }
  if (std::exchange(first_line_, false) && looks_like_http(line)) {
    sessions_.log_.warning(name_ + " sent an HTTP request, dropped");
    abort();
    return;
  }
  if (hand_to_reader(line)) return;
  if (phase_ == Phase::login) {
    login_.take(line);
  } else {
    run_command(line);
  }
}

bool Session::hand_to_reader(std::string_view line) {
  if (!reader_) return false;
  const Reader reader = *std::exchange(reader_, std::nullopt);
  if (reader.echo == Connections::Echo::off) set_echo(TelnetCodec::Echo::on);
  // The task may have been killed meanwhile: then the line is nobody's but the world's.
  const Task* const task = sessions_.scheduler_.find(reader.ticket.task);
  if (task == nullptr || task->state != TaskState::waiting ||
      task->wait_number != reader.ticket.wait) {
    return false;
  }
  handed_to_ = reader.ticket.task;
  sessions_.scheduler_.complete(reader.ticket, Value(std::string(line)));
  return true;
}

void Session::run_command(std::string_view line) {
  const auto start = line.find_first_not_of(' ');
  if (start == std::string_view::npos) return;
  const std::string_view word = line.substr(start, line.find(' ', start) - start);
  for (const Intrinsic& intrinsic : intrinsics()) {
    if (!same_name(word, intrinsic.name)) continue;
    std::string_view rest = line.substr(start + word.size());
    if (!rest.empty()) rest.remove_prefix(1);
    (this->*intrinsic.run)(rest);
    return;
  }
  if (!prefix_.empty()) notify(prefix_, From::own);
  sessions_.dispatcher_->command(number_, line);
  if (!suffix_.empty()) notify(suffix_, From::own);
}

void Session::quit(std::string_view) {
  notify("Goodbye.", From::own);
  close();
}

Result<void> Session::read_line(Ticket ticket, Connections::Echo echo) {
  if (reader_) {
    const Task* const task = sessions_.scheduler_.find(reader_->ticket.task);
    if (task != nullptr && task->state == TaskState::waiting &&
        task->wait_number == reader_->ticket.wait) {
      return fail(ErrorCode::invarg,
                  to_string(number_) + " is being read from by task " + std::to_string(task->id));
    }
  }
  reader_ = Reader{ticket, echo};
  set_echo(echo == Connections::Echo::off ? TelnetCodec::Echo::off : TelnetCodec::Echo::on);
  return {};
}

void Session::drop_reader() {
  if (!reader_) return;
  const Reader reader = *std::exchange(reader_, std::nullopt);
  sessions_.scheduler_.complete(
      reader.ticket, Error(ErrorCode::invarg, to_string(number_) + " is no longer connected"));
}

// --- logging in and leaving

void Session::log_in(ObjectId player) {
  phase_ = Phase::player;
  const auto arrival = sessions_.bind(*this, player);
  sessions_.log_.info("connection " + std::to_string(number_.number) + " is " + to_string(player));
  number_ = player;
  sessions_.dispatcher_->arrived(player, arrival);
  wake();
}

void Session::stay_out() {
  phase_ = Phase::login;
  login_.refuse();
  wake();
}

void Session::hand_over() {
  notify("*** You have connected from elsewhere: this connection is redirected there ***",
         From::own);
  phase_ = Phase::login;  // the player has not left
  close();
}

// What ends with the connection, whichever way it ends. The socket is not touched.
void Session::leave() {
  if (phase_ == Phase::closing) return;
  const bool was_player = phase_ == Phase::player;
  phase_ = Phase::closing;
  closing_since_ = unread_since_ = Clock::now();
  lines_.clear();
  if (sessions_.find(number_) == this) sessions_.unbind(number_);
  sessions_.log_.info("connection " + name_ + " (" + to_string(number_) + ") has ended");
  drop_reader();
  if (was_player) sessions_.dispatcher_->left(number_);
}

void Session::close() {
  leave();
  sessions_.mark_dirty(*this);
  if (reading_paused_) resume_.cancel();
}

void Session::abort() {
  leave();
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
  const auto& limits = sessions_.limits_;
  const auto limit = phase_ == Phase::player ? limits.idle : limits.idle_before_login;
  if (!over(limit, now - last_input_at_)) return;
  notify("*** Closed: nothing was heard from you for too long ***", From::own);
  close();
}

// --- output

void Session::notify(std::string_view line, From from) {
  if (!socket_.is_open() || shut_) return;
  codec_.write_line(line);
  output_.commit(from);
  sessions_.mark_dirty(*this);
  // A client that reads fast enough loses nothing, however much one command prints.
  if (output_.backlog() > output_.limit() / 2) flush();
}

void Session::prompt(std::string_view text) {
  codec_.write_text(text);
  output_.commit(From::own);
  sessions_.mark_dirty(*this);
}

void Session::set_echo(TelnetCodec::Echo echo) {
  if (!codec_.set_echo(echo)) return;
  // The client has not shown the end of the line either.
  if (echo == TelnetCodec::Echo::on) codec_.write_text("\n");
  output_.commit(From::protocol);
  sessions_.mark_dirty(*this);
}

void Session::flush() {
  while (!output_.empty() && !blocked_ && socket_.is_open()) {
    boost::system::error_code error;
    const std::size_t sent = socket_.write_some(asio::buffer(output_.take()), error);
    if (error == asio::error::would_block || error == asio::error::try_again) {
      wait_writable();
    } else if (error) {
      abort();
    } else {
      output_.consume(sent);
    }
  }
  if (phase_ == Phase::closing && output_.empty() && !std::exchange(shut_, true)) {
    boost::system::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    if (reading_paused_) resume_.cancel();
  }
  wake();
}

void Session::wait_writable() {
  blocked_ = true;
  socket_.async_wait(asio::socket_base::wait_write,
                     [self = shared_from_this()](boost::system::error_code error) {
                       self->blocked_ = false;
                       if (!error) self->flush();
                     });
}

// To add a command that the connection itself obeys, add its row. `.flush` is not one: see
// find_flush_command().
std::span<const Session::Intrinsic> Session::intrinsics() {
  static constexpr Intrinsic kRows[] = {
      {"PREFIX", &Session::set_prefix}, {"OUTPUTPREFIX", &Session::set_prefix},
      {"SUFFIX", &Session::set_suffix}, {"OUTPUTSUFFIX", &Session::set_suffix},
      {"QUIT", &Session::quit},         {"@quit", &Session::quit},
  };
  return kRows;
}

}  // namespace cosmoo
