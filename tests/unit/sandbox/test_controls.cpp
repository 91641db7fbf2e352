// The controllers of control groups over trees of plain files, as a machine might have them.
#include <doctest/doctest.h>
#include <fcntl.h>

#include "sandbox/process/controls.h"
#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

namespace fs = std::filesystem;

/// A machine's /proc and /sys, as far as control groups are concerned.
struct Machine {
  void file(const std::string& path, std::string_view text) const {
    fs::create_directories((dir.path() / path).parent_path());
    write_file(dir.path() / path, text);
  }
  std::string text(const std::string& path) const { return read_file(dir.path() / path); }
  /// The one directory beneath `path` that is a server's.
  std::string base(const std::string& path) const {
    std::string found;
    for (const auto& entry : fs::directory_iterator(dir.path() / path)) {
      if (entry.path().filename().native().starts_with("cosmoo-jobs-")) {
        REQUIRE(found.empty());
        found = path + "/" + entry.path().filename().native();
      }
    }
    REQUIRE_FALSE(found.empty());
    return found;
  }
  TempDir dir;
};

/// Version 1, with cpu and cpuacct in one hierarchy, as most systems mount them.
struct VersionOne : Machine {
  VersionOne() {
    file("proc/self/cgroup", "4:memory:/a/b\n3:pids:/a\n2:cpu,cpuacct:/\n0::/a\n");
    file("proc/self/mountinfo",
         "30 25 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
         "31 25 0:27 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
         "32 25 0:28 / /sys/fs/cgroup/cpu\\040time rw,relatime - cgroup cgroup rw,cpu,cpuacct\n");
    for (const char* path : {"memory/a/b", "pids/a", "cpu time"}) {
      fs::create_directories(dir.path() / "sys/fs/cgroup" / path);
    }
  }
};

}  // namespace

