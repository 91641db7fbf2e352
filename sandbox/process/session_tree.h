// Jobs kept apart as sessions, with this process as the parent of every orphan: see tree.h.
//
// A job is a session. What has left its session is still a descendant of its leader, or, when all
// between have ended, a child of this process that nobody launched: an orphan. An orphan names no
// job, but it is younger than the job it came from.
// Rules: (1) an orphan in a job's session belongs to that job; (2) any other is killed as soon as
// no job runs that is older than it, so that never another job's process is killed; (3) children
// of this process in its own session are somebody else's and are left alone; (4) while a job is
// being launched, whose leader is not known yet, nothing is killed, and no leader of a session
// reaped.
#pragma once

#include <map>
#include <vector>

#include "sandbox/process/proc_table.h"
#include "sandbox/process/tree.h"

namespace cosmoo::sandbox {

class SessionTree final : public ProcessTree {
 public:
  SessionTree();
  ~SessionTree() override;

  std::string_view method() const override { return "sessions"; }
  tl::expected<Place, StartError> enter() override {
    ++launching_;
    return Place{};
  }
  void started(const Place& place, pid_t leader) override;
  void kill(const Place& place, pid_t leader) override;
  Leftovers leave(const Place& place, pid_t leader) override;
  bool restless() const override { return dying_; }
  bool tend() override;

 private:
  bool is_ours_to_end(const ProcessInfo& orphan) const;
  bool end_orphans(pid_t unreaped);

  int was_subreaper_ = 0;
  pid_t own_session_;
  std::map<pid_t, std::uint64_t> leaders_;  ///< The running jobs and when they started, in ticks.
  std::size_t launching_ = 0;               ///< Places whose leader is not known yet.
  bool dying_ = false;
};

}  // namespace cosmoo::sandbox
