// The server's side of one frame host: a job that has a library open. What a host is stands in
// host/main.cpp.
//
// Rules: (1) the loop's thread only, nothing here waits; (2) one request at a time, each answered
// by its call-back once, from the loop, also when the host ends instead; (3) what a host says is
// checked: one that cannot be understood, or says what it was not asked for, is killed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/frame/host/protocol.h"
#include "sandbox/job.h"
#include "sandbox/process/engine.h"

namespace cosmoo::sandbox {

/// What a host is made for. Hosts of equal kinds serve each other's calls.
struct HostKind {
  frame_host::Isolation isolation = frame_host::Isolation::call;
  std::string profile;
  Limits limits;  ///< Those of all processes together; the others are each call's own.

  bool operator==(const HostKind&) const = default;
};

/// What became of a call: it has ended, or its host has, or both.
struct CallEnd {
  std::optional<frame_host::Ended> ended;
  std::optional<Result> host;  ///< The host's own end.
};

class FrameHost : public std::enable_shared_from_this<FrameHost> {
 public:
  using OnOpened = std::function<void(tl::expected<void, StartError>)>;
  using OnFound = std::function<void(tl::expected<std::string, StartError>)>;
  using OnNames = std::function<void(tl::expected<std::vector<std::string>, StartError>)>;
  using OnPrinted = std::function<void(Process::Stream, std::string_view)>;
  /// An error: the call was not made.
  using OnCalled = std::function<void(tl::expected<CallEnd, StartError>)>;

  /// Starts one that opens `library`, whose name is for people. `on_opened` runs once.
  static tl::expected<std::shared_ptr<FrameHost>, StartError> start(
      ProcessEngine& engine, const Executable& program, HostKind kind, std::string name,
      const std::string& library, std::int64_t owner, OnOpened on_opened);

  FrameHost(HostKind kind, std::string name) : kind_(std::move(kind)), name_(std::move(name)) {}
  FrameHost(const FrameHost&) = delete;
  FrameHost& operator=(const FrameHost&) = delete;

  const HostKind& kind() const { return kind_; }
  /// The library's handle there, in hexadecimal.
  const std::string& handle() const { return handle_; }
  bool alive() const { return process_ != nullptr && !doomed_; }
  /// Its process as a job.
  JobInfo info() const;
  /// The names of limits that it was to have and has not. When it is open.
  const std::vector<std::string>& not_enforced() const { return not_enforced_; }

  /// The symbol's address there, in hexadecimal.
  void find(std::string_view symbol, OnFound on_found);
  void names(OnNames on_names);
  /// `order` is a frame_host::Call with all that follows it.
  void call(std::string order, OnPrinted on_printed, OnCalled on_called);

  /// Ends it with all that its library has started.
  void kill();
  /// As kill(), but why is told to who waits for its library to be opened.
  void give_up(std::string why);

 private:
  using Word = frame_host::Word;

  void on_activity();
  bool understand_all();
  bool understand(Word word, std::string_view bytes);
  void on_end(tl::expected<Result, StartError> end);
  void send(Word word, std::string_view bytes);
  void fail(StartError error);
  StartError cannot_open(std::string why) const;

  const HostKind kind_;
  const std::string name_;
  std::shared_ptr<Process> process_;  ///< Null once it has ended.
  std::string came_;                  ///< Of an answer that is not whole yet.
  std::string said_;                  ///< How its standard error began: what constructors print.
  std::string handle_;
  std::vector<std::string> not_enforced_;
  std::string why_doomed_;
  std::optional<frame_host::Ended> ended_;  ///< Of a call whose host has to end first.
  bool doomed_ = false;
  // Who waits: one of these.
  OnOpened on_opened_;
  OnFound on_found_;
  OnNames on_names_;
  OnPrinted on_printed_;
  OnCalled on_called_;
};

}  // namespace cosmoo::sandbox
