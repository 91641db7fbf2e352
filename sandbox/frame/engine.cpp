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

/// The message that has a host make this call.
std::string order_for(const std::string& symbol, const FunctionRequest& request) {
  frame_host::Call call;
  const auto add = [](std::string& to, std::string_view text) { to.append(text).push_back('\0'); };
  std::string strings;
  add(strings, symbol);
  add(strings, request.about);
  for (const std::string& argument : request.context.args) add(strings, argument);
  for (const std::string& variable : request.context.env) add(strings, variable);
  for (const auto& [name, value] : request.fields) {
    add(strings, name);
    add(strings, value);
  }
  call.arguments = static_cast<std::uint32_t>(request.context.args.size());
  call.variables = static_cast<std::uint32_t>(request.context.env.size());
  call.fields = static_cast<std::uint32_t>(request.fields.size());
  call.strings = strings.size();
  const Limits& limits = request.context.limits;
  if (limits.open_files) call.open_files = static_cast<std::int64_t>(*limits.open_files);
  if (limits.file_size_bytes) call.file_size = static_cast<std::int64_t>(*limits.file_size_bytes);
  std::string order(sizeof call, '\0');
  order.reserve(sizeof call + strings.size() + request.context.input.size());
  std::memcpy(order.data(), &call, sizeof call);
  return order.append(strings).append(request.context.input);
}

bool has_nul(const FunctionRequest& request) {
  const auto in = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  for (const std::string& text : request.context.args) {
    if (in(text)) return true;
  }
  for (const std::string& text : request.context.env) {
    if (in(text)) return true;
  }
  return false;
}

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
      if (engine) engine->close_chain(paths_, owner_);
    }
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;
    void add(std::string path) { paths_.push_back(std::move(path)); }

   private:
    std::weak_ptr<Impl> engine_;
    std::int64_t owner_;
    std::vector<std::string> paths_;
  };

  /// What it is to close, if the library it needs can be had.
  tl::expected<std::shared_ptr<Chain>, StartError> open_chain(const Frame& frame,
                                                              std::int64_t owner);
  void close_chain(const std::vector<std::string>& paths, std::int64_t owner);
  /// The library of a function; or the frame, if it is one.
  tl::expected<Frame, StartError> library_of(const Frame& frame) const;
  LibraryHosts& hosts_of(const Frame& library);
  void give_back(const Frame& library, std::shared_ptr<FrameHost> host);
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

LibraryHosts& FrameEngine::Impl::hosts_of(const Frame& library) {
  auto& hosts = libraries_[library.aframe_id];
  if (!hosts) hosts = std::make_shared<LibraryHosts>(maker_, library.addr);
  return *hosts;
}

tl::expected<std::shared_ptr<FrameEngine::Impl::Chain>, StartError> FrameEngine::Impl::open_chain(
    const Frame& frame, std::int64_t owner) {
  auto chain = std::make_shared<Chain>(weak_from_this(), owner);
  if (frame.module_id == Module::dlib || frame.module_id == Module::dlsym) {
    const auto library = library_of(frame);
    if (!library) return tl::unexpected(library.error());
    if (!tree_.opening(library->aframe_id)) {
      if (const auto known = libraries_.find(library->aframe_id);
          known != libraries_.end() && known->second->name() != library->addr) {
        known->second->shut_down();
        libraries_.erase(known);
      }
      if (auto fresh = hosts_of(*library).refresh(); !fresh) {
        return tl::unexpected(std::move(fresh.error()));
      }
    }
    tree_.opened(library->aframe_id, owner);
    chain->add(library->aframe_id);
  }
  if (frame.module_id != Module::dlib) {
    tree_.opened(frame.aframe_id, owner);
    chain->add(frame.aframe_id);
  }
  return chain;
}

