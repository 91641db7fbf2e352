// Removing what was made for a job's working directory, by the slot that the job was in. What dies
// slowly may still write there: then once more, as long as there is patience.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "sandbox/process/slot_client.h"

namespace cosmoo::sandbox {

/// The loop's thread only. Letting go of it ends the attempts.
class DirectoryRemoval : public std::enable_shared_from_this<DirectoryRemoval> {
 public:
  enum class Outcome {
    removed,
    stays  ///< The slot is gone, or may be busy with it still.
  };
  /// Once, from the loop or from start().
  using OnDone = std::function<void(Outcome)>;

  DirectoryRemoval(boost::asio::io_context& io, std::shared_ptr<Slot> slot, OnDone on_done);
  void start();

 private:
  void attempt();
  void done(Outcome outcome);

  const std::shared_ptr<Slot> slot_;
  OnDone on_done_;
  boost::asio::steady_timer patience_;
  boost::asio::steady_timer again_;
};

}  // namespace cosmoo::sandbox
