#include "sandbox/frame/engine.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <map>
#include <system_error>

#include "sandbox/frame/call.h"
#include "sandbox/frame/host_program.h"
#include "sandbox/frame/hosts.h"
#include "sandbox/process/start_errors.h"

namespace cosmoo::sandbox {

namespace {

constexpr std::chrono::seconds kTrimInterval{5};

/// Of a host for whoever asks for no limits.
HostKind usual_kind(const Frame& library) { return {library.isolation, library.profile, {}}; }

StartError not_open(std::string_view path) {
  return bad_argument("frame " + in_quotes(path) + ": you do not keep it open");
}

}  // namespace

class FrameEngine::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, ProcessEngine& processes, JobTable& table, FrameTree& tree,
       FrameOptions options)
      : io_(io),
        table_(table),
        tree_(tree),
        options_(std::move(options)),
        folder_(options_.modules),
        program_{"cosmoo-host", open_host_program(), false, {}},
        maker_{io, processes, folder_, program_, options_.offload, options_.patience},
        trim_timer_(io) {
    if (!program_.fd) throw std::system_error(errno, std::generic_category(), "cosmoo-host");
  }

  void open(const std::string& path, std::int64_t owner, OnOpened on_opened);
  tl::expected<void, StartError> close(const std::string& path, std::int64_t owner);
  tl::expected<std::shared_ptr<Job>, StartError> call(const Frame& function,
                                                      FunctionRequest request,
                                                      OnComplete on_complete);
  void functions(const Frame& library, std::int64_t owner, OnNames on_names);
  const LibraryFolder& folder() const { return folder_; }
  FrameTree& tree() { return tree_; }
  void shut_down();

 private:
  /// Frames that are open until it goes: the library first, then what is reached through it.
  class Chain {
   public:
    Chain(std::weak_ptr<Impl> engine, std::int64_t owner)
        : engine_(std::move(engine)), owner_(owner) {}
    ~Chain() {
      const auto engine = engine_.lock();
      if (!engine) return;
      for (auto path = paths_.rbegin(); path != paths_.rend(); ++path) {
        static_cast<void>(engine->tree_.closed(*path, owner_));
      }
    }
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;
    void open(FrameTree& tree, const std::string& path) {
      tree.opened(path, owner_);
      paths_.push_back(path);
    }

    /// If there is a library in it.
    Frame library;
    std::shared_ptr<LibraryHosts> hosts;

   private:
    std::weak_ptr<Impl> engine_;
    std::int64_t owner_;
    std::vector<std::string> paths_;
  };

  /// What is open as long as it lives, if the library that it needs can be had.
  tl::expected<std::shared_ptr<Chain>, StartError> open_chain(const Frame& frame,
                                                              std::int64_t owner);
  /// The library of a function; or the frame, if it is one.
  tl::expected<Frame, StartError> library_of(const Frame& frame) const;
  /// Looks at the file, if nobody has it open.
  tl::expected<std::shared_ptr<LibraryHosts>, StartError> hosts_of(const Frame& library);
  void give_back(LibraryHosts& hosts, std::shared_ptr<FrameHost> host);
  void keep_open(const std::string& path, std::int64_t owner, std::shared_ptr<Chain> chain);
  void trim_later();
  /// From the loop, later.
  template <typename Callback, typename Answer>
  void tell(Callback callback, Answer answer);

  boost::asio::io_context& io_;
  JobTable& table_;
  FrameTree& tree_;
  const FrameOptions options_;
  const LibraryFolder folder_;
  const Executable program_;
  const HostMaker maker_;
  std::map<std::string, std::shared_ptr<LibraryHosts>> libraries_;  ///< By path.
  std::map<JobId, std::shared_ptr<FunctionCall>> calls_;
  /// What owners keep open, by path and owner.
  std::map<std::pair<std::string, std::int64_t>, std::vector<std::shared_ptr<Chain>>> kept_;
  boost::asio::steady_timer trim_timer_;
  bool trimming_ = false;
  bool closed_ = false;
};

