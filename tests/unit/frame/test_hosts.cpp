// The hosts of one library, as the engine keeps them.
#include <boost/asio/post.hpp>

#include "sandbox/frame/host_program.h"
#include "sandbox/frame/hosts.h"
#include "tests/unit/frame/frames.h"

using namespace cosmoo::sandbox;
using namespace cosmoo::sandbox::testing;

namespace {

/// The hosts of a library, and who takes one.
struct Hosts {
  explicit Hosts(const std::string& library)
      : hosts(std::make_shared<LibraryHosts>(maker, library)) {
    const auto looked = hosts->refresh();
    REQUIRE_MESSAGE(looked.has_value(), looked.error().message);
  }
  ~Hosts() { hosts->shut_down(); }

  void take() {
    hosts->take({}, kWizard, [this](auto host) { taken = std::move(host); });
  }

  Frames frames;
  Playground& ground = frames.ground;
  LibraryFolder folder{ground.dir.path()};
  Executable program{"cosmoo-host", open_host_program(), false, {}};
  HostMaker maker{ground.io,
                  *ground.engine,
                  folder,
                  program,
                  [this](std::function<void()> work, std::function<void()> then) {
                    work();
                    boost::asio::post(ground.io, std::move(then));
                  },
                  std::chrono::milliseconds(300)};
  std::shared_ptr<LibraryHosts> hosts;
  std::optional<tl::expected<std::shared_ptr<FrameHost>, StartError>> taken;
};

}  // namespace

TEST_CASE("hosts are needed from their order until they are given back and end") {
  Hosts of("compute.so");
  CHECK(of.hosts->idle());
  of.take();
  // For the file, then for its constructors: who forgot it now would leave a host behind.
  CHECK_FALSE(of.hosts->idle());
  REQUIRE(of.ground.until([&] {
    CHECK_FALSE(of.hosts->idle());
    return of.taken.has_value();
  }));
  REQUIRE(of.taken->has_value());
  CHECK_FALSE(of.hosts->idle());
  of.hosts->give_back(**of.taken, 1);
  CHECK_FALSE(of.hosts->idle());
  CHECK(of.hosts->waiting_hosts() == 1);
  of.hosts->trim(std::chrono::steady_clock::now(), 1);
  CHECK(of.hosts->waiting_hosts() == 1);
  of.hosts->trim(std::chrono::steady_clock::now(), 0);
  CHECK(of.hosts->idle());
  REQUIRE(of.ground.until([&] { return of.ground.table.running() == 0; }));
}

TEST_CASE("hosts are needed as long as one of them runs constructors, and no longer") {
  Hosts of("hangs.so");
  of.take();
  REQUIRE(of.ground.until([&] { return of.ground.table.running() == 1; }));
  CHECK_FALSE(of.hosts->idle());
  CHECK(of.hosts->waiting_hosts() == 0);
  REQUIRE(of.ground.until([&] { return of.taken.has_value(); }));
  CHECK_FALSE(of.taken->has_value());
  CHECK(of.hosts->idle());
  REQUIRE(of.ground.until([&] { return of.ground.table.running() == 0; }));
}

TEST_CASE("hosts that are let go while one runs constructors leave no process behind") {
  Hosts of("hangs.so");
  of.take();
  REQUIRE(of.ground.until([&] { return of.ground.table.running() == 1; }));
  of.hosts->shut_down();
  REQUIRE(of.ground.until([&] { return of.ground.table.running() == 0; }));
  CHECK_FALSE(of.taken.has_value());
}
