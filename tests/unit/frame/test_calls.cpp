// Calls of functions: what they are given, what comes back, under which limits.
#include <signal.h>

#include "tests/unit/frame/frames.h"

using namespace cosmoo::sandbox;
using namespace cosmoo::sandbox::testing;

TEST_CASE("a function is given arguments and input, and leaves what it prints and returns") {
  Frames frames;
  const Result sum = frames.run("dlib/compute.so/sum", {.args = {"1", "2.5"}});
  CHECK(sum.status == Status::exited);
  CHECK(sum.exit_code == 0);
  CHECK(sum.stdout_bytes == "3.5\n");
  CHECK(sum.stderr_bytes == "");
  const Result wrong = frames.run("dlib/compute.so/sum", {.args = {"1", "x"}});
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.stdout_bytes == "");
  CHECK(wrong.stderr_bytes == "dlib/compute.so/sum: x is not a number\n");
  CHECK(sum.usage.wall_s > 0);
  CHECK(sum.usage.memory_peak_bytes > 0);
}

TEST_CASE("few arguments and many arrive, however many pieces they come in") {
  for (const Isolation isolation : {Isolation::call, Isolation::library}) {
    CAPTURE(to_string(isolation));
    Frames frames;
    frames.bind("compute.so", isolation);
    for (const std::size_t count : {0, 1, 50, 57, 58, 64, 200, 32'000, 60'000}) {
      CAPTURE(count);
      const Result result = frames.run("lib/sum", {.args = std::vector<std::string>(count, "1"),
                                                   .input = std::string(count, 'x')});
      CHECK(result.stdout_bytes == std::to_string(count) + "\n");
    }
    // What was found last is not what is called next.
    CHECK(frames.run("lib/primes", {.args = {"5"}}).stdout_bytes == "2\n3\n5\n");
    CHECK(frames.refusal("lib/su") == "library 'compute.so': undefined symbol: su");
    CHECK(frames.run("lib/sum", {.args = {"2"}}).stdout_bytes == "2\n");
  }
}