tl::expected<Frame, StartError> FrameEngine::Impl::library_of(const Frame& frame) const {
  if (frame.module_id == Module::dlib) return frame;
  auto library = tree_.find(frame.par);
  if (library && library->module_id == Module::dlib) return library;
  return tl::unexpected(
      bad_argument("frame " + in_quotes(frame.aframe_id) + ": its parent is no library"));
}

tl::expected<std::shared_ptr<LibraryHosts>, StartError> FrameEngine::Impl::hosts_of(
    const Frame& library) {
  auto& hosts = libraries_[library.aframe_id];
  if (hosts && tree_.opening(library.aframe_id)) return hosts;
  // Bound anew, to another file.
  if (hosts && hosts->name() != library.addr) std::exchange(hosts, nullptr)->shut_down();
  if (!hosts) hosts = std::make_shared<LibraryHosts>(maker_, library.addr);
  return hosts->refresh().map([&] { return hosts; });
}

tl::expected<std::shared_ptr<FrameEngine::Impl::Chain>, StartError> FrameEngine::Impl::open_chain(
    const Frame& frame, std::int64_t owner) {
  auto chain = std::make_shared<Chain>(weak_from_this(), owner);
  if (frame.module_id == Module::dlib || frame.module_id == Module::dlsym) {
    auto library = library_of(frame);
    if (!library) return tl::unexpected(std::move(library.error()));
    auto hosts = hosts_of(*library);
    if (!hosts) return tl::unexpected(std::move(hosts.error()));
    chain->library = std::move(*library);
    chain->hosts = std::move(*hosts);
    chain->open(tree_, chain->library.aframe_id);
  }
  if (frame.module_id != Module::dlib) chain->open(tree_, frame.aframe_id);
  return chain;
}

void FrameEngine::Impl::keep_open(const std::string& path, std::int64_t owner,
                                  std::shared_ptr<Chain> chain) {
  kept_[{path, owner}].push_back(std::move(chain));
}

template <typename Callback, typename Answer>
void FrameEngine::Impl::tell(Callback callback, Answer answer) {
  boost::asio::post(io_, [weak = weak_from_this(), callback = std::move(callback),
                          answer = std::move(answer)]() mutable {
    const auto self = weak.lock();
    if (self && !self->closed_) callback(std::move(answer));
  });
}

void FrameEngine::Impl::open(const std::string& path, std::int64_t owner, OnOpened on_opened) {
  const auto frame = tree_.find(path);
  if (!frame) return tell(std::move(on_opened), tl::unexpected(frame.error()));
  if (frame->module_id == Module::none) {
    return tell(std::move(on_opened),
                tl::unexpected(bad_argument("frame " + in_quotes(path) + ": no module opens it")));
  }
  auto opened = open_chain(*frame, owner);
  if (!opened) return tell(std::move(on_opened), tl::unexpected(std::move(opened.error())));
  const auto chain = std::move(*opened);
  if (!chain->hosts) {
    tree_.set_value(path, frame->addr);
    keep_open(path, owner, chain);
    return tell(std::move(on_opened), tl::expected<void, StartError>());
  }
  chain->hosts->take(
      usual_kind(chain->library), owner,
      [weak = weak_from_this(), frame = *frame, owner, chain,
       on_opened = std::move(on_opened)](auto host) mutable {
        const auto self = weak.lock();
        if (!self || self->closed_) return;
        if (!host) return self->tell(std::move(on_opened), tl::unexpected(host.error()));
        self->tree_.set_value(chain->library.aframe_id, (*host)->handle());
        if (frame.module_id == Module::dlib) {
          self->keep_open(frame.aframe_id, owner, chain);
          self->give_back(*chain->hosts, std::move(*host));
          return self->tell(std::move(on_opened), tl::expected<void, StartError>());
        }
        (*host)->find(frame.addr, [weak, frame, owner, chain, on_opened = std::move(on_opened),
                                   host = *host](auto address) mutable {
          const auto again = weak.lock();
          if (!again || again->closed_) return;
          again->give_back(*chain->hosts, std::move(host));
          if (!address) {
            return again->tell(std::move(on_opened), tl::unexpected(address.error()));
          }
          again->tree_.set_value(frame.aframe_id, *address);
          again->keep_open(frame.aframe_id, owner, chain);
          again->tell(std::move(on_opened), tl::expected<void, StartError>());
        });
      });
}

