// Processes that are kept by handles: waiting, reading, and who has to make room.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>

#include "sandbox/process/handle_table.h"
#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

namespace {

using Stream = Handle::Stream;
using WhenFull = HandleOptions::WhenFull;

constexpr std::size_t kAll = std::string::npos;

struct Handles {
  explicit Handles(HandleOptions options = {}) : table(ground.io, *ground.engine, options) {
    ground.program("cat", "/bin/cat");
    ground.program("true", "/bin/true");
    ground.program("sleep", "/bin/sleep");
  }

  tl::expected<std::shared_ptr<Handle>, StartError> try_spawn(const std::string& name,
                                                              std::vector<std::string> args = {},
                                                              Context context = {}) {
    context.args = {name};
    context.args.insert(context.args.end(), args.begin(), args.end());
    context.env = {"PATH=/bin:/usr/bin"};
    auto executable = ground.directory.find(name);
    REQUIRE(executable.has_value());
    std::optional<HandleTable::Spawned> spawned;
    const auto process =
        table.spawn(std::move(*executable), std::move(context), name, 7,
                    [&](HandleTable::Spawned handle) { spawned = std::move(handle); });
    if (!process) return tl::unexpected(process.error());
    REQUIRE(ground.until([&] { return spawned.has_value(); }));
    return *spawned;
  }
  std::shared_ptr<Handle> spawn(const std::string& name, std::vector<std::string> args = {},
                                Context context = {}) {
    auto handle = try_spawn(name, std::move(args), std::move(context));
    INFO("spawn: ", handle ? "" : handle.error().message);
    REQUIRE(handle.has_value());
    return *handle;
  }
  std::shared_ptr<Handle> sleeper() { return spawn("sleep", {"1000"}); }
  std::shared_ptr<Handle> interactive_cat() {
    Context context;
    context.after_input = AfterInput::more;
    return spawn("cat", {}, std::move(context));
  }
  /// One that has ended.
  std::shared_ptr<Handle> done() {
    auto handle = spawn("true");
    end(handle);
    return handle;
  }
  void end(const std::shared_ptr<Handle>& handle) {
    REQUIRE(ground.until([&] { return !handle->running(); }));
  }

  Playground ground;
  HandleTable table;
};

HandleOptions at_most(std::size_t most, WhenFull when_full = WhenFull::kill_oldest) {
  HandleOptions options;
  options.most = most;
  options.when_full = when_full;
  return options;
}

}  // namespace

TEST_CASE("a handle is named after its process and its number") {
  Handles handles;
  const auto first = handles.sleeper();
  const auto second = handles.sleeper();
  CHECK(first->info().id == fmt::format("psh-{:x}-1", first->info().pid));
  CHECK(second->info().id == fmt::format("psh-{:x}-2", second->info().pid));
  CHECK(first->info().owner == 7);
  CHECK(first->info().label == "sleep");
  CHECK(handles.table.find(first->info().id) == first);
  CHECK(handles.table.list() == std::vector{first, second});
  for (const char* id : {"", "psh", "psh-1-1", "1", "-1", "psh-0-99999999999999999999", "psh--2"}) {
    CAPTURE(id);
    CHECK(handles.table.find(id) == nullptr);
    CHECK(handles.table.receipt(id) == nullptr);
  }
}

TEST_CASE("any number may wait for one process, and each learns of its end once") {
  Handles handles;
  const auto handle = handles.interactive_cat();
  int told = 0;
  for (int i = 0; i < 50; ++i) {
    handle->when_ended(std::nullopt, [&](Handle& h) { told += h.running() ? 1000 : 1; });
  }
  const auto forgotten = handle->when_ended(std::nullopt, [&](Handle&) { told += 1000; });
  handle->forget(forgotten);
  handle->process().close_input();
  CHECK(told == 0);
  handles.end(handle);
  handles.ground.poll();
  CHECK(told == 50);
  CHECK(handle->result()->exit_code == 0);
}

TEST_CASE("a wait that is over leaves the process running, and is told so") {
  Handles handles;
  const auto handle = handles.sleeper();
  int timeouts = 0;
  int ends = 0;
  handle->when_ended(std::chrono::milliseconds(1), [&](Handle& h) { timeouts += h.running(); });
  handle->when_ended(std::chrono::milliseconds(1'000'000),
                     [&](Handle& h) { ends += !h.running(); });
  REQUIRE(handles.ground.until([&] { return timeouts == 1; }));
  CHECK(handle->running());
  handle->process().kill();
  handles.end(handle);
  handles.ground.poll();
  CHECK(timeouts == 1);
  CHECK(ends == 1);
  CHECK(handle->result()->status == Status::killed);
}