TEST_CASE("controllers of version 1 are found where they are mounted, together or apart") {
  const VersionOne machine;
  {
    Controls controls(machine.dir.path());
    for (const auto controller :
         {Controller::memory, Controller::pids, Controller::cpu, Controller::cpuacct}) {
      CHECK(controls.has(controller));
    }
    CHECK(controls.has_v1());
    CHECK_FALSE(controls.v2_keeps_peak());
    REQUIRE(controls.make("1"));
    const std::string memory = machine.base("sys/fs/cgroup/memory/a/b") + "/1/";
    const std::string pids = machine.base("sys/fs/cgroup/pids/a") + "/1/";
    const std::string cpu = machine.base("sys/fs/cgroup/cpu time") + "/1/";
    for (const char* name : {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"}) {
      machine.file(memory + name, "");
    }
    machine.file(pids + "pids.max", "max");
    machine.file(cpu + "cpu.shares", "1024");
    machine.file(memory + "memory.max_usage_in_bytes", "5000\n");
    machine.file(memory + "memory.usage_in_bytes", "4000\n");
    machine.file(memory + "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    machine.file(pids + "pids.events", "max 3\n");
    machine.file(cpu + "cpuacct.usage", "1500000000\n");
    Limits limits;
    limits.memory_bytes = 1 << 20;
    limits.processes = 10;
    limits.cpu_shares = 256;
    limits.cpu = std::chrono::seconds(1);
    const GroupNames names{"1", ""};
    GroupState state;
    CHECK(controls.apply(names, limits, 2, state).empty());
    CHECK(machine.text(memory + "memory.limit_in_bytes") == "1048576");
    CHECK(machine.text(memory + "memory.memsw.limit_in_bytes") == "1048576");
    // The slot's own two are in the group as well.
    CHECK(machine.text(pids + "pids.max") == "12");
    CHECK(machine.text(cpu + "cpu.shares") == "256");
    const GroupFigures figures = controls.figures(names, limits);
    CHECK(figures.cpu_ns == 1'500'000'000u);
    CHECK(figures.memory_peak_bytes == 5000u);
    CHECK(figures.memory_kills == 2);
    CHECK(figures.processes_refused == 3);
    CHECK(controls.memory_now(names) == 4000);
    controls.forget_peak(names);
    CHECK(machine.text(memory + "memory.max_usage_in_bytes") == "0");
    // What is the same is not written again; what is no longer asked for is taken back.
    machine.file(cpu + "cpu.shares", "seen");
    CHECK(controls.apply(names, limits, 2, state).empty());
    CHECK(machine.text(cpu + "cpu.shares") == "seen");
    CHECK(controls.apply(names, {}, 2, state).empty());
    CHECK(machine.text(memory + "memory.limit_in_bytes") == "-1");
    CHECK(machine.text(pids + "pids.max") == "max");
    CHECK(machine.text(cpu + "cpu.shares") == "1024");
    fs::remove_all(machine.dir.path() / memory);
    fs::remove_all(machine.dir.path() / pids);
    fs::remove_all(machine.dir.path() / cpu);
  }
  // A server takes its directories away.
  CHECK(fs::is_empty(machine.dir.path() / "sys/fs/cgroup/memory/a/b"));
}

TEST_CASE("controllers of version 2 are those that were handed down") {
  const Machine machine;
  machine.file("base/cgroup.subtree_control", "cpu memory pids\n");
  for (const char* name :
       {"memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cpu.weight"}) {
    machine.file(std::string("base/7/") + name, "");
  }
  machine.file("base/7/memory.peak", "5000\n");
  machine.file("base/7/memory.current", "4000\n");
  machine.file("base/7/memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 2\n");
  machine.file("base/7/pids.events", "max 3\n");
  machine.file("base/7/cpu.stat", "usage_usec 1500000\nuser_usec 1\nsystem_usec 2\n");
  const UniqueFd base(::open((machine.dir / "base").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Controls controls(machine.dir.path());
  CHECK_FALSE(controls.has(Controller::memory));
  controls.use_v2(base.get());
  CHECK(controls.has(Controller::memory));
  CHECK(controls.v2_keeps_peak());
  CHECK_FALSE(controls.has_v1());
  Limits limits;
  limits.memory_bytes = 1 << 20;
  limits.processes = 10;
  limits.cpu_shares = 256;
  const GroupNames names{"", "7"};
  GroupState state;
  CHECK(controls.apply(names, limits, 2, state).empty());
  CHECK(machine.text("base/7/memory.max") == "1048576");
  CHECK(machine.text("base/7/memory.swap.max") == "0");
  CHECK(machine.text("base/7/memory.oom.group") == "1");
  CHECK(machine.text("base/7/pids.max") == "10");
  CHECK(machine.text("base/7/cpu.weight") == "25");
  const GroupFigures figures = controls.figures(names, limits);
  CHECK(figures.cpu_ns == 1'500'000'000u);
  CHECK(figures.memory_peak_bytes == 5000u);
  CHECK(figures.memory_kills == 2);
  CHECK(figures.processes_refused == 3);
  CHECK(controls.memory_now(names) == 4000);
}

TEST_CASE("a hierarchy of version 2 without controllers still counts processor time") {
  const Machine machine;
  machine.file("base/cgroup.subtree_control", "\n");
  machine.file("base/7/cpu.stat", "usage_usec 12\n");
  const UniqueFd base(::open((machine.dir / "base").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Controls controls(machine.dir.path());
  controls.use_v2(base.get());
  CHECK(controls.has(Controller::cpuacct));
  CHECK_FALSE(controls.has(Controller::cpu));
  CHECK(controls.figures({"", "7"}, {}).cpu_ns == 12'000u);
}

TEST_CASE("where there are no controllers every limit of theirs is named") {
  const Machine machine;
  Controls controls(machine.dir.path());
  Limits limits;
  limits.memory_bytes = 1 << 20;
  limits.processes = 10;
  limits.cpu_shares = 256;
  limits.cpu = std::chrono::seconds(1);
  limits.open_files = 10;
  GroupState state;
  CHECK(controls.apply({}, limits, 1, state) ==
        std::vector<std::string>{"cpu", "memory", "processes", "cpu_shares"});
  CHECK_FALSE(controls.figures({}, limits).cpu_ns.has_value());
  CHECK(controls.memory_now({}) == 0);
}

TEST_CASE("what another living server has is left alone, what a dead one had is removed") {
  const VersionOne machine;
  fs::create_directories(machine.dir.path() / "sys/fs/cgroup/pids/a/cosmoo-jobs-1-1-1/4");
  const Controls first(machine.dir.path());
  CHECK_FALSE(fs::exists(machine.dir.path() / "sys/fs/cgroup/pids/a/cosmoo-jobs-1-1-1"));
  const std::string its = machine.base("sys/fs/cgroup/pids/a");
  const Controls second(machine.dir.path());
  CHECK(fs::exists(machine.dir.path() / its));
}

}  // namespace cosmoo::sandbox::testing