void FrameEngine::Impl::close_chain(const std::vector<std::string>& paths, std::int64_t owner) {
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    static_cast<void>(tree_.closed(*path, owner));
  }
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
  auto chain = open_chain(*frame, owner);
  if (!chain) return tell(std::move(on_opened), tl::unexpected(chain.error()));
  if (frame->module_id == Module::exec || frame->module_id == Module::moxie) {
    tree_.set_value(path, frame->addr);
    keep_open(path, owner, std::move(*chain));
    return tell(std::move(on_opened), tl::expected<void, StartError>());
  }
  const Frame library = *library_of(*frame);
  hosts_of(library).take(
      usual_kind(library), owner,
      [weak = weak_from_this(), frame = *frame, library, owner, chain = std::move(*chain),
       on_opened = std::move(on_opened)](auto host) mutable {
        const auto self = weak.lock();
        if (!self || self->closed_) return;
        if (!host) return self->tell(std::move(on_opened), tl::unexpected(host.error()));
        self->tree_.set_value(library.aframe_id, (*host)->handle());
        if (frame.module_id == Module::dlib) {
          self->keep_open(frame.aframe_id, owner, std::move(chain));
          self->give_back(library, std::move(*host));
          return self->tell(std::move(on_opened), tl::expected<void, StartError>());
        }
        (*host)->find(frame.addr,
                      [weak, frame, library, owner, chain = std::move(chain),
                       on_opened = std::move(on_opened), host = *host](auto address) mutable {
                        const auto again = weak.lock();
                        if (!again || again->closed_) return;
                        again->give_back(library, std::move(host));
                        if (!address)
                          return again->tell(std::move(on_opened), tl::unexpected(address.error()));
                        again->tree_.set_value(frame.aframe_id, *address);
                        again->keep_open(frame.aframe_id, owner, std::move(chain));
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
  found->second.pop_back();
  if (found->second.empty()) kept_.erase(found);
  const auto library = library_of(*frame);
  if (library && !tree_.opening(library->aframe_id)) hosts_of(*library).unload();
  return {};
}

void FrameEngine::Impl::give_back(const Frame& library, std::shared_ptr<FrameHost> host) {
  hosts_of(library).give_back(std::move(host), options_.most_idle);
  trim_later();
}

tl::expected<std::shared_ptr<Job>, StartError> FrameEngine::Impl::call(const Frame& function,
                                                                       FunctionRequest request,
                                                                       OnComplete on_complete) {
  if (has_nul(request)) {
    return tl::unexpected(bad_argument("an argument or a variable contains a NUL byte"));
  }
  const auto library = library_of(function);
  if (!library) return tl::unexpected(library.error());
  auto chain = open_chain(function, request.owner);
  if (!chain) return tl::unexpected(chain.error());
  JobInfo info;
  info.id = table_.admit_apart();
  info.kind = "function";
  info.label = request.label;
  info.owner = request.owner;
  info.profile = request.context.profile.empty() ? library->profile : request.context.profile;
  info.started_at = std::chrono::system_clock::now();
  const JobId id = info.id;
  const Limits& limits = request.context.limits;
  HostKind kind{library->isolation, info.profile, {}};
  kind.limits.memory_bytes = limits.memory_bytes;
  kind.limits.cpu_shares = limits.cpu_shares;
  // Its own, and of a worker the one that watches over it.
  const std::uint64_t own = library->isolation == Isolation::library ? 2 : 1;
  if (limits.processes) kind.limits.processes = *limits.processes + own;
  const auto job = std::make_shared<FunctionCall>(
      io_, std::move(info), limits,
      [this, library = *library, id, chain = std::move(*chain),
       on_complete = std::move(on_complete)](auto end, auto host, bool clean) mutable {
        const auto keep_alive = shared_from_this();
        const auto call = calls_.extract(id);
        if (host) {
          if (!clean) host->kill();
          give_back(library, std::move(host));
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
  hosts_of(*library).take(kind, request.owner,
                          [weak = weak_from_this(), job, library = *library,
                           order = order_for(function.addr, request)](auto host) mutable {
                            const auto self = weak.lock();
                            if (!self || self->closed_) return;
                            if (!host) {
                              return boost::asio::post(
                                  self->io_,
                                  [job, error = std::move(host.error())] { job->fail(error); });
                            }
                            self->tree_.set_value(library.aframe_id, (*host)->handle());
                            if (job->is_over()) return self->give_back(library, std::move(*host));
                            job->run(std::move(*host), std::move(order));
                          });
  return std::shared_ptr<Job>(job);
}

void FrameEngine::Impl::functions(const Frame& library, std::int64_t owner, OnNames on_names) {
  auto chain = open_chain(library, owner);
  if (!chain) return tell(std::move(on_names), tl::unexpected(std::move(chain.error())));
  hosts_of(library).take(
      usual_kind(library), owner,
      [weak = weak_from_this(), library, chain = std::move(*chain), on_names](auto host) {
        const auto self = weak.lock();
        if (!self || self->closed_) return;
        if (!host) return self->tell(on_names, tl::unexpected(std::move(host.error())));
        (*host)->names([weak, library, chain, on_names, host = *host](auto names) {
          const auto again = weak.lock();
          if (!again || again->closed_) return;
          again->give_back(library, host);
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
