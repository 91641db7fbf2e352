#include "sandbox/job_table.h"

#include <utility>

namespace cosmoo::sandbox {

std::vector<JobInfo> JobTable::list() const {
  std::vector<JobInfo> infos;
  infos.reserve(jobs_.size());
  for (const auto& [id, job] : jobs_) infos.push_back(job->info());
  return infos;
}

std::shared_ptr<Job> JobTable::find(JobId id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : found->second;
}

void JobTable::kill_all() {
  // A copy: whatever a kill sets in motion may not disturb the walk.
  const auto jobs = jobs_;
  for (const auto& [id, job] : jobs) job->kill();
}

void JobTable::when_empty(std::function<void()> callback) {
  when_empty_ = std::move(callback);
  settle();
}

tl::expected<JobId, StartError> JobTable::admit() {
  if (jobs_.size() - apart_.size() >= max_running_) {
    return tl::unexpected(StartError{
        StartError::Kind::too_many,
        "too many jobs are running: the limit is " + std::to_string(max_running_) + " at once",
        "admit", 0});
  }
  return ++last_id_;
}

JobId JobTable::admit_apart() {
  apart_.insert(++last_id_);
  return last_id_;
}

void JobTable::add(JobId id, std::shared_ptr<Job> job) { jobs_[id] = std::move(job); }

void JobTable::remove(JobId id) {
  jobs_.erase(id);
  apart_.erase(id);
}

void JobTable::end(JobId id, const Result& result) {
  const auto job = find(id);
  remove(id);
  if (job && on_end_) on_end_(job->info(), result);
}

void JobTable::settle() {
  if (!jobs_.empty() || !when_empty_) return;
  const auto callback = std::exchange(when_empty_, nullptr);
  callback();
}

}  // namespace cosmoo::sandbox
