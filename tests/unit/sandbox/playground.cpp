#include "tests/unit/sandbox/playground.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "sandbox/process/proc_table.h"

namespace cosmoo::sandbox::testing {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TempDir::TempDir() {
  std::string name = "/tmp/cosmoo-test-XXXXXX";
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
  ::chmod(name.c_str(), 0755);
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::filesystem::path& path, std::string_view text, unsigned mode) {
  std::ofstream(path, std::ios::binary) << text;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool alive(pid_t pid) {
  const auto info = process_info(pid);
  return info && info->state != 'Z' && info->state != 'X';
}

namespace {

/// A slot, or what is about to be one, is of this process's session; every job has its own.
bool is_slot(pid_t pid) { return ::getsid(pid) == ::getsid(0); }

}  // namespace

std::vector<pid_t> children() {
  auto pids = own_children();
  std::erase_if(pids, is_slot);
  return pids;
}

std::vector<pid_t> slots() {
  auto pids = own_children();
  std::erase_if(pids, [](pid_t pid) { return !is_slot(pid) || !alive(pid); });
  return pids;
}

std::vector<int> open_descriptors() {
  std::vector<int> open;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    open.push_back(std::stoi(entry.path().filename()));
  }
  std::sort(open.begin(), open.end());
  // The last opened one is the listing's own.
  std::erase_if(open, [](int fd) { return ::fcntl(fd, F_GETFD) < 0; });
  return open;
}

Playground::Playground(EngineOptions options, std::size_t max_running)
    : table(max_running), directory(ExecutableDirectory::open(dir.path()).value()) {
  engine.emplace(io, options, table);
}

Playground::~Playground() { engine.reset(); }

void Playground::script(const std::string& name, const std::string& body) {
  write_file(dir.path() / name, "#!/bin/sh\n" + body, 0755);
}

void Playground::program(const std::string& name, const std::string& source) {
  std::filesystem::copy_file(source, dir.path() / name);
  REQUIRE(::chmod((dir / name).c_str(), 0755) == 0);
}

Playground::Started Playground::order(const std::string& name, Given given, OnComplete on_complete,
                                      OnStarted on_started) {
  auto executable = directory.find(name);
  if (!executable) return tl::unexpected(executable.error());
  return order(std::move(*executable), std::move(given), std::move(on_complete),
               std::move(on_started));
}

Playground::Started Playground::order(Executable executable, Given given, OnComplete on_complete,
                                      OnStarted on_started) {
  const std::string name = executable.name;
  Context context;
  context.args.push_back(name);
  for (auto& argument : given.args) context.args.push_back(std::move(argument));
  context.env = std::move(given.env);
  context.input = std::move(given.input);
  context.limits = given.limits;
  context.working_directory = std::move(given.working_directory);
  context.profile = std::move(given.profile);
  context.uid = given.uid;
  context.gid = given.gid;
  context.after_input = given.after_input;
  context.full_output = given.full_output;
  return engine->start(std::move(executable), std::move(context), name, 7, std::move(on_complete),
                       std::move(on_started));
}

Playground::Started Playground::start(const std::string& name, Given given, OnResult on_result) {
  auto executable = directory.find(name);
  if (!executable) return tl::unexpected(executable.error());
  return start(std::move(*executable), std::move(given), std::move(on_result));
}

Playground::Started Playground::start(Executable executable, Given given, OnResult on_result) {
  struct Fate {
    bool known = false;
    std::optional<StartError> error;
  };
  const auto fate = std::make_shared<Fate>();
  auto started = order(
      std::move(executable), std::move(given),
      [fate, on_result = std::move(on_result)](tl::expected<Result, StartError> end) {
        fate->known = true;
        if (!end) {
          fate->error = std::move(end.error());
        } else if (on_result) {
          on_result(std::move(*end));
        }
      },
      [fate] { fate->known = true; });
  if (!started) return started;
  REQUIRE(until([&] { return fate->known; }));
  if (fate->error) return tl::unexpected(*fate->error);
  return started;
}

std::shared_ptr<Process> Playground::launch(const std::string& name, Given given,
                                            OnResult on_result) {
  auto started = start(name, std::move(given), std::move(on_result));
  INFO("start: ", started ? "" : started.error().message);
  REQUIRE(started.has_value());
  return *started;
}

Result Playground::run(const std::string& name, Given given) {
  auto executable = directory.find(name);
  INFO("find: ", executable ? "" : executable.error().message);
  REQUIRE(executable.has_value());
  return run(std::move(*executable), std::move(given));
}

Result Playground::run(Executable executable, Given given) {
  std::optional<Result> result;
  const auto started =
      start(std::move(executable), std::move(given), [&](Result r) { result = std::move(r); });
  INFO("start: ", started ? "" : started.error().message);
  REQUIRE(started.has_value());
  REQUIRE(until([&] { return result.has_value(); }));
  return std::move(*result);
}

bool Playground::until(const std::function<bool()>& condition) {
  const auto deadline = steady_clock::now() + kDeadline;
  while (!condition()) {
    if (steady_clock::now() > deadline) return false;
    io.run_one_for(milliseconds(5));
  }
  return true;
}

void Playground::settle() {
  // The engine looks after its places and slots every few milliseconds while there is a need.
  std::size_t before = 0;
  const auto quiet = [&] {
    for (int i = 0; i < 20; ++i) io.run_one_for(milliseconds(5));
    return std::exchange(before, open_descriptors().size()) == before;
  };
  REQUIRE(until(quiet));
}

std::string Playground::wait_for_file(const std::string& name) {
  REQUIRE(until([&] { return std::filesystem::exists(dir.path() / name); }));
  return read_file(dir.path() / name);
}

std::vector<Tracking> trackings() {
  Playground ground;
  if (ground.engine->tracking() == "cgroup2") return {Tracking::best, Tracking::sessions};
  MESSAGE("skipped: tracking by cgroup2, which this user may not use here");
  return {Tracking::sessions};
}

int run_and_hang(const std::string& directory) {
  boost::asio::io_context io(1);
  JobTable table;
  ProcessEngine engine(io, {}, table);
  auto hang = ExecutableDirectory::open(directory)->find("hang");
  Context context;
  context.args = {"hang", directory};
  context.env = {"PATH=/bin:/usr/bin"};
  const auto job = engine.start(std::move(*hang), std::move(context), "hang", 1, {});
  if (!job) return 1;
  const auto work = boost::asio::make_work_guard(io);
  io.run();
  return 0;
}

}  // namespace cosmoo::sandbox::testing