TEST_CASE("a forgotten wait with a time does nothing when it comes") {
  Handles handles;
  const auto handle = handles.sleeper();
  int told = 0;
  const auto first = handle->when_ended(std::chrono::milliseconds(1), [&](Handle&) { ++told; });
  handle->when_ended(std::chrono::milliseconds(20), [&](Handle&) { told += 100; });
  handle->forget(first);
  REQUIRE(handles.ground.until([&] { return told > 0; }));
  CHECK(told == 100);
}

TEST_CASE("readers get what comes in turn, no byte twice, and all learn of the end") {
  Handles handles;
  const auto handle = handles.interactive_cat();
  std::vector<std::string> got(3);
  for (std::string& text : got) {
    handle->when_readable(
        [&](Handle& h) { text = h.at_end() ? "end" : h.take(Stream::output, kAll); });
  }
  CHECK_FALSE(handle->readable());
  handle->process().write("one");
  REQUIRE(handles.ground.until([&] { return !got[0].empty(); }));
  CHECK(got == std::vector<std::string>{"one", "", ""});
  handle->process().write("two");
  REQUIRE(handles.ground.until([&] { return !got[1].empty(); }));
  handle->process().close_input();
  REQUIRE(handles.ground.until([&] { return !got[2].empty(); }));
  CHECK(got == std::vector<std::string>{"one", "two", "end"});
  handles.end(handle);
  CHECK(handle->at_end());
  CHECK(handle->readable());
  CHECK(handle->printed(Stream::output) == 6);
}

TEST_CASE("one reader with a small appetite leaves the rest to the next") {
  Handles handles;
  const auto handle = handles.interactive_cat();
  std::vector<std::string> got(2);
  for (std::string& text : got) {
    handle->when_readable([&](Handle& h) { text = h.take(Stream::output, 3); });
  }
  handle->process().write("abcdef");
  REQUIRE(handles.ground.until([&] { return !got[1].empty(); }));
  CHECK(got == std::vector<std::string>{"abc", "def"});
}

TEST_CASE("what was printed is there after the end, until it is taken") {
  Handles handles;
  handles.ground.script("print", "printf 12345; printf abc >&2; exit 3\n");
  const auto handle = handles.spawn("print");
  handles.end(handle);
  CHECK(handle->result()->exit_code == 3);
  CHECK(handle->result()->stdout_bytes.empty());
  CHECK(handle->held(Stream::output) == "12345");
  handle->memo = std::make_shared<int>(1);
  CHECK(handle->take(Stream::output, 2) == "12");
  CHECK(handle->memo == nullptr);
  CHECK(handle->held(Stream::output) == "345");
  CHECK_FALSE(handle->at_end());
  CHECK(handle->take(Stream::output, kAll) == "345");
  CHECK(handle->take(Stream::errors, kAll) == "abc");
  CHECK(handle->at_end());
  CHECK(handle->printed(Stream::output) == 5);
}

