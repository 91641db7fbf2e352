#include "sandbox/frame/hosts.h"

#include <algorithm>
#include <utility>

#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

tl::expected<void, StartError> LibraryHosts::refresh() {
  const auto now = maker_.folder.stamp(name_);
  if (!now) return tl::unexpected(now.error());
  if (stamp_ && *stamp_ != *now) unload();
  stamp_ = *now;
  return {};
}

void LibraryHosts::take(const HostKind& kind, std::int64_t owner, OnTaken on_taken) {
  for (auto at = idle_.rbegin(); at != idle_.rend(); ++at) {
    if (!at->host->alive() || at->host->kind() != kind) continue;
    auto host = std::move(at->host);
    idle_.erase(std::next(at).base());
    ++busy_;
    return on_taken(std::move(host));
  }
  Waiting waiting{kind, owner, std::move(on_taken)};
  if (bytes_) return make(std::move(waiting));
  waiting_.push_back(std::move(waiting));
  if (!reading_) read_file();
}

/// The loop does not wait for a disk.
void LibraryHosts::read_file() {
  reading_ = true;
  auto bytes = std::make_shared<tl::expected<std::string, StartError>>();
  maker_.offload([bytes, &folder = maker_.folder, name = name_] { *bytes = folder.read(name); },
                 [weak = weak_from_this(), bytes, stamp = stamp_] {
                   const auto self = weak.lock();
                   if (!self) return;
                   self->reading_ = false;
                   // It was replaced, and opened anew, in the meantime.
                   if (self->stamp_ != stamp) {
                     if (!self->waiting_.empty()) self->read_file();
                     return;
                   }
                   const auto waiting = std::exchange(self->waiting_, {});
                   if (*bytes) self->bytes_ = std::move(**bytes);
                   for (const Waiting& one : waiting) {
                     if (*bytes) {
                       self->make(one);
                     } else {
                       one.on_taken(tl::unexpected(bytes->error()));
                     }
                   }
                 });
}

void LibraryHosts::make(Waiting waiting) {
  const auto weak = weak_from_this();
  const auto place = std::make_shared<std::weak_ptr<FrameHost>>();
  auto host = FrameHost::start(
      maker_.processes, maker_.program, waiting.kind, name_, *bytes_, waiting.owner,
      [weak, place, on_taken = waiting.on_taken](tl::expected<void, StartError> opened) {
        const auto self = weak.lock();
        auto made = place->lock();
        if (!self || self->opening_.erase(made) == 0) return;
        if (!opened) return on_taken(tl::unexpected(std::move(opened.error())));
        ++self->busy_;
        on_taken(std::move(made));
      });
  if (!host) return waiting.on_taken(tl::unexpected(std::move(host.error())));
  *place = *host;
  auto timer = std::make_unique<boost::asio::steady_timer>(maker_.io, maker_.patience);
  timer->async_wait([place, patience = maker_.patience](const boost::system::error_code& error) {
    const auto late = place->lock();
    if (error || !late) return;
    late->give_up("its constructors have not come to an end in " +
                  std::to_string(patience.count()) + " ms");
  });
  opening_.emplace(std::move(*host), std::move(timer));
}

void LibraryHosts::give_back(std::shared_ptr<FrameHost> host, std::size_t most) {
  --busy_;
  if (!host->alive()) return;
  if (idle_.size() >= most) return host->kill();
  idle_.push_back({std::move(host), Clock::now()});
}

void LibraryHosts::trim(Clock::time_point since, std::size_t kept) {
  while (idle_.size() > kept && idle_.front().since < since) {
    idle_.front().host->kill();
    idle_.erase(idle_.begin());
  }
  std::erase_if(idle_, [](const Idle& idle) { return !idle.host->alive(); });
}

void LibraryHosts::unload() {
  for (const Idle& idle : idle_) idle.host->kill();
  idle_.clear();
  bytes_.reset();
  stamp_.reset();
}

void LibraryHosts::shut_down() {
  unload();
  waiting_.clear();
  for (const auto& [host, timer] : opening_) host->kill();
  opening_.clear();
}

}  // namespace cosmoo::sandbox
