#include "sandbox/process/directory_removal.h"

#include <boost/asio/io_context.hpp>
#include <utility>

namespace cosmoo::sandbox {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{5000};
constexpr milliseconds kBetweenAttempts{1};

}  // namespace

DirectoryRemoval::DirectoryRemoval(boost::asio::io_context& io, std::shared_ptr<Slot> slot,
                                   OnDone on_done)
    : slot_(std::move(slot)), on_done_(std::move(on_done)), patience_(io), again_(io) {}

void DirectoryRemoval::start() {
  patience_.expires_after(kPatience);
  patience_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) self->done(Outcome::stays);
  });
  attempt();
}

void DirectoryRemoval::attempt() {
  if (slot_->has_ended()) return done(Outcome::stays);
  slot_->remove_directory([weak = weak_from_this()](bool removed) {
    const auto self = weak.lock();
    if (!self) return;
    if (removed) return self->done(Outcome::removed);
    self->again_.expires_after(kBetweenAttempts);
    self->again_.async_wait([weak](const boost::system::error_code& error) {
      const auto again = weak.lock();
      if (!error && again) again->attempt();
    });
  });
}

void DirectoryRemoval::done(Outcome outcome) {
  patience_.cancel();
  again_.cancel();
  if (const auto on_done = std::exchange(on_done_, nullptr)) on_done(outcome);
}

}  // namespace cosmoo::sandbox
