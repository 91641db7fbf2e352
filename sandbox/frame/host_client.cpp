#include "sandbox/frame/host_client.h"

#include <signal.h>
#include <sys/wait.h>

#include <cstring>
#include <utility>

#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

using frame_host::Header;

namespace {

constexpr std::size_t kBuffer = 256 << 10;
constexpr std::size_t kMostSaid = 500;
/// Of one answer: beyond that it is no host that speaks.
constexpr std::uint64_t kMostAnswer = 16 << 20;

template <typename Struct>
std::string_view bytes_of(const Struct& thing) {
  return {reinterpret_cast<const char*>(&thing), sizeof thing};
}

template <typename Struct>
std::optional<Struct> read(std::string_view bytes) {
  Struct thing;
  if (bytes.size() != sizeof thing) return std::nullopt;
  std::memcpy(&thing, bytes.data(), sizeof thing);
  return thing;
}

std::string hexadecimal(std::uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

/// For people: what a stranger's code has written, in one line.
std::string in_one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

}  // namespace

tl::expected<std::shared_ptr<FrameHost>, StartError> FrameHost::start(
    ProcessEngine& engine, const Executable& program, HostKind kind, std::string name,
    const std::string& library, std::int64_t owner, OnOpened on_opened) {
  auto copy = program.duplicate();
  if (!copy) return tl::unexpected(copy.error());
  Context context;
  context.args = {"cosmoo-host"};
  context.after_input = AfterInput::more;
  context.full_output = FullOutput::waits;
  context.profile = kind.profile;
  context.limits = kind.limits;
  context.limits.output_bytes = kBuffer;
  frame_host::Library order;
  order.isolation = kind.isolation;
  const Header header{Word::library, 0, sizeof order + library.size()};
  context.input.reserve(sizeof header + sizeof order + library.size());
  context.input.append(bytes_of(header)).append(bytes_of(order)).append(library);
  auto host = std::make_shared<FrameHost>(std::move(kind), std::move(name));
  auto process = engine.start(std::move(*copy), std::move(context), "library " + host->name_, owner,
                              [host](auto end) { host->on_end(std::move(end)); });
  if (!process) return tl::unexpected(process.error());
  host->process_ = std::move(*process);
  host->on_opened_ = std::move(on_opened);
  host->process_->on_activity([weak = host->weak_from_this()] {
    if (const auto self = weak.lock()) self->on_activity();
  });
  return host;
}

JobInfo FrameHost::info() const { return process_ ? process_->info() : JobInfo{}; }

void FrameHost::send(Word word, std::string_view bytes) {
  const Header header{word, 0, bytes.size()};
  std::string message;
  message.reserve(sizeof header + bytes.size());
  message.append(bytes_of(header)).append(bytes);
  process_->write(std::move(message));
}

void FrameHost::find(std::string_view symbol, OnFound on_found) {
  on_found_ = std::move(on_found);
  send(Word::find, symbol);
}

void FrameHost::names(OnNames on_names) {
  on_names_ = std::move(on_names);
  send(Word::list, {});
}

void FrameHost::call(std::string order, OnPrinted on_printed, OnCalled on_called) {
  on_printed_ = std::move(on_printed);
  on_called_ = std::move(on_called);
  send(Word::call, order);
}

void FrameHost::kill() {
  doomed_ = true;
  if (process_) process_->kill();
}

void FrameHost::give_up(std::string why) {
  why_doomed_ = std::move(why);
  kill();
}

void FrameHost::on_activity() {
  const auto self = shared_from_this();
  const std::string errors = process_->take(Process::Stream::errors, kBuffer);
  if (said_.size() < kMostSaid) said_.append(errors, 0, kMostSaid - said_.size());
  if (came_.empty()) {
    came_ = process_->take(Process::Stream::output, kBuffer);
  } else {
    came_ += process_->take(Process::Stream::output, kBuffer);
  }
  if (!understand_all()) give_up("its answers cannot be understood");
}

/// Of what has come, all answers that are whole. False: that is not what hosts say.
bool FrameHost::understand_all() {
  std::size_t begin = 0;
  bool understood = true;
  while (understood && came_.size() - begin >= sizeof(Header)) {
    Header header;
    std::memcpy(&header, came_.data() + begin, sizeof header);
    if (header.size > kMostAnswer) return false;
    if (came_.size() - begin - sizeof header < header.size) break;
    const std::string_view bytes(came_.data() + begin + sizeof header,
                                 static_cast<std::size_t>(header.size));
    begin += sizeof header + bytes.size();
    understood = understand(header.word, bytes);
  }
  came_.erase(0, begin);
  return understood;
}

/// False: that was not to be said now.
bool FrameHost::understand(Word word, std::string_view bytes) {
  switch (word) {
    case Word::ready:
      if (const auto address = read<frame_host::Address>(bytes); address && on_opened_) {
        handle_ = hexadecimal(address->value);
        if (process_) not_enforced_ = process_->not_enforced();
        std::exchange(on_opened_, nullptr)({});
        return true;
      }
      return false;
    case Word::failed:
      if (on_opened_) {
        std::exchange(on_opened_,
                      nullptr)(tl::unexpected(cannot_open(in_one_line(std::string(bytes)))));
        return true;
      }
      if (!on_found_ && !on_called_) return false;
      fail(bad_argument("library " + in_quotes(name_) + ": " + in_one_line(std::string(bytes))));
      return true;
    case Word::found:
      if (const auto address = read<frame_host::Address>(bytes); address && on_found_) {
        std::exchange(on_found_, nullptr)(hexadecimal(address->value));
        return true;
      }
      return false;
    case Word::names: {
      if (!on_names_) return false;
      std::vector<std::string> names;
      while (!bytes.empty()) {
        const std::size_t end = bytes.find('\0');
        if (end == std::string_view::npos) return false;
        names.emplace_back(bytes.substr(0, end));
        bytes.remove_prefix(end + 1);
      }
      std::exchange(on_names_, nullptr)(std::move(names));
      return true;
    }
    case Word::output:
    case Word::errors:
      if (!on_called_) return false;
      on_printed_(word == Word::output ? Process::Stream::output : Process::Stream::errors, bytes);
      return true;
    case Word::ended:
      if (const auto ended = read<frame_host::Ended>(bytes); ended && on_called_ && !ended_) {
        // The system's way to say that memory is over. Whether it was that, the host's Result
        // tells, if it ends by itself.
        if (kind_.limits.memory_bytes && WIFSIGNALED(ended->status) &&
            WTERMSIG(ended->status) == SIGKILL) {
          ended_ = *ended;
          doomed_ = true;
          process_->close_input();
          return true;
        }
        on_printed_ = nullptr;
        std::exchange(on_called_, nullptr)(CallEnd{*ended, std::nullopt});
        return true;
      }
      return false;
    default:
      return false;
  }
}

/// Whoever waits is told that it was for nothing.
void FrameHost::fail(StartError error) {
  on_printed_ = nullptr;
  if (const auto callback = std::exchange(on_opened_, nullptr)) {
    callback(tl::unexpected(std::move(error)));
  } else if (const auto found = std::exchange(on_found_, nullptr)) {
    found(tl::unexpected(std::move(error)));
  } else if (const auto names = std::exchange(on_names_, nullptr)) {
    names(tl::unexpected(std::move(error)));
  } else if (const auto called = std::exchange(on_called_, nullptr)) {
    called(tl::unexpected(std::move(error)));
  }
}

StartError FrameHost::cannot_open(std::string why) const {
  std::string message = "library " + in_quotes(name_) + " cannot be opened: " + std::move(why);
  if (!said_.empty()) message += "; it said: " + in_one_line(said_);
  return {StartError::Kind::system, std::move(message), "dlopen", 0};
}

void FrameHost::on_end(tl::expected<Result, StartError> end) {
  process_ = nullptr;
  doomed_ = true;
  if (!end) return fail(std::move(end.error()));
  if (said_.size() < kMostSaid) said_.append(end->stderr_bytes, 0, kMostSaid - said_.size());
  // What it said last may not have been looked at.
  came_ += end->stdout_bytes;
  understand_all();
  if (on_called_) {
    on_printed_ = nullptr;
    return std::exchange(on_called_, nullptr)(CallEnd{ended_, std::move(*end)});
  }
  std::string why = why_doomed_;
  if (!why.empty()) {
    // It is known already.
  } else if (end->status == Status::over_limit) {
    why = "it is over its limit of " + end->limit;
  } else if (end->signal != 0) {
    why = "its constructors ended with " + signal_name(end->signal);
  } else {
    why = "its constructors ended with exit code " + std::to_string(end->exit_code);
  }
  fail(cannot_open(std::move(why)));
}

}  // namespace cosmoo::sandbox
