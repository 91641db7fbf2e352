// Lines of a session that scripts take, make and throw away.
#include <algorithm>
#include <boost/asio/steady_timer.hpp>

#include "server/session.h"

namespace cosmoo {

// Whether the task that asked for a line still waits for it; it may have been killed.
bool Session::is_read() const {
  if (!reader_) return false;
  const Task* const task = sessions_.scheduler_.find(reader_->ticket.task);
  return task != nullptr && task->state == TaskState::waiting &&
         task->wait_number == reader_->ticket.wait;
}

bool Session::hand_to_reader(std::string_view line) {
  if (!reader_) return false;
  const bool waits = is_read();
  const Reader reader = *std::exchange(reader_, std::nullopt);
  read_timer_.reset();
  if (reader.echo == Reading::Echo::off) show_input();
  if (!waits) return false;  // the line is nobody's but the world's
  handed_to_ = reader.ticket.task;
  sessions_.scheduler_.complete(reader.ticket, Value(std::string(line)));
  return true;
}

Result<void> Session::read_line(Ticket ticket, const Reading& how) {
  if (is_read()) {
    return fail(ErrorCode::invarg, to_string(number_) + " is being read from by task " +
                                       std::to_string(reader_->ticket.task));
  }
  if (reader_ && reader_->echo == Reading::Echo::off && how.echo == Reading::Echo::on) show_input();
  reader_ = Reader{ticket, how.echo};
  read_timer_.reset();
  if (how.echo == Reading::Echo::off) hide_input();
  if (how.timeout) set_read_timer(*how.timeout);
  wake();
  return {};
}

void Session::set_read_timer(std::chrono::duration<double> timeout) {
  read_timer_ = std::make_unique<boost::asio::steady_timer>(sessions_.loop_);
  read_timer_->expires_after(std::chrono::duration_cast<Clock::duration>(timeout));
  read_timer_->async_wait(
      [weak = weak_from_this(), ticket = reader_->ticket](boost::system::error_code error) {
        const auto self = weak.lock();
        if (error || !self || !self->reader_ || self->reader_->ticket != ticket) return;
        if (self->reader_->echo == Reading::Echo::off) self->show_input();
        self->reader_.reset();
        self->read_timer_.reset();
        self->sessions_.scheduler_.complete(ticket, Value());
        self->wake();
      });
}

void Session::drop_reader() {
  read_timer_.reset();
  if (!reader_) return;
  const Reader reader = *std::exchange(reader_, std::nullopt);
  sessions_.scheduler_.complete(
      reader.ticket, Error(ErrorCode::invarg, to_string(number_) + " is no longer connected"));
}

Result<std::optional<std::string>> Session::poll_line() {
  if (is_read()) {
    return fail(ErrorCode::invarg, to_string(number_) + " is being read from by task " +
                                       std::to_string(reader_->ticket.task));
  }
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_.kind(i) != LineQueue::Kind::text || is_out_of_band(lines_.at(i))) continue;
    std::string line(lines_.at(i));
    lines_.remove(i);
    wake();
    return line;
  }
  return std::optional<std::string>();
}

Result<void> Session::force_input(std::string_view line, Connections::Place place) {
  const bool control = std::any_of(line.begin(), line.end(), [](unsigned char c) {
    return (c < 0x20 && c != '\t') || c == 0x7F;
  });
  if (control) {
    return fail(ErrorCode::invarg, "a line of input has no control characters or newlines");
  }
  if (line.size() > sessions_.limits_.line_bytes) {
    return fail(ErrorCode::invarg, "a line of input has at most " +
                                       std::to_string(sessions_.limits_.line_bytes) + " bytes");
  }
  if (lines_.bytes() > sessions_.limits_.input_bytes) {
    return fail(ErrorCode::quota, "too much input of " + to_string(number_) + " waits already");
  }
  if (place == Connections::Place::front) {
    lines_.push_front(line);
  } else {
    lines_.push(line);
  }
  wake();
  return {};
}

std::size_t Session::flush_input() {
  const std::size_t count = lines_.size();
  lines_.clear();
  wake();
  return count;
}

}  // namespace cosmoo
