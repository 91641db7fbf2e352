// The hosts of one library: made when a call needs one, kept for the next.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/frame/host_client.h"
#include "sandbox/frame/library_folder.h"

namespace cosmoo::sandbox {

/// What hosts are made with.
struct HostMaker {
  boost::asio::io_context& io;
  ProcessEngine& processes;
  const LibraryFolder& folder;
  const Executable& program;
  std::function<void(std::function<void()> work, std::function<void()> then)> offload;
  std::chrono::milliseconds patience;
};

/// The loop's thread only. Every call-back comes from the loop; take() may call it at once.
class LibraryHosts : public std::enable_shared_from_this<LibraryHosts> {
 public:
  using OnTaken = std::function<void(tl::expected<std::shared_ptr<FrameHost>, StartError>)>;

  LibraryHosts(const HostMaker& maker, std::string name) : maker_(maker), name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  /// Nobody has it open: looks whether the file is still the one that hosts have. What is wrong
  /// with it now is told.
  tl::expected<void, StartError> refresh();

  /// A host of this kind that has nothing to do. `owner` is whom it belongs to if it is new.
  void take(const HostKind& kind, std::int64_t owner, OnTaken on_taken);
  /// It may be taken again.
  void give_back(std::shared_ptr<FrameHost> host, std::size_t most);

  /// Ends those that wait for calls since before `since`, but for the last one of `kept`.
  void trim(std::chrono::steady_clock::time_point since, std::size_t kept);
  /// Ends all that wait, and forgets the file.
  void unload();
  /// Ends all; nobody who waits is told.
  void shut_down();
  /// Nothing of it is needed any more.
  bool idle() const { return idle_.empty() && busy_ == 0 && waiting_.empty() && opening_.empty(); }
  std::size_t waiting_hosts() const { return idle_.size(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Idle {
    std::shared_ptr<FrameHost> host;
    Clock::time_point since;
  };
  struct Waiting {
    HostKind kind;
    std::int64_t owner;
    OnTaken on_taken;
  };

  void read_file();
  void make(Waiting waiting);

  const HostMaker& maker_;
  const std::string name_;
  std::optional<FileStamp> stamp_;
  std::optional<std::string> bytes_;  ///< Of the file, once it was read.
  bool reading_ = false;
  std::vector<Waiting> waiting_;  ///< For the file to be read.
  std::vector<Idle> idle_;        ///< The one used last at the end.
  /// Those that open their library, with how long they may take.
  std::map<std::shared_ptr<FrameHost>, std::unique_ptr<boost::asio::steady_timer>> opening_;
  std::size_t busy_ = 0;
};

}  // namespace cosmoo::sandbox