tl::expected<void, StartError> FrameEngine::Impl::close(const std::string& path,
                                                        std::int64_t owner) {
  const auto frame = tree_.find(path);
  if (!frame) return tl::unexpected(frame.error());
  const auto found = kept_.find({path, owner});
  if (found == kept_.end()) return tl::unexpected(not_open(path));
  auto chain = std::move(found->second.back());
  found->second.pop_back();
  if (found->second.empty()) kept_.erase(found);
  const std::string library = chain->library.aframe_id;
  const auto hosts = chain->hosts;
  chain = nullptr;
  if (hosts && !tree_.opening(library)) hosts->unload();
  return {};
}

void FrameEngine::Impl::give_back(LibraryHosts& hosts, std::shared_ptr<FrameHost> host) {
  hosts.give_back(std::move(host), options_.most_idle);
  trim_later();
}

tl::expected<std::shared_ptr<Job>, StartError> FrameEngine::Impl::call(const Frame& function,
                                                                       FunctionRequest request,
                                                                       OnComplete on_complete) {
  auto order = order_for(function.addr, request);
  if (!order) return tl::unexpected(std::move(order.error()));
  auto opened = open_chain(function, request.owner);
  if (!opened) return tl::unexpected(std::move(opened.error()));
  auto chain = std::move(*opened);
  const Frame& library = chain->library;
  const Limits limits = request.context.limits;
  JobInfo info;
  info.id = table_.admit_apart();
  info.kind = "function";
  info.label = std::move(request.label);
  info.owner = request.owner;
  info.profile = request.context.profile.empty() ? library.profile : request.context.profile;
  info.started_at = std::chrono::system_clock::now();
  const JobId id = info.id;
  HostKind kind{library.isolation, info.profile, {}};
  kind.limits.memory_bytes = limits.memory_bytes;
  kind.limits.cpu_shares = limits.cpu_shares;
  // Its own, and of a worker the one that watches over it.
  const std::uint64_t own = library.isolation == Isolation::library ? 2 : 1;
  if (limits.processes) kind.limits.processes = *limits.processes + own;
  const auto hosts = chain->hosts;
  const auto job = std::make_shared<FunctionCall>(
      io_, std::move(info), limits,
      [this, id, chain, on_complete = std::move(on_complete)](auto end, auto host,
                                                              bool clean) mutable {
        const auto keep_alive = shared_from_this();
        const auto call = calls_.extract(id);
        if (host) {
          if (!clean) host->kill();
          give_back(*chain->hosts, std::move(host));
        }
        // Before anybody hears of it: what was opened is closed.
        chain = nullptr;
        // The limits of a host are told of with its own end.
        const bool of_host = end && (end->limit == "memory" || end->limit == "processes");
        if (end && !of_host) {
          table_.end(id, *end);
        } else {
          table_.remove(id);
        }
        JobTable& table = table_;
        on_complete(std::move(end));
        if (!closed_) table.settle();
      });
  calls_[id] = job;
  table_.add(id, job);
  job->start();
  hosts->take(kind, request.owner,
              [weak = weak_from_this(), job, hosts, path = library.aframe_id,
               order = std::move(*order)](auto host) mutable {
                const auto self = weak.lock();
                if (!self || self->closed_) return;
                if (!host) {
                  return boost::asio::post(
                      self->io_, [job, error = std::move(host.error())] { job->fail(error); });
                }
                self->tree_.set_value(path, (*host)->handle());
                if (job->is_over()) return self->give_back(*hosts, std::move(*host));
                job->run(std::move(*host), std::move(order));
              });
  return std::shared_ptr<Job>(job);
}

