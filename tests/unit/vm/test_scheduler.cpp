// The scheduler by itself, with executions that are no language's.
#include <doctest/doctest.h>

#include <deque>

#include "vm/scheduler.h"

namespace cosmoo {
namespace {

using Work = std::function<Step(Task&, Resumption)>;

class Scripted final : public Execution {
 public:
  explicit Scripted(Work work) : work_(std::move(work)) {}
  Step run(Task& task, Resumption with) override { return work_(task, std::move(with)); }
  std::vector<Frame> stack(std::size_t) const override { return {}; }
  std::size_t bytes() const override { return 0; }

 private:
  Work work_;
};

std::unique_ptr<Execution> scripted(Work work) {
  return std::make_unique<Scripted>(std::move(work));
}

Wait timer_in(double seconds) {
  Wait wait;
  wait.kind = Wait::Kind::timer;
  wait.until = Clock::now() +
               std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  return wait;
}

constexpr ObjectId kMe{5}, kOther{6};
constexpr auto kBackground = Scheduler::Ground::background;

void drain(Scheduler& scheduler) {
  while (scheduler.run_ready()) {
  }
}

TEST_CASE("ready tasks run in the order in which they became ready") {
  Scheduler scheduler{{}};
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(scheduler.start(kMe, kMe, scripted([&order, i](Task&, Resumption) -> Step {
                              order.push_back(i);
                              return Finished{};
                            }),
                            kBackground));
  }
  drain(scheduler);
  CHECK(order == std::vector<int>{0, 1, 2});
  CHECK(scheduler.size() == 0);
}

// A programmer with a thousand tasks that are always ready must not slow another's single one.
TEST_CASE("owners take turns, however many tasks each has ready") {
  Scheduler scheduler{{}};
  std::vector<ObjectId> order;
  const auto queue = [&](ObjectId owner) {
    REQUIRE(scheduler.start(owner, owner, scripted([&order, owner](Task&, Resumption) -> Step {
                              order.push_back(owner);
                              return Finished{};
                            }),
                            kBackground));
  };
  for (int i = 0; i < 4; ++i) queue(kMe);
  queue(kOther);
  queue(kOther);
  drain(scheduler);
  CHECK(order == std::vector{kMe, kOther, kMe, kOther, kMe, kMe});
}

TEST_CASE("a long slice ends the turn, so that the loop can serve others between two of them") {
  Scheduler scheduler{{}};
  int slices = 0;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(scheduler.start(kMe, kMe, scripted([&slices](Task&, Resumption) -> Step {
                              const auto until = Clock::now() + std::chrono::milliseconds(10);
                              while (Clock::now() < until) {
                              }
                              ++slices;
                              return Finished{};
                            }),
                            kBackground));
  }
  CHECK(scheduler.run_ready());
  CHECK(slices == 1);
  drain(scheduler);
  CHECK(slices == 3);
}

TEST_CASE("a completion with a stale ticket wakes nobody") {
  Scheduler scheduler{{}};
  std::vector<Ticket> tickets;
  int runs = 0;
  REQUIRE(scheduler.start(kMe, kMe, scripted([&](Task&, Resumption) -> Step {
                            ++runs;
                            tickets.push_back(scheduler.next_ticket());
                            Wait wait;
                            wait.kind = Wait::Kind::job;
                            return wait;
                          }),
                          kBackground));
  drain(scheduler);
  scheduler.complete(tickets[0], Value(1));
  drain(scheduler);
  CHECK(runs == 2);
  scheduler.complete(tickets[0], Value(1));
  drain(scheduler);
  CHECK(runs == 2);
  CHECK(tickets[1].wait == tickets[0].wait + 1);
}

TEST_CASE("timers fire in the order of their times, and not before") {
  Scheduler scheduler{{}};
  std::vector<int> order;
  const double delays[] = {0.03, 0.01, 0.02};
  for (int i = 0; i < 3; ++i) {
    REQUIRE(scheduler.start(kMe, kMe, scripted([&order, i](Task&, Resumption) -> Step {
                              order.push_back(i);
                              return Finished{};
                            }),
                            kBackground, std::chrono::duration<double>(delays[i])));
  }
  drain(scheduler);
  CHECK(order.empty());
  while (scheduler.next_deadline() &&
         Clock::now() < *scheduler.next_deadline() + std::chrono::seconds(5) &&
         scheduler.size() > 0) {
    drain(scheduler);
  }
  CHECK(order == std::vector<int>{1, 2, 0});
}

