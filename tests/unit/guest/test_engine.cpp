#include <doctest/doctest.h>
#include <signal.h>

#include <deque>
#include <optional>

#include "sandbox/guest/engine.h"

namespace {

using namespace cosmoo::sandbox;

/// An engine whose threads run when the test says so.
struct Bench {
  explicit Bench(GuestQuotas quotas = {}, GuestQuotas together = {100, 1u << 31, 1u << 31}) {
    GuestEngine::Options options;
    options.quotas = quotas;
    options.together = together;
    options.slice = 1000;
    options.run = [this](std::function<void()> work) { pool.push_back(std::move(work)); };
    options.post = [this](std::function<void()> work) { loop.push_back(std::move(work)); };
    engine.emplace(std::move(options), library, table);
  }

  static bool one(std::deque<std::function<void()>>& queue) {
    if (queue.empty()) return false;
    const auto work = std::move(queue.front());
    queue.pop_front();
    work();
    return true;
  }
  void run_all() {
    while (one(pool) || one(loop)) continue;
  }

  std::shared_ptr<Job> start(GuestRequest request) {
    auto job =
        engine->start(std::move(request), [this](auto end) { ends.push_back(std::move(end)); });
    if (job) return *job;
    refused = job.error();
    return nullptr;
  }

  std::deque<std::function<void()>> pool, loop;
  GuestLibrary library{std::string(COSMOO_SOURCE_DIR) + "/executables/guests", {}};
  JobTable table;
  std::vector<tl::expected<Result, StartError>> ends;
  std::optional<StartError> refused;
  std::optional<GuestEngine> engine;
};

GuestRequest request(std::string program, const std::vector<std::string>& data = {},
                     std::uint64_t instructions = 1'000'000) {
  GuestRequest made;
  made.program = std::move(program);
  const auto kept = std::make_shared<const std::vector<std::string>>(data);
  for (const std::string& file : *kept) made.data.push_back({file, kept});
  made.limits.instructions = instructions;
  made.label = "a guest";
  made.owner = 7;
  return made;
}

const std::vector<std::string> kEndless{": f begin again ; f"};

TEST_CASE("a guest is a job from its start until its end is told") {
  Bench bench;
  REQUIRE(bench.start(request("hello")) != nullptr);
  REQUIRE(bench.table.list().size() == 1);
  CHECK(bench.table.list()[0].kind == "guest");
  CHECK(bench.table.list()[0].label == "a guest");
  CHECK(bench.table.list()[0].owner == 7);
  CHECK(bench.ends.empty());
  bench.run_all();
  CHECK(bench.table.running() == 0);
  REQUIRE(bench.ends.size() == 1);
  REQUIRE(bench.ends[0].has_value());
  CHECK(bench.ends[0]->status == Status::exited);
  CHECK(bench.ends[0]->exit_code == 0);
  CHECK(bench.ends[0]->output == "Hello from a processor of its own.\n");
  CHECK(bench.ends[0]->usage.instructions > 0);
}

TEST_CASE("a budget is exact although the run is cut into slices") {
  Bench bench;
  bench.start(request("forth", kEndless, 123'457));
  bench.run_all();
  REQUIRE(bench.ends.size() == 1);
  CHECK(bench.ends[0]->status == Status::over_limit);
  CHECK(bench.ends[0]->limit == "instructions");
  CHECK(bench.ends[0]->exit_code == -1);
  CHECK(bench.ends[0]->usage.instructions == 123'457);
}

TEST_CASE("guests take turns") {
  Bench bench;
  bench.start(request("forth", kEndless, 1'000'000));
  bench.start(request("hello"));
  while (bench.ends.empty()) REQUIRE((Bench::one(bench.pool) || Bench::one(bench.loop)));
  CHECK(bench.ends[0]->status == Status::exited);
  CHECK(bench.table.running() == 1);
}

TEST_CASE(
    "a guest that is killed before its first turn, between two, or after "
    "its end") {
  Bench bench;
  auto job = bench.start(request("forth", kEndless));
  job->kill();
  bench.run_all();
  REQUIRE(bench.ends.size() == 1);
  CHECK(bench.ends[0]->status == Status::killed);
  CHECK(bench.ends[0]->signal == SIGKILL);
  CHECK(bench.ends[0]->usage.instructions == 0);
  job->kill();

  job = bench.start(request("forth", kEndless));
  for (int i = 0; i < 5; ++i) Bench::one(bench.pool);
  bench.table.kill_all();
  bench.run_all();
  REQUIRE(bench.ends.size() == 2);
  CHECK(bench.ends[1]->status == Status::killed);
  CHECK(bench.ends[1]->usage.instructions == 5000);
}

TEST_CASE(
    "a program that is none ends with an error, and gives back what was "
    "reserved") {
  Bench bench({.guests = 1, .instructions = 1'000'000, .memory_bytes = 64 << 20});
  for (int i = 0; i < 3; ++i) {
    REQUIRE(bench.start(request("nothing")) != nullptr);
    bench.run_all();
  }
  REQUIRE(bench.ends.size() == 3);
  CHECK(bench.ends[2].error().kind == StartError::Kind::bad_argument);
  CHECK(bench.ends[2].error().message == "the guest nothing: there is none");
}

TEST_CASE("each quota refuses what is over it, for each owner alone") {
  const auto refusal = [](GuestQuotas quotas, GuestQuotas together, bool other_may) {
    Bench bench(quotas, together);
    REQUIRE(bench.start(request("hello")) != nullptr);
    CHECK(bench.start(request("hello")) == nullptr);
    REQUIRE(bench.refused.has_value());
    CHECK(bench.refused->kind == StartError::Kind::too_many);
    CHECK(bench.table.running() == 1);
    GuestRequest other = request("hello");
    other.owner = 8;
    CHECK((bench.start(std::move(other)) != nullptr) == other_may);
    bench.run_all();
    CHECK(bench.start(request("hello")) != nullptr);
    return bench.refused->message;
  };
  const GuestQuotas many{9, 1u << 30, 1u << 30};
  CHECK(refusal({1, 1u << 30, 1u << 30}, many, true) ==
        "over the quota of guests: at most 1 at once, and running guests have 1");
  CHECK(refusal({9, 1'999'999, 1u << 30}, many, true) ==
        "over the quota of instructions: at most 1999999 at once, and running "
        "guests have 1000000");
  CHECK(refusal({9, 1u << 30, 100 << 20}, many, true)
            .starts_with("over the quota of memory in bytes: at most 104857600"));
  CHECK(refusal(many, {1, 1u << 30, 1u << 30}, false) ==
        "over what all may have of guests: at most 1 at once, and running guests have 1");
  CHECK(refusal(many, {9, 1u << 30, 100 << 20}, false)
            .starts_with("over what all may have of memory in bytes: at most 104857600"));
}

TEST_CASE("a request of more than a whole quota is refused, however large it is") {
  Bench bench;
  GuestRequest endless = request("hello");
  endless.limits.instructions = ~std::uint64_t{0};
  CHECK(bench.start(std::move(endless)) == nullptr);
  GuestRequest large = request("hello");
  large.limits.memory_bytes = ~std::uint64_t{0};
  CHECK(bench.start(std::move(large)) == nullptr);
  CHECK(bench.start(request("hello")) != nullptr);
}

TEST_CASE("guests take no places of other jobs") {
  Bench bench;
  bench.table.set_max_running(1);
  REQUIRE(bench.start(request("hello")) != nullptr);
  REQUIRE(bench.start(request("hello")) != nullptr);
  CHECK(bench.table.admit().has_value());
}

TEST_CASE("a guest that is killed while it waits goes before all others") {
  Bench bench;
  bench.start(request("forth", kEndless));
  bench.start(request("forth", kEndless));
  const auto last = bench.start(request("forth", kEndless));
  last->kill();
  REQUIRE(Bench::one(bench.pool));
  REQUIRE(Bench::one(bench.loop));
  REQUIRE(bench.ends.size() == 1);
  CHECK(bench.ends[0]->status == Status::killed);
  CHECK(bench.table.find(last->info().id) == nullptr);
  CHECK(bench.table.running() == 2);
}

TEST_CASE("data is kept by its owner until it has been copied, and no longer") {
  Bench bench;
  GuestRequest made = request("wordcount");
  auto kept = std::make_shared<const std::string>("two words");
  const std::weak_ptr<const std::string> watched = kept;
  made.data.push_back({*kept, kept});
  kept.reset();
  bench.start(std::move(made));
  CHECK_FALSE(watched.expired());
  REQUIRE(Bench::one(bench.pool));
  CHECK(watched.expired());
  bench.run_all();
  REQUIRE(bench.ends.size() == 1);
  CHECK(bench.ends[0]->output == "0 2 9 data0\n");
}

TEST_CASE("limits of memory, output and time") {
  Bench bench;
  GuestRequest small = request("wordcount", {std::string(1 << 20, 'x')});
  small.limits.memory_bytes = 1 << 20;
  bench.start(std::move(small));
  GuestRequest quiet = request("to_pgm", {}, 1'000'000'000);
  quiet.limits.output_bytes = 100;
  bench.start(std::move(quiet));
  GuestRequest brief = request("forth", kEndless);
  brief.limits.wall = std::chrono::milliseconds(0);
  bench.start(std::move(brief));
  bench.run_all();
  REQUIRE(bench.ends.size() == 3);
  int refused = 0, over_output = 0, timed_out = 0;
  for (const auto& end : bench.ends) {
    refused += !end && end.error().kind == StartError::Kind::bad_argument;
    over_output +=
        end && end->status == Status::over_limit && end->limit == "output" && end->output.empty();
    timed_out += end && end->status == Status::timed_out;
  }
  CHECK(refused == 1);
  CHECK(over_output == 1);
  CHECK(timed_out == 1);
}

TEST_CASE("an engine that goes away ends its guests and tells nobody") {
  Bench bench;
  bench.start(request("forth", kEndless));
  bench.start(request("hello"));
  for (int i = 0; i < 3; ++i) Bench::one(bench.pool);
  bench.engine.reset();
  CHECK(bench.table.running() == 0);
  bench.run_all();
  CHECK(bench.ends.empty());
}

}  // namespace
