// One call of a library's function, as a job.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sandbox/frame/host_client.h"
#include "sandbox/job.h"

namespace cosmoo::sandbox {

/// The loop's thread only. Its time counts from the order, whether it waits for a host or runs.
class FunctionCall final : public Job, public std::enable_shared_from_this<FunctionCall> {
 public:
  /// Runs once, from the loop: with the host that it had, if any, which may be used again if
  /// `clean`.
  using OnDone = std::function<void(tl::expected<Result, StartError>,
                                    std::shared_ptr<FrameHost> host, bool clean)>;

  FunctionCall(boost::asio::io_context& io, JobInfo info, Limits limits, OnDone on_done);
  FunctionCall(const FunctionCall&) = delete;
  FunctionCall& operator=(const FunctionCall&) = delete;

  void kill() override { end_because(Status::killed, ""); }
  JobInfo info() const override;
  JobId id() const { return info_.id; }
  /// It has ended, or is about to without having run.
  bool is_over() const { return done() || why_.has_value(); }

  /// Its clock begins.
  void start();
  /// Has the host make the call: `order` is a frame_host::Call with what follows it.
  void run(std::shared_ptr<FrameHost> host, std::string order);
  /// There is no host to be had.
  void fail(StartError error);
  /// The engine goes away: no OnDone.
  void abandon();

 private:
  bool done() const { return !on_done_; }
  void end_because(Status status, const char* limit);
  void watch_cpu();
  void on_printed(Process::Stream stream, std::string_view bytes);
  void on_called(tl::expected<CallEnd, StartError> end);
  void finish(tl::expected<Result, StartError> end, bool clean);
  Result result_of(const CallEnd& end);

  JobInfo info_;
  const Limits limits_;
  OnDone on_done_;  ///< Null: it is over.
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::shared_ptr<FrameHost> host_;
  double cpu_before_ = 0;  ///< Of the host.
  std::string output_;
  std::string errors_;
  std::optional<Status> why_;  ///< The first reason to end it.
  std::string limit_;
  boost::asio::steady_timer wall_;
  boost::asio::steady_timer watch_;
};

}  // namespace cosmoo::sandbox
