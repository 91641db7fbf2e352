#include <doctest/doctest.h>

#include "sandbox/job_table.h"

namespace cosmoo::sandbox {

namespace {

class Idle final : public Job {
 public:
  explicit Idle(JobId id) { info_.id = id; }
  void kill() override { ++kills; }
  JobInfo info() const override { return info_; }
  int kills = 0;

 private:
  JobInfo info_;
};

std::shared_ptr<Idle> add(JobTable& table) {
  const JobId id = table.admit().value();
  auto job = std::make_shared<Idle>(id);
  table.add(id, job);
  return job;
}

}  // namespace

TEST_CASE("the job table refuses one more than its limit and names the limit") {
  JobTable table(2);
  add(table);
  const auto second = add(table);
  const auto refused = table.admit();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == StartError::Kind::too_many);
  CHECK(refused.error().message.find("2 at once") != std::string::npos);
  table.remove(second->info().id);
  CHECK(table.admit().has_value());
}

TEST_CASE("a job of an engine with a limit of its own takes nobody's place") {
  JobTable table(1);
  const JobId id = table.admit_apart();
  const auto job = std::make_shared<Idle>(id);
  table.add(id, job);
  CHECK(table.find(id) == job);
  CHECK(table.running() == 1);
  const auto other = add(table);
  CHECK_FALSE(table.admit().has_value());
  table.remove(id);
  CHECK_FALSE(table.admit().has_value());
  table.remove(other->info().id);
  CHECK(table.running() == 0);
  CHECK(table.admit().has_value());
}

TEST_CASE("the job table lists and finds what runs, oldest first, and never reuses an id") {
  JobTable table;
  const auto first = add(table);
  const auto second = add(table);
  REQUIRE(table.list().size() == 2);
  CHECK(table.list()[0].id == first->info().id);
  CHECK(table.find(second->info().id) == second);
  table.remove(second->info().id);
  CHECK(table.find(second->info().id) == nullptr);
  CHECK(add(table)->info().id > second->info().id);
}

TEST_CASE("kill_all kills each job once") {
  JobTable table;
  const auto first = add(table);
  const auto second = add(table);
  table.kill_all();
  CHECK(first->kills == 1);
  CHECK(second->kills == 1);
}

TEST_CASE("when_empty is told once, after the last job, or at once when there is none") {
  JobTable table;
  int told = 0;
  table.when_empty([&] { ++told; });
  CHECK(told == 1);
  const auto job = add(table);
  table.when_empty([&] { ++told; });
  CHECK(told == 1);
  table.remove(job->info().id);
  table.settle();
  table.settle();
  CHECK(told == 2);
}

TEST_CASE("each status has a name") {
  CHECK(to_string(Status::exited) == "exited");
  CHECK(to_string(Status::killed) == "killed");
  CHECK(to_string(Status::timed_out) == "timed_out");
  CHECK(to_string(Status::faulted) == "faulted");
  CHECK(to_string(Status::over_limit) == "over_limit");
}

}  // namespace cosmoo::sandbox