TEST_CASE("a killed task's job is ended, and its timer does no harm") {
  Scheduler scheduler{{}};
  bool ended = false;
  const auto id = scheduler.start(kMe, kMe, scripted([&](Task&, Resumption) -> Step {
                                    Wait wait;
                                    wait.kind = Wait::Kind::job;
                                    wait.on_kill = [&] { ended = true; };
                                    return wait;
                                  }),
                                  kBackground);
  drain(scheduler);
  CHECK(scheduler.kill(*id, kOther, Scheduler::Authority::owner).error().code == ErrorCode::perm);
  CHECK(!ended);
  CHECK(scheduler.kill(*id, kMe, Scheduler::Authority::owner).has_value());
  CHECK(ended);
  CHECK(scheduler.kill(*id, kMe, Scheduler::Authority::owner).error().code == ErrorCode::invarg);

  // Thousands of killed timers: the heap is cleaned, and a live one among them still fires.
  bool fired = false;
  std::vector<TaskId> ids;
  for (int i = 0; i < 5000; ++i) {
    ids.push_back(*scheduler.start(kMe, kMe,
                                   scripted([](Task&, Resumption) -> Step { return Finished{}; }),
                                   kBackground, std::chrono::seconds(100)));
  }
  REQUIRE(scheduler.start(kMe, kMe, scripted([&](Task&, Resumption) -> Step {
                            fired = true;
                            return Finished{};
                          }),
                          kBackground, std::chrono::milliseconds(1)));
  for (const TaskId task : ids) REQUIRE(scheduler.kill(task, kMe, Scheduler::Authority::owner));
  while (!fired) drain(scheduler);
  CHECK(scheduler.size() == 0);
}

TEST_CASE("resume wakes only what suspended itself") {
  Scheduler scheduler{{}};
  const auto waiting = [&](Wait::Kind kind) {
    return *scheduler.start(
        kMe, kMe, scripted([kind](Task&, Resumption with) -> Step {
          if (std::holds_alternative<Value>(with) && std::get<Value>(with).is_string()) {
            return Finished{};
          }
          Wait wait = timer_in(100);
          wait.kind = kind;
          return wait;
        }),
        kBackground);
  };
  const TaskId timer = waiting(Wait::Kind::timer);
  const TaskId job = waiting(Wait::Kind::job);
  const TaskId read = waiting(Wait::Kind::read);
  const auto unborn =
      scheduler.start(kMe, kMe, scripted([](Task&, Resumption) -> Step { return Finished{}; }),
                      kBackground, std::chrono::seconds(100));
  drain(scheduler);
  const auto resume = [&](TaskId id, ObjectId by) {
    const auto done = scheduler.resume(id, Value("go"), by, Scheduler::Authority::owner);
    return done ? ErrorCode::none : done.error().code;
  };
  CHECK(resume(job, kMe) == ErrorCode::invarg);
  CHECK(resume(read, kMe) == ErrorCode::invarg);
  CHECK(resume(*unborn, kMe) == ErrorCode::invarg);
  CHECK(resume(12345, kMe) == ErrorCode::invarg);
  CHECK(resume(timer, kOther) == ErrorCode::perm);
  CHECK(resume(timer, kMe) == ErrorCode::none);
  drain(scheduler);
  CHECK(scheduler.find(timer) == nullptr);
}

TEST_CASE("a player's waiting tasks are limited") {
  SchedulerLimits limits;
  limits.tasks_per_player = 3;
  Scheduler scheduler(limits);
  const auto start = [&](ObjectId owner) {
    return scheduler.start(owner, owner,
                           scripted([](Task&, Resumption) -> Step { return Finished{}; }),
                           kBackground, std::chrono::seconds(100));
  };
  for (int i = 0; i < 3; ++i) CHECK(start(kMe).has_value());
  CHECK(start(kMe).error().code == ErrorCode::quota);
  CHECK(start(kOther).has_value());
}

TEST_CASE("a task that kills itself ends with its slice") {
  Scheduler scheduler{{}};
  bool ended = false;
  REQUIRE(scheduler.start(kMe, kMe, scripted([&](Task& task, Resumption) -> Step {
                            REQUIRE(scheduler.kill(task.id, kMe, Scheduler::Authority::owner));
                            Wait wait;
                            wait.kind = Wait::Kind::job;
                            wait.on_kill = [&] { ended = true; };
                            return wait;
                          }),
                          kBackground));
  drain(scheduler);
  CHECK(ended);
  CHECK(scheduler.size() == 0);
}

}  // namespace
}  // namespace cosmoo