void FrameEngine::Impl::functions(const Frame& library, std::int64_t owner, OnNames on_names) {
  auto opened = open_chain(library, owner);
  if (!opened) return tell(std::move(on_names), tl::unexpected(std::move(opened.error())));
  const auto chain = std::move(*opened);
  chain->hosts->take(usual_kind(library), owner,
                     [weak = weak_from_this(), chain, on_names](auto host) {
                       const auto self = weak.lock();
                       if (!self || self->closed_) return;
                       if (!host)
                         return self->tell(on_names, tl::unexpected(std::move(host.error())));
                       (*host)->names([weak, chain, on_names, host = *host](auto names) {
                         const auto again = weak.lock();
                         if (!again || again->closed_) return;
                         again->give_back(*chain->hosts, host);
                         on_names(std::move(names));
                       });
                     });
}

void FrameEngine::Impl::trim_later() {
  if (trimming_) return;
  trimming_ = true;
  trim_timer_.expires_after(kTrimInterval);
  trim_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->trimming_ = false;
    const auto since = std::chrono::steady_clock::now() - self->options_.idle;
    bool any = false;
    for (auto at = self->libraries_.begin(); at != self->libraries_.end();) {
      const bool open = self->tree_.opening(at->first) != nullptr;
      at->second->trim(since, open ? 1 : 0);
      any |= at->second->waiting_hosts() > 0;
      at = !open && at->second->idle() ? self->libraries_.erase(at) : std::next(at);
    }
    if (any) self->trim_later();
  });
}

void FrameEngine::Impl::shut_down() {
  closed_ = true;
  trim_timer_.cancel();
  for (const auto& [id, call] : std::exchange(calls_, {})) {
    call->abandon();
    table_.remove(id);
  }
  for (const auto& [path, hosts] : libraries_) hosts->shut_down();
  libraries_.clear();
  kept_.clear();
}

FrameEngine::FrameEngine(boost::asio::io_context& io, ProcessEngine& processes, JobTable& table,
                         FrameTree& tree, FrameOptions options)
    : impl_(std::make_shared<Impl>(io, processes, table, tree, std::move(options))) {}

FrameEngine::~FrameEngine() { impl_->shut_down(); }

void FrameEngine::open(const std::string& path, std::int64_t owner, OnOpened on_opened) {
  impl_->open(path, owner, std::move(on_opened));
}

tl::expected<void, StartError> FrameEngine::close(const std::string& path, std::int64_t owner) {
  return impl_->close(path, owner);
}

std::shared_ptr<void> FrameEngine::hold(const std::string& path, std::int64_t owner) {
  impl_->tree().opened(path, owner);
  return std::shared_ptr<void>(nullptr, [weak = std::weak_ptr<Impl>(impl_), path, owner](void*) {
    if (const auto self = weak.lock()) static_cast<void>(self->tree().closed(path, owner));
  });
}

tl::expected<std::shared_ptr<Job>, StartError> FrameEngine::call(const Frame& function,
                                                                 FunctionRequest request,
                                                                 OnComplete on_complete) {
  return impl_->call(function, std::move(request), std::move(on_complete));
}

void FrameEngine::functions(const Frame& library, std::int64_t owner, OnNames on_names) {
  impl_->functions(library, owner, std::move(on_names));
}

std::vector<std::string> FrameEngine::libraries() const { return impl_->folder().names(); }

tl::expected<std::string, StartError> FrameEngine::library_bytes(const std::string& name) const {
  return impl_->folder().read(name);
}

}  // namespace cosmoo::sandbox
