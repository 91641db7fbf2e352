// Ten thousand tasks that wait: what they take, and how fast they are made and ended. The other
// side is as many coroutines of bare Lua with the same function.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/bench/bench_server.h"
#include "tests/bench/lua_floor.h"
#include "tests/bench/measurements.h"

namespace cosmoo::bench {
namespace {

// The first waits for all tasks to be suspended, the second has none of them begun.
constexpr const char* kSuspended = R"(
    local me, began, asleep, ids = task_id(), ftime(), 0, {{}}
    for i = 1, {count} do
      ids[i] = fork(0, function()
        local number, text = i, "task " .. i
        asleep = asleep + 1
        if asleep == {count} then resume(me, ftime() - began) end
        suspend(3600)
        return number, text
      end)
    end
    local made = suspend(30)
    notify(player, "made"))";
constexpr const char* kNotBegun = R"(
    local began, ids = ftime(), {{}}
    for i = 1, {count} do
      ids[i] = fork(3600, function()
        local number, text = i, "task " .. i
        return number, text
      end)
    end
    local made = ftime() - began
    notify(player, "made"))";
constexpr const char* kPlanned = R"(
    local began, ids = ftime(), {{}}
    for i = 1, {count} do ids[i] = fork(3600, me, "tell", "task ", i) end
    local made = ftime() - began
    notify(player, "made"))";
constexpr const char* kKill = R"(
    read()
    began = ftime()
    for i = 1, #ids do kill_task(ids[i]) end
    return {{#ids, made, ftime() - began}})";

constexpr const char* kCoroutines = R"(
    collectgarbage()
    local before, began, kept = collectgarbage("count"), ftime(), {{}}
    for i = 1, {count} do
      kept[i] = coroutine.create(function()
        local number, text = i, "task " .. i
        coroutine.yield()
        return number, text
      end)
      {begin}
    end
    local made = ftime() - began
    collectgarbage()
    local bytes = (collectgarbage("count") - before) * 1024
    began = ftime()
    for i = 1, {count} do coroutine.close(kept[i]) end
    return {{bytes, made, ftime() - began}})";

// Timers due one after the other over a second, once all are made: how late the task runs of each.
constexpr const char* kTimers = R"(
    local me, late, done, first = task_id(), {{}}, 0, ftime() + 3
    for i = 1, {count} do
      local due = first + i / {count}
      fork(due - ftime(), function()
        late[i] = ftime() - due
        done = done + 1
        if done == {count} then resume(me) end
      end)
    end
    suspend(60)
    table.sort(late)
    return {{late[math.ceil(#late * 0.99)], late[#late]}})";

struct Kind {
  std::string_view name;
  const char* make;
  std::string_view begin;  ///< What bare Lua does with a new coroutine.
};

std::string filled(std::string code, std::size_t count, std::string_view begin = {}) {
  return fmt::format(fmt::runtime(code), fmt::arg("count", count), fmt::arg("begin", begin));
}

void measure_kind(const Scale& scale, Report& report, const Kind& kind) {
  const std::size_t count = scale.of<std::size_t>(10'000, 1000);
  const auto each = static_cast<double>(count);
  Rounds bytes;
  Rounds made;
  Rounds killed;
  for (std::size_t round = 0; round < scale.rounds; ++round) {
    BenchServer server;
    const auto before = static_cast<double>(server.server().memory());
    server.start(filled(std::string(kind.make) + kKill, count));
    server.wizard().expect("made\r\n", BenchServer::kLongest);
    const double more = static_cast<double>(server.server().memory()) - before;
    server.wizard().line("go");
    const auto ours = server.result();
    REQUIRE(ours.size() == 3);
    CHECK(ours[0] == each);
    CHECK(server.run("return {#queued_tasks()}")[0] == 0);

    BareLua lua;
    const auto bare = lua.run(filled(kCoroutines, count, kind.begin));
    bytes.add(more / each, bare[0] / each);
    made.add(1e6 * ours[1] / each, 1e6 * bare[1] / each);
    killed.add(1e6 * ours[2] / each, 1e6 * bare[2] / each);
  }
  const std::string name(kind.name);
  report.line({name + ".memory", "task", "coroutine", "bytes"}, bytes,
              {Bar::Of::ours, Bar::Side::at_most, 3072});
  report.line({name + ".make", "task", "coroutine", "us"}, made);
  report.line({name + ".kill", "task", "coroutine", "us"}, killed);
}

// A thread that does nothing but sleep until the next of them.
std::vector<double> lateness_of_sleep(std::size_t count) {
  using Clock = std::chrono::steady_clock;
  const auto first = Clock::now();
  std::vector<double> late;
  for (std::size_t i = 1; i <= count; ++i) {
    const auto due = first + std::chrono::nanoseconds(1'000'000'000 * i / count);
    std::this_thread::sleep_until(due);
    late.push_back(std::chrono::duration<double>(Clock::now() - due).count());
  }
  return late;
}

void measure_timers(const Scale& scale, Report& report) {
  const std::size_t count = scale.of<std::size_t>(10'000, 1000);
  Rounds most;
  Rounds greatest;
  for (std::size_t round = 0; round < scale.rounds; ++round) {
    BenchServer server;
    const auto ours = server.run(filled(kTimers, count));
    REQUIRE(ours.size() == 2);
    const std::vector<double> theirs = lateness_of_sleep(count);
    most.add(1e3 * ours[0], 1e3 * percentile(theirs, 0.99));
    greatest.add(1e3 * ours[1], 1e3 * percentile(theirs, 1));
  }
  const Bar bar{Bar::Of::ours, Bar::Side::at_most, 50};
  report.line({"timers.late_p99", "task", "bare sleep", "ms"}, most, bar);
  report.line({"timers.late_most", "task", "bare sleep", "ms"}, greatest, bar);
}

}  // namespace

void measure_tasks(const Scale& scale, Report& report) {
  measure_kind(scale, report, {"suspended", kSuspended, "coroutine.resume(kept[i])"});
  measure_kind(scale, report, {"forked", kNotBegun, ""});
  measure_kind(scale, report, {"planned", kPlanned, ""});
  measure_timers(scale, report);
}

}  // namespace cosmoo::bench
