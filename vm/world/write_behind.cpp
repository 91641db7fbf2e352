// The writer's thread, and how the loop's thread hands it batches. See the rules of write_behind.h.
//
// The loop gives a batch only to a writer that is idle or failing. While a batch is on its way,
// what changes stays in the world's own sets, where changing it again costs nothing; the writer
// posts when it is done, and the loop hands over the rest.
#include "vm/world/write_behind.h"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "vm/quiet_thread.h"
#include "vm/world/batch.h"
#include "vm/world/store.h"

namespace cosmoo {
namespace {

using Done = std::function<void(Result<void>)>;

constexpr std::chrono::seconds kRetry{1};

class Writer final : public WriteBehind {
 public:
  Writer(World& world, std::unique_ptr<Store> store, Post post, OnTrouble on_trouble)
      : world_(world),
        store_(std::move(store)),
        post_(std::move(post)),
        on_trouble_(std::move(on_trouble)),
        is_new_(store_->is_new()),
        highest_stored_(world.max_object().number),
        link_(std::make_shared<Link>(Link{this})) {
    start();
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() override {
    link_->writer = nullptr;
    (void)close();
  }

  bool is_new() const override { return is_new_; }
  void flush() override;
  void checkpoint(Done done) override;
  Result<void> close() override;

 private:
  /// What posted functions hold: the writer may be gone when they run. The loop's thread only.
  struct Link {
    Writer* writer;
  };
  enum class State : std::uint8_t { idle, writing, failing };

  // The loop's thread.
  void start();
  void hand_over();
  void put_in_mail();

  // The writer's thread.
  void run();
  void report(const Result<void>& result, bool was_failing, std::vector<Done>& waiting);
  template <typename Function>
  void post_to_self(Function function) {
    post_([link = link_, function = std::move(function)] {
      if (link->writer) function(*link->writer);
    });
  }

  World& world_;
  std::unique_ptr<Store> store_;  // the writer's thread alone, until it has ended
  const Post post_;
  const OnTrouble on_trouble_;
  const bool is_new_;
  std::int64_t highest_stored_;  // any number that the file may have; the writer's thread alone
  std::shared_ptr<Link> link_;
  bool flush_wanted_ = false;
  std::vector<Done> checkpoints_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  Changes mail_;
  std::vector<Done> mail_checkpoints_;
  bool has_mail_ = false;
  bool closing_ = false;
  State state_ = State::idle;
  Result<void> last_result_;

  std::thread thread_;
};

// --- the loop's thread

void Writer::start() {
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "world-writer");
}

void Writer::flush() {
  flush_wanted_ = true;
  hand_over();
}

void Writer::checkpoint(Done done) {
  if (!thread_.joinable()) {
    post_([done = std::move(done)] { done(fail(ErrorCode::file, "the world is closed")); });
    return;
  }
  checkpoints_.push_back(std::move(done));
  flush();
}

void Writer::hand_over() {
  if (!flush_wanted_ || !thread_.joinable()) return;
  const std::lock_guard lock(mutex_);
  if (state_ == State::writing) return;
  flush_wanted_ = false;
  put_in_mail();
  if (!has_mail_ || state_ == State::failing) return;  // a failing writer wakes by itself
  state_ = State::writing;
  wake_.notify_one();
}

void Writer::put_in_mail() {
  if (world_.dirty()) {
    merge(mail_, world_.take_changes());
    has_mail_ = true;
  }
  for (Done& done : checkpoints_) {
    mail_checkpoints_.push_back(std::move(done));
    has_mail_ = true;
  }
  checkpoints_.clear();
}

Result<void> Writer::close() {
  if (!thread_.joinable()) return last_result_;
  {
    const std::lock_guard lock(mutex_);
    put_in_mail();
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
  const Result<void> closed = store_->close();
  store_.reset();  // lets go of the lock
  if (last_result_) last_result_ = closed;
  return last_result_;
}

// --- the writer's thread

void Writer::run() {
  Changes batch;
  std::vector<Done> waiting;
  bool failing = false;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (failing) {
        wake_.wait_for(lock, kRetry, [this] { return closing_; });
      } else {
        wake_.wait(lock, [this] { return has_mail_ || closing_; });
        if (!has_mail_) return;
      }
      state_ = State::writing;
      merge(batch, std::exchange(mail_, {}));
      drop_unstored(batch, highest_stored_);
      for (Done& done : mail_checkpoints_) waiting.push_back(std::move(done));
      mail_checkpoints_.clear();
      has_mail_ = false;
    }

    const auto durability = waiting.empty() ? Durability::process : Durability::disk;
    const Result<void> result = store_->write(batch, durability);
    const bool was_failing = std::exchange(failing, !result);
    if (result) {
      highest_stored_ = std::max(highest_stored_, batch.max_object);
      batch = {};
    }
    bool last = false;
    {
      const std::lock_guard lock(mutex_);
      state_ = failing ? State::failing : State::idle;
      last_result_ = result;
      last = closing_ && (failing || !has_mail_);  // closing, a failing writer tries once more only
    }
    report(result, was_failing, waiting);
    if (last) return;
  }
}

void Writer::report(const Result<void>& result, bool was_failing, std::vector<Done>& waiting) {
  if (was_failing != !result) {
    const std::string text = result ? std::string() : result.error().message;
    post_to_self([text](Writer& writer) {
      if (writer.on_trouble_) writer.on_trouble_(text);
    });
  }
  for (Done& done : waiting) {
    post_([done = std::move(done), result] { done(result); });
  }
  waiting.clear();
  post_to_self([](Writer& writer) { writer.hand_over(); });
}

}  // namespace

Result<std::unique_ptr<WriteBehind>> WriteBehind::open(const std::filesystem::path& file,
                                                       World& world, Post post,
                                                       OnTrouble on_trouble) {
  auto store = Store::open(file);
  if (!store) return tl::unexpected(store.error());
  if (auto loaded = (*store)->load(world); !loaded) return tl::unexpected(loaded.error());
  return std::make_unique<Writer>(world, std::move(*store), std::move(post), std::move(on_trouble));
}

}  // namespace cosmoo
