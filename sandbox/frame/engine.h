// Opens frames, and runs functions of libraries in hosts.
//
// What a library's code does happens in processes that have nothing else in them: see
// host/main.cpp. The server itself never loads one.
// Rules: (1) the loop's thread only; (2) a frame that is opened has its chain open, and what was
// opened is closed whatever happens in between; (3) hosts are kept for a while after the last
// call, and as long as somebody keeps the library open; one that a call was killed in, or that has
// something left in it, is not used again; (4) a file that was replaced is noticed when its
// library is opened and nobody has it open.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/frame/request.h"
#include "sandbox/frame/tree.h"
#include "sandbox/job.h"
#include "sandbox/job_table.h"
#include "sandbox/process/engine.h"

namespace cosmoo::sandbox {

struct FrameOptions {
  std::filesystem::path modules;  ///< Where libraries are.
  /// Runs the first on another thread and then the second on the loop's, unless that is gone.
  std::function<void(std::function<void()> work, std::function<void()> then)> offload;
  std::chrono::milliseconds patience{5000};  ///< What a library may take to be opened.
  std::chrono::milliseconds idle{30'000};    ///< How long a host waits for the next call.
  std::size_t most_idle = 8;                 ///< Of one library.
};

class FrameEngine {
 public:
  using OnOpened = std::function<void(tl::expected<void, StartError>)>;
  using OnNames = std::function<void(tl::expected<std::vector<std::string>, StartError>)>;

  /// All references outlive the engine. Throws std::system_error without a place for its hosts'
  /// program.
  FrameEngine(boost::asio::io_context& io, ProcessEngine& processes, JobTable& table,
              FrameTree& tree, FrameOptions options);
  /// Ends what runs. No call-back is called any more.
  ~FrameEngine();
  FrameEngine(const FrameEngine&) = delete;
  FrameEngine& operator=(const FrameEngine&) = delete;

  /// Keeps a frame open, with its chain, until close(). Call-backs come from the loop, later.
  void open(const std::string& path, std::int64_t owner, OnOpened on_opened);
  /// Takes back one open() of this owner. A library that nobody has open any more is unloaded.
  tl::expected<void, StartError> close(const std::string& path, std::int64_t owner);

  /// Keeps a program's or guest's frame open for as long as the token lives.
  std::shared_ptr<void> hold(const std::string& path, std::int64_t owner);

  /// Calls a frame whose module is dlsym: opens its chain, runs it, and closes that again.
  tl::expected<std::shared_ptr<Job>, StartError> call(const Frame& function,
                                                      FunctionRequest request,
                                                      OnComplete on_complete);

  /// The functions that a library exports.
  void functions(const Frame& library, std::int64_t owner, OnNames on_names);
  /// The files that could be libraries. For another thread.
  std::vector<std::string> libraries() const;
  /// What is in one of them. For another thread.
  tl::expected<std::string, StartError> library_bytes(const std::string& name) const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace cosmoo::sandbox