TEST_CASE("a writer is told when what it wrote has gone, or never will") {
  Handles handles;
  for (const char* name : {"cat", "sleep"}) {
    Context context;
    context.after_input = AfterInput::more;
    const auto handle =
        handles.spawn(name,
                      name == std::string("sleep") ? std::vector<std::string>{"1000"}
                                                   : std::vector<std::string>{},
                      std::move(context));
    handle->process().write(std::string(900'000, 'x'));
    REQUIRE(handle->process().unwritten() > 0);
    std::optional<std::size_t> left;
    handle->when_written([&](Handle& h) { left = 900'000 - h.process().written(); });
    const auto forgotten = handle->when_written([&](Handle&) { FAIL("forgotten"); });
    handle->forget(forgotten);
    CHECK_FALSE(left.has_value());
    if (name == std::string("sleep")) handle->process().kill();
    REQUIRE(handles.ground.until([&] { return left.has_value(); }));
    CHECK((*left > 0) == (name == std::string("sleep")));
  }
}

TEST_CASE("a released process is killed, and who waits for it learns that") {
  Handles handles;
  const auto handle = handles.sleeper();
  Status status = Status::exited;
  handle->when_ended(std::nullopt, [&](Handle& h) { status = h.result()->status; });
  handles.table.release(handle->info().id);
  CHECK(handles.table.find(handle->info().id) == nullptr);
  CHECK(handles.table.size() == 0);
  REQUIRE(handles.ground.until([&] { return status == Status::killed; }));
  CHECK(handles.table.receipt(handle->info().id) == nullptr);
  handles.table.release(handle->info().id);
  handles.table.release("psh-1-1");
}

TEST_CASE("a process may be killed at once, and again") {
  Handles handles;
  const auto handle = handles.sleeper();
  handle->process().kill();
  handle->process().kill();
  handles.end(handle);
  handle->process().kill();
  CHECK(handle->result()->status == Status::killed);
  CHECK(handle->result()->exit_code == -1);
  CHECK(handles.ground.table.running() == 0);
}

TEST_CASE("the handle that was made first of those that ended makes room, and leaves a receipt") {
  Handles handles(at_most(3));
  const auto running = handles.sleeper();
  const auto first = handles.done();
  const auto second = handles.done();
  const auto third = handles.sleeper();
  CHECK(handles.table.size() == 3);
  CHECK(handles.table.find(first->info().id) == nullptr);
  CHECK(handles.table.list() == std::vector{running, second, third});
  const Receipt* receipt = handles.table.receipt(first->info().id);
  REQUIRE(receipt != nullptr);
  CHECK(receipt->info.owner == 7);
  CHECK(receipt->result.status == Status::exited);
  CHECK(receipt->result.exit_code == 0);
  handles.table.release(first->info().id);
  CHECK(handles.table.receipt(first->info().id) == nullptr);
}

TEST_CASE("if all run the oldest is killed, and who waits for it learns that") {
  Handles handles(at_most(2));
  const auto oldest = handles.sleeper();
  const auto second = handles.sleeper();
  Status status = Status::exited;
  oldest->when_ended(std::nullopt, [&](Handle& h) { status = h.result()->status; });
  const auto third = handles.sleeper();
  CHECK(handles.table.list() == std::vector{second, third});
  const Receipt* receipt = handles.table.receipt(oldest->info().id);
  REQUIRE(receipt != nullptr);
  CHECK(receipt->result.status == Status::killed);
  CHECK(receipt->result.exit_code == -1);
  REQUIRE(handles.ground.until([&] { return status == Status::killed; }));
  CHECK(second->running());
}

TEST_CASE(
    "with refusal the new one does not start if all run, and a finished one still makes room") {
  Handles handles(at_most(2, WhenFull::refuse));
  const auto first = handles.sleeper();
  const auto second = handles.sleeper();
  const auto refused = handles.try_spawn("sleep", {"1000"});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == StartError::Kind::too_many);
  CHECK(handles.ground.table.running() == 2);
  CHECK(first->running());
  second->process().kill();
  handles.end(second);
  const auto third = handles.sleeper();
  CHECK(handles.table.list() == std::vector{first, third});
}

TEST_CASE("what cannot be started costs nobody his handle") {
  Handles handles(at_most(1));
  handles.ground.script("broken", "");
  write_file(handles.ground.dir / "broken", "no program\n", 0755);
  const auto kept = handles.done();
  CHECK_FALSE(handles.try_spawn("broken").has_value());
  CHECK(handles.table.find(kept->info().id) == kept);
}

TEST_CASE("receipts are bounded: the oldest goes") {
  HandleOptions options = at_most(1);
  options.receipts = 2;
  Handles handles(options);
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(handles.done()->info().id);
  CHECK(handles.table.receipt(ids[0]) == nullptr);
  CHECK(handles.table.receipt(ids[1]) != nullptr);
  CHECK(handles.table.receipt(ids[2]) != nullptr);
  CHECK(handles.table.receipt(ids[3]) == nullptr);
  CHECK(handles.table.find(ids[3]) != nullptr);
}

TEST_CASE("a thousand processes come and go by handles without a descriptor left") {
  Handles handles;
  const auto come_and_go = [&] {
    for (int i = 0; i < 8; ++i) {
      const auto handle = handles.interactive_cat();
      if (i % 2 == 0) handle->process().kill();
      handle->process().close_input();
    }
    REQUIRE(handles.ground.until([&] { return handles.ground.table.running() == 0; }));
  };
  come_and_go();
  const auto before = open_descriptors().size();
  for (int i = 0; i < 125; ++i) come_and_go();
  // The number of slots that are kept ready varies a little.
  CHECK(handles.ground.until([&] { return open_descriptors().size() <= before + 16; }));
  CHECK(handles.table.size() == 64);
}

TEST_CASE("the engine may go before those who wait for its processes") {
  Handles handles;
  const auto handle = handles.sleeper();
  int told = 0;
  handle->when_ended(std::nullopt, [&](Handle&) { ++told; });
  handles.ground.engine.reset();
  handles.ground.poll();
  CHECK(told == 0);
  CHECK(handle->held(Stream::output).empty());
  handle->process().kill();
}

}  // namespace cosmoo::sandbox::testing
