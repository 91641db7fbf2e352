// The processes that are kept by handles: how many there may be, and who has to go.
//
// Rules: (1) when there is no room for one more, the handle that ended and was made first goes; (2)
// if all run, the oldest is killed and goes, or the new one is refused: as configured; (3) of one
// that went so, a receipt tells how it ended, until too many younger ones have come; (4) a handle
// is known by its name alone: who may use it is its user's to decide.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "sandbox/process/engine.h"
#include "sandbox/process/handle.h"

namespace cosmoo::sandbox {

struct HandleOptions {
  enum class WhenFull { kill_oldest, refuse };
  std::size_t most = 64;
  WhenFull when_full = WhenFull::kill_oldest;
  std::size_t receipts = 1024;
};

/// What is left of a handle that had to make room: its result has no outputs.
struct Receipt {
  HandleInfo info;
  Result result;
};

class HandleTable {
 public:
  /// `io` and `engine` outlive the table.
  HandleTable(boost::asio::io_context& io, ProcessEngine& engine, HandleOptions options);

  using Spawned = tl::expected<std::shared_ptr<Handle>, StartError>;
  using OnSpawned = std::function<void(Spawned)>;

  /// Starts a process and keeps it by a handle, which `on_spawned` is given once it runs; from the
  /// loop, never from inside. too_many as well if rule 2 refuses it.
  tl::expected<std::shared_ptr<Process>, StartError> spawn(Executable executable, Context context,
                                                           std::string label, std::int64_t owner,
                                                           OnSpawned on_spawned);
  /// Null if there is none, or not any more.
  std::shared_ptr<Handle> find(std::string_view id) const;
  const Receipt* receipt(std::string_view id) const;
  /// Forgets the handle or receipt; what still runs is killed, and who waits for it learns that.
  void release(std::string_view id);
  /// Oldest first.
  std::vector<std::shared_ptr<Handle>> list() const;
  std::size_t size() const { return handles_.size(); }

 private:
  std::size_t running() const;
  std::shared_ptr<Handle> make(std::shared_ptr<Process> process);
  void evict_one();
  void leave_receipt(const Handle& handle);

  boost::asio::io_context& io_;
  ProcessEngine& engine_;
  const HandleOptions options_;
  std::uint64_t last_number_ = 0;
  std::size_t spawning_ = 0;                                  ///< Will need a handle soon.
  std::map<std::uint64_t, std::shared_ptr<Handle>> handles_;  ///< By number.
  std::map<std::uint64_t, Receipt> receipts_;
};

}  // namespace cosmoo::sandbox
