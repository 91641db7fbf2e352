// What a session sends, and how it gets to the socket.
#include "server/session.h"

namespace cosmoo {

namespace asio = boost::asio;
using From = OutputQueue::From;

bool Session::send(std::string_view text, Output how, From from) {
  if (!socket_.is_open() || shut_) return true;
  if (how.when_full == Output::Full::refuse && output_.backlog() + text.size() > output_.limit()) {
    flush();
    if (output_.backlog() + text.size() > output_.limit()) return false;
  }
  if (codec_.mode() == TelnetCodec::Mode::binary) {
    codec_.write_bytes(text);
    output_.commit(from);
  } else {
    // A line at a time: so many are dropped when there are too many.
    for (std::size_t end = 0; end != std::string_view::npos;) {
      end = text.find('\n');
      codec_.write_text(text.substr(0, end));
      if (end != std::string_view::npos || how.end == Output::End::line) codec_.write_text("\n");
      output_.commit(from);
      if (end != std::string_view::npos) text.remove_prefix(end + 1);
    }
  }
  sessions_.mark_dirty(*this);
  // A client that reads fast enough loses nothing, however much one command prints.
  if (output_.backlog() > output_.limit() / 2) flush();
  return true;
}

void Session::prompt(std::string_view text) {
  codec_.write_text(text);
  output_.commit(From::own);
  sessions_.mark_dirty(*this);
}

void Session::hide_input() {
  if (codec_.mode() == TelnetCodec::Mode::binary || !codec_.set_echo(TelnetCodec::Echo::off))
    return;
  output_.commit(From::protocol);
  sessions_.mark_dirty(*this);
}

void Session::show_input() {
  if (client_echo_ == TelnetCodec::Echo::off || !codec_.set_echo(TelnetCodec::Echo::on)) return;
  codec_.write_text("\n");  // the client has not shown the end of the line either
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

}  // namespace cosmoo