TEST_CASE("a large output is whole") {
  Frames frames;
  const Result result = frames.run("dlib/compute.so/primes", {.args = {"1000000"}});
  CHECK(result.exit_code == 0);
  CHECK(result.stdout_bytes.size() == 538'468);
  CHECK(result.stdout_bytes.ends_with("\n999983\n"));
}

TEST_CASE("a map function is given the frame that it is about, and any bytes") {
  Frames frames;
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes.push_back(static_cast<char>(i % 251));
  Given given{.input = bytes};
  const Result result = frames.run("dlib/records.so/reversed", given);
  CHECK(result.exit_code == 0);
  CHECK((result.stdout_bytes == std::string(bytes.rbegin(), bytes.rend())));

  FunctionRequest request;
  request.context.args = {"dlib/records.so/describe", "a/target"};
  request.context.input = "12345";
  request.about = "a/target";
  request.fields = {{"par", "a"}, {"addr", "x=y"}};
  std::optional<Result> described;
  REQUIRE(frames.engine->call(*frames.tree.find("dlib/records.so/describe"), request,
                              [&](auto end) { described = *end; }));
  REQUIRE(frames.ground.until([&] { return described.has_value(); }));
  CHECK(described->stdout_bytes == "path a/target\npar a\naddr x=y\nbytes 5\n");
}

TEST_CASE("a call begins with static variables as they were; in a library that is kept they last") {
  Frames frames;
  CHECK(frames.run("dlib/crash.so/counts").stdout_bytes == "1\n");
  CHECK(frames.run("dlib/crash.so/counts").stdout_bytes == "1\n");
  frames.bind("crash.so", Isolation::library);
  CHECK(frames.run("lib/counts").stdout_bytes == "1\n");
  CHECK(frames.run("lib/counts").stdout_bytes == "2\n");
  CHECK(frames.run("lib/counts").stdout_bytes == "3\n");
}

TEST_CASE("a kept library's functions get arguments, input and variables as others do") {
  Frames frames;
  frames.bind("compute.so", Isolation::library);
  CHECK(frames.run("lib/sum", {.args = {"1", "2"}}).stdout_bytes == "3\n");
  CHECK(frames.run("lib/sum", {.args = {"x"}}).stderr_bytes == "lib/sum: x is not a number\n");
  const Result many = frames.run("lib/primes", {.args = {"1000000"}});
  CHECK(many.stdout_bytes.size() == 538'468);
  CHECK(frames.run("lib/sum", {.args = {"4"}}).stdout_bytes == "4\n");
  frames.tree.unbind("lib");
  frames.bind("records.so", Isolation::library);
  CHECK(frames.run("lib/reversed", {.input = "abc"}).stdout_bytes == "cba");
  CHECK(frames.run("lib/reversed", {.input = ""}).stdout_bytes == "");
  CHECK(frames.run("lib/csv", {.input = "a,b\n1,\"\n"}).stdout_bytes ==
        "[{\"a\":\"1\",\"b\":\"\\\"\"}]\n");
}

TEST_CASE("many calls run at once") {
  Frames frames;
  std::size_t ended = 0;
  for (int i = 0; i < 20; ++i) {
    REQUIRE(frames.order("dlib/compute.so/sum", {.args = {std::to_string(i)}},
                         [&, i](tl::expected<Result, StartError> end) {
                           REQUIRE(end.has_value());
                           CHECK(end->stdout_bytes == std::to_string(i) + "\n");
                           ++ended;
                         }));
  }
  CHECK(frames.opens("dlib/compute.so") == 20);
  REQUIRE(frames.ground.until([&] { return ended == 20; }));
  CHECK(frames.opens("dlib/compute.so") == 0);
}

TEST_CASE("what is not a function of the library is not called") {
  Frames frames;
  CHECK(frames.refusal("dlib/compute.so/no_such") ==
        "library 'compute.so': undefined symbol: no_such");
  CHECK(frames.refusal("dlib/crash.so/number") == "library 'crash.so': number is not a function");
  // Attack: the C library, which every library has open, offers system() and a lot more.
  CHECK(frames.refusal("dlib/compute.so/system") ==
        "library 'compute.so': system is of another library");
  CHECK(frames.run("dlib/compute.so/nothing").exit_code == 0);
}

TEST_CASE("a library that is not there or is none is refused with what is wrong") {
  Frames frames;
  CHECK(frames.refusal("dlib/absent.so/f") == "library 'absent.so' does not exist");
  write_file(frames.ground.dir.path() / "text.so", "no library at all");
  CHECK(frames.refusal("dlib/text.so/f").starts_with("library 'text.so' cannot be opened: "));
  std::filesystem::create_symlink("/lib/x86_64-linux-gnu/libc.so.6",
                                  frames.ground.dir.path() / "out.so");
  // Attack: a link that leads out of the folder.
  CHECK(frames.refusal("dlib/out.so/system") ==
        "library 'out.so' leads out of the folder of modules");
  std::filesystem::create_directory(frames.ground.dir.path() / "folder.so");
  CHECK(frames.refusal("dlib/folder.so/f") == "library 'folder.so' is no file");
  // A library of a 32-bit machine.
  std::string elf = read_file(frames.ground.dir / "compute.so");
  elf[4] = 1;
  write_file(frames.ground.dir.path() / "other.so", elf);
  CHECK(frames.refusal("dlib/other.so/f").find("ELF") != std::string::npos);
  // Of this one, for another processor.
  elf[4] = 2;
  elf[18] = 40;
  write_file(frames.ground.dir.path() / "arm.so", elf);
  CHECK(frames.refusal("dlib/arm.so/f").starts_with("library 'arm.so' cannot be opened: "));
}

TEST_CASE("NUL bytes in arguments and variables are refused") {
  Frames frames;
  CHECK(frames.refusal("dlib/compute.so/sum", {.args = {std::string("1\0"
                                                                    "2",
                                                                    3)}}) ==
        "an argument or a variable contains a NUL byte");
}

TEST_CASE("a library that was replaced is opened anew once nobody has it open") {
  Frames frames;
  const auto library = frames.ground.dir.path() / "lib.so";
  const auto replace = [&](const char* with) {
    std::filesystem::copy(frames.ground.dir.path() / with, frames.ground.dir.path() / "new.so");
    std::filesystem::rename(frames.ground.dir.path() / "new.so", library);
  };
  replace("compute.so");
  frames.bind("lib.so");
  CHECK(frames.run("lib/sum").stdout_bytes == "0\n");
  REQUIRE(frames.open("lib") == "");
  replace("crash.so");
  CHECK(frames.run("lib/sum").stdout_bytes == "0\n");
  REQUIRE(frames.engine->close("lib", kWizard));
  CHECK(frames.refusal("lib/sum") == "library 'lib.so': undefined symbol: sum");
  CHECK(frames.run("lib/counts").stdout_bytes == "1\n");
}

TEST_CASE("the functions of a library are listed") {
  Frames frames;
  std::optional<std::vector<std::string>> names;
  frames.engine->functions(*frames.tree.find("dlib/compute.so"), kWizard,
                           [&](auto found) { names = *found; });
  REQUIRE(frames.ground.until([&] { return names.has_value(); }));
  std::sort(names->begin(), names->end());
  CHECK(*names == std::vector<std::string>{"nothing", "primes", "sum"});
  const auto libraries = frames.engine->libraries();
  CHECK(std::find(libraries.begin(), libraries.end(), "records.so") != libraries.end());
}

TEST_CASE("profiles hold for calls") {
  Frames frames;
  for (const char* profile : {"confined", "sealed"}) {
    CAPTURE(profile);
    CHECK(frames.run("dlib/compute.so/sum", {.args = {"1"}, .profile = profile}).stdout_bytes ==
          "1\n");
  }
  CHECK(frames.refusal("dlib/compute.so/sum", {.profile = "none such"})
            .starts_with("there is no profile 'none such'"));
}
