#include "sandbox/process/session_tree.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

namespace cosmoo::sandbox {

namespace {
constexpr std::chrono::milliseconds kPatienceAtEnd{500};
}

SessionTree::SessionTree() : own_session_(::getsid(0)) {
  ::prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper_, 0, 0, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

SessionTree::~SessionTree() {
  const auto deadline = std::chrono::steady_clock::now() + kPatienceAtEnd;
  while (end_orphans(-1) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, was_subreaper_, 0, 0, 0);
}

void SessionTree::started(const Place&, pid_t leader) {
  const auto info = process_info(leader);
  leaders_[leader] = info ? info->start_time : 0;
  --launching_;
}

void SessionTree::kill(const Place&, pid_t leader) {
  // Stopped first, so that nothing flees by starting others while the table is read.
  ::kill(-leader, SIGSTOP);
  const auto processes = all_processes();
  for (const auto& process : descendants(processes, leader)) kill_process(process);
  for (const auto& process : processes) {
    if (process.session == leader && process.pid != leader) kill_process(process);
  }
  ::kill(-leader, SIGKILL);
  ::kill(leader, SIGKILL);
}

Leftovers SessionTree::leave(const Place&, pid_t leader) {
  if (leader < 0) {
    --launching_;
    return Leftovers::none;
  }
  // The leader is a zombie: nobody else has its number, as a process, group or session.
  ::kill(-leader, SIGKILL);
  leaders_.erase(leader);
  dying_ = end_orphans(leader);
  return Leftovers::unknown;
}

bool SessionTree::is_ours_to_end(const ProcessInfo& orphan) const {
  if (orphan.session == own_session_) return false;     // rule 3
  if (leaders_.contains(orphan.session)) return false;  // rule 1
  return std::none_of(leaders_.begin(), leaders_.end(), [&](const auto& leader) {
    return leader.second <= orphan.start_time;  // rule 2
  });
}

/// One round; true if something that was killed has yet to end, or may have had children.
bool SessionTree::end_orphans(pid_t unreaped) {
  bool more = false;
  for (const pid_t pid : own_children()) {
    if (pid == unreaped || leaders_.contains(pid)) continue;
    const auto info = process_info(pid);
    if (!info || info->parent != ::getpid() || info->session == own_session_) continue;
    const bool ended = info->state == 'Z';
    if (launching_ > 0 && (!ended || info->session == pid)) {  // rule 4
      more = true;
      continue;
    }
    if (ended) {
      siginfo_t status{};
      ::waitid(P_PID, static_cast<id_t>(pid), &status, WEXITED | WNOHANG);
      continue;
    }
    if (!is_ours_to_end(*info)) continue;
    for (const auto& other : descendants(all_processes(), pid)) kill_process(other);
    kill_process(*info);
    more = true;
  }
  return more;
}

bool SessionTree::tend() {
  dying_ = end_orphans(-1);
  return dying_;
}

}  // namespace cosmoo::sandbox
