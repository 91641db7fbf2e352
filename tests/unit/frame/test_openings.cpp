// Opening and closing, as the chain of a function goes: its library, then itself.
#include "tests/unit/frame/frames.h"

using namespace cosmoo::sandbox;
using namespace cosmoo::sandbox::testing;

namespace {

/// The library and the function of the usual example.
void bind_example(Frames& frames) {
  Frame library;
  library.aframe_id = "pathto/somemod";
  library.module_id = Module::dlib;
  library.addr = "records.so";
  REQUIRE(frames.tree.bind(library));
  Frame function;
  function.aframe_id = "pathto/somemod/mapfn";
  function.exectype = ExecType::module_supported;
  function.module_id = Module::dlsym;
  function.addr = "describe";
  REQUIRE(frames.tree.bind(function));
}

}  // namespace

TEST_CASE("a function and its library, step by step") {
  Frames frames;
  bind_example(frames);
  const std::string library = "pathto/somemod", function = "pathto/somemod/mapfn";
  const auto counts = [&] { return std::pair(frames.opens(library), frames.opens(function)); };
  const auto pair = [](std::uint64_t first, std::uint64_t second) {
    return std::pair(first, second);
  };
  CHECK(frames.tree.find(function)->par == library);
  CHECK(counts() == pair(0, 0));
  CHECK(frames.value(library) == "");

  // 1. dlib/open: the library has an address.
  REQUIRE(frames.open(library) == "");
  CHECK(counts() == pair(1, 0));
  CHECK(frames.value(library).starts_with("0x"));
  const std::string handle = frames.value(library);

  // 2. dlsym/open: opens the parent once more, and finds the symbol.
  REQUIRE(frames.open(function) == "");
  CHECK(counts() == pair(2, 1));
  CHECK(frames.value(library) == handle);
  CHECK(frames.value(function).starts_with("0x"));
  CHECK(frames.value(function) != handle);

  // 3. It is run, and while it runs the chain is open once more.
  bool ended = false;
  REQUIRE(frames.order(function, {}, [&](auto end) {
    REQUIRE(end.has_value());
    CHECK(end->exit_code == 0);
    CHECK(counts() == pair(2, 1));
    ended = true;
  }));
  CHECK(counts() == pair(3, 2));
  REQUIRE(frames.ground.until([&] { return ended; }));

  // 4. dlsym/close closes the parent too; the library stays loaded, as it is open once.
  REQUIRE(frames.engine->close(function, kWizard));
  CHECK(counts() == pair(1, 0));
  CHECK(frames.value(library) == handle);
  CHECK(frames.value(function) == "");
  CHECK(frames.ground.table.running() == 1);

  // 5. The last dlib/close unloads it.
  REQUIRE(frames.engine->close(library, kWizard));
  CHECK(counts() == pair(0, 0));
  CHECK(frames.value(library) == "");
  REQUIRE(frames.ground.until([&] { return frames.ground.table.running() == 0; }));
  CHECK(frames.tree.times_opened(library) == 3);
}

TEST_CASE("an opening that fails half-way closes what was opened") {
  Frames frames;
  Frame library;
  library.aframe_id = "lib";
  library.module_id = Module::dlib;
  library.addr = "compute.so";
  REQUIRE(frames.tree.bind(library));
  CHECK(frames.open("lib/absent") == "library 'compute.so': undefined symbol: absent");
  CHECK(frames.opens("lib/absent") == 0);
  CHECK(frames.opens("lib") == 0);
  CHECK(frames.open("dlib/crashes.so") != "");
  CHECK(frames.opens("dlib/crashes.so") == 0);
  CHECK(frames.open("dlib") == "frame 'dlib': no module opens it");
  CHECK(frames.open("nothing") == "there is no frame 'nothing'");
}

TEST_CASE("only what somebody keeps open can he close") {
  Frames frames;
  CHECK(frames.engine->close("dlib/compute.so", kWizard).error().message ==
        "frame 'dlib/compute.so': you do not keep it open");
  REQUIRE(frames.open("dlib/compute.so") == "");
  CHECK(frames.engine->close("dlib/compute.so", kWizard + 1).error().message ==
        "frame 'dlib/compute.so': you do not keep it open");
  // A call that runs is nobody's to close.
  std::optional<Frames::Called> called;
  const auto job =
      frames.order("dlib/crash.so/sleeps", {}, [&](auto end) { called.emplace(std::move(end)); });
  REQUIRE(job.has_value());
  CHECK_FALSE(frames.engine->close("dlib/crash.so/sleeps", kWizard).has_value());
  (*job)->kill();
  REQUIRE(frames.ground.until([&] { return called.has_value(); }));
  REQUIRE(frames.engine->close("dlib/compute.so", kWizard));
}

TEST_CASE("programs and guests are counted while somebody has them open") {
  Frames frames;
  {
    const auto token = frames.engine->hold("exec/echo", kWizard);
    CHECK(frames.opens("exec/echo") == 1);
  }
  CHECK(frames.opens("exec/echo") == 0);
  REQUIRE(frames.open("moxie/hello") == "");
  CHECK(frames.value("moxie/hello") == "hello");
  REQUIRE(frames.engine->close("moxie/hello", kWizard));
  CHECK(frames.opens("moxie/hello") == 0);
}

TEST_CASE("the host of a library that is open is replaced when it ends") {
  Frames frames;
  frames.bind("crash.so");
  REQUIRE(frames.open("lib") == "");
  Limits limits;
  limits.wall = std::chrono::milliseconds(50);
  CHECK(frames.run("lib/sleeps", {.limits = limits}).status == Status::timed_out);
  CHECK(frames.run("lib/counts").stdout_bytes == "1\n");
  CHECK(frames.opens("lib") == 1);
  REQUIRE(frames.engine->close("lib", kWizard));
}
