#include "server/limit_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "vm/plain_text.h"

namespace cosmoo {
namespace {

constexpr std::chrono::seconds kQuiet{10};

// What was over; empty if the job ended otherwise.
std::string over(const sandbox::Result& result) {
  if (result.status == sandbox::Status::timed_out) return "its time was over";
  if (result.status != sandbox::Status::over_limit) return {};
  return fmt::format("it was over its limit of {}", result.limit);
}

std::string name_of(const World& world, ObjectId id) {
  const Object* const object = world.find(id);
  return object == nullptr ? to_string(id) : fmt::format("{} ({})", object->name, to_string(id));
}

// A program's arguments are anybody's: they may not look like a line of the server's own.
std::string in_one_line(std::string_view text) {
  std::string line = plain_text(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

LimitWatch::LimitWatch(boost::asio::io_context& loop, const World& world, Log& log,
                       std::function<void(std::string_view)> tell)
    : world_(world), log_(log), tell_(std::move(tell)), quiet_(loop) {}

void LimitWatch::job_ended(const sandbox::JobInfo& job, const sandbox::Result& result) {
  const std::string why = over(result);
  if (why.empty()) return;
  if (is_quiet_) {
    ++unsaid_;
    return;
  }
  say(in_one_line(fmt::format("Job {} of {} was stopped because {}: {}", job.id,
                              name_of(world_, ObjectId{job.owner}), why, job.label)));
  be_quiet();
}

void LimitWatch::say(const std::string& text) {
  log_.warning(text);
  tell_("*** " + text + " ***");
}

void LimitWatch::be_quiet() {
  is_quiet_ = true;
  quiet_.expires_after(kQuiet);
  quiet_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    is_quiet_ = false;
    if (unsaid_ == 0) return;
    say(fmt::format("{} more jobs were stopped by their limits.", std::exchange(unsaid_, 0)));
    be_quiet();
  });
}

}  // namespace cosmoo
