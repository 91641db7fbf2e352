// Jobs of every kind: what runs outside the world, whoever had it started, and ending it.
#include <fmt/format.h>

#include "builtins/bounds.h"
#include "builtins/families.h"
#include "builtins/results.h"
#include "builtins/services.h"

namespace cosmoo {
namespace {

// What looking at one process costs, in microseconds.
constexpr std::int64_t kTicksPerJob = 50;

Outcome jobs(Call& call) {
  const sandbox::JobTable& table = call.services().jobs;
  if (!afford(call, kTicksPerJob * static_cast<std::int64_t>(table.running()))) return Value();
  List rows;
  const auto now = std::chrono::system_clock::now();
  for (const sandbox::JobInfo& job : table.list()) {
    Map row;
    row.emplace(Value("id"), Value(job.id));
    row.emplace(Value("kind"), Value(job.kind));
    row.emplace(Value("command"), Value(job.label));
    row.emplace(Value("owner"), Value(ObjectId{job.owner}));
    row.emplace(Value("pid"), Value(job.pid));
    row.emplace(Value("started_at"), Value(rfc3339(job.started_at)));
    row.emplace(Value("age"), Value(std::chrono::duration<double>(now - job.started_at).count()));
    row.emplace(Value("cpu"), Value(job.cpu_s));
    row.emplace(Value("memory"), Value(static_cast<std::int64_t>(job.memory_bytes)));
    row.emplace(Value("output"),
                Value(static_cast<std::int64_t>(job.stdout_bytes + job.stderr_bytes)));
    rows.emplace_back(std::move(row));
  }
  return Value(std::move(rows));
}

Outcome kill_job(Call& call) {
  const auto job = call.services().jobs.find(call[0].integer());
  if (!job) {
    return Error(ErrorCode::invarg,
                 fmt::format("kill_job(): there is no running job {}", call[0].integer()));
  }
  job->kill();
  return Value();
}

}  // namespace

std::span<const Builtin> job_builtins() {
  using namespace types;
  static const Builtin kRows[] = {
      {"jobs",
       {},
       0,
       Access::wizard,
       jobs,
       "list of maps",
       "What runs outside the world now, oldest first, whether exec(), process.spawn(), "
       "sandbox.run() "
       "or frame.exec() started it: id, kind (\"process\", \"guest\" or \"function\"), command, "
       "owner, pid (-1 of a guest), started_at, age in seconds, cpu in seconds and memory in bytes "
       "as far as "
       "they are known, output in bytes so far."},
      {"kill_job",
       {{"id", kInteger}},
       1,
       Access::wizard,
       kill_job,
       "nothing",
       "Kills a job of jobs() with everything that it started. Whoever waits for it gets its "
       "result as that of one that was killed. E_INVARG if there is no such job any more."},
  };
  return kRows;
}

}  // namespace cosmoo
