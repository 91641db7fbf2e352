// What the tests of frames stand on: a folder of libraries, a tree, an engine, and ways to call and
// wait.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/frame/engine.h"
#include "tests/unit/sandbox/playground.h"

namespace cosmoo::sandbox::testing {

inline constexpr std::int64_t kWizard = 2;

class Frames {
 public:
  using Called = tl::expected<Result, StartError>;

  explicit Frames(FrameOptions options = {}) {
    for (const char* folder : {COSMOO_MODULES, COSMOO_TEST_MODULES}) {
      for (const auto& file : std::filesystem::directory_iterator(folder)) {
        std::filesystem::copy(file, ground.dir.path());
      }
    }
    options.modules = ground.dir.path();
    options.offload = [this](std::function<void()> work, std::function<void()> then) {
      work();
      boost::asio::post(ground.io, std::move(then));
    };
    engine.emplace(ground.io, *ground.engine, ground.table, tree, std::move(options));
  }

  /// `library` is bound as the frame "lib".
  void bind(const std::string& library, Isolation isolation = Isolation::call,
            const std::string& profile = "") {
    Frame frame;
    frame.aframe_id = "lib";
    frame.module_id = Module::dlib;
    frame.addr = library;
    frame.isolation = isolation;
    frame.profile = profile;
    const auto bound = tree.bind(frame);
    REQUIRE_MESSAGE(bound.has_value(), bound.error().message);
  }

  tl::expected<std::shared_ptr<Job>, StartError> order(const std::string& path, Given given,
                                                       OnComplete on_complete) {
    const auto frame = tree.find(path);
    if (!frame) return tl::unexpected(frame.error());
    FunctionRequest request;
    request.context.args = std::move(given.args);
    request.context.args.insert(request.context.args.begin(), path);
    request.context.env = std::move(given.env);
    request.context.input = std::move(given.input);
    request.context.limits = given.limits;
    request.context.profile = given.profile;
    request.about = path;
    request.label = path;
    request.owner = kWizard;
    return engine->call(*frame, std::move(request), std::move(on_complete));
  }

  Called call(const std::string& path, Given given = {}) {
    std::optional<Called> called;
    const auto job =
        order(path, std::move(given), [&](auto end) { called.emplace(std::move(end)); });
    if (!job) return tl::unexpected(job.error());
    REQUIRE(ground.until([&] { return called.has_value(); }));
    return std::move(*called);
  }

  /// One that comes to a Result.
  Result run(const std::string& path, Given given = {}) {
    auto called = call(path, std::move(given));
    REQUIRE_MESSAGE(called.has_value(), called.error().message);
    return std::move(*called);
  }

  /// Why one does not.
  std::string refusal(const std::string& path, Given given = {}) {
    const auto called = call(path, std::move(given));
    REQUIRE_FALSE(called.has_value());
    return called.error().message;
  }

  /// Empty: it was opened.
  std::string open(const std::string& path) {
    std::optional<std::string> answer;
    engine->open(path, kWizard,
                 [&](auto opened) { answer = opened ? std::string() : opened.error().message; });
    REQUIRE(ground.until([&] { return answer.has_value(); }));
    return *answer;
  }

  std::uint64_t opens(const std::string& path) const {
    const Opening* const opening = tree.opening(path);
    return opening ? opening->opens : 0;
  }
  std::string value(const std::string& path) const {
    const Opening* const opening = tree.opening(path);
    return opening ? opening->value : "";
  }

  Playground ground;
  FrameTree tree;
  std::optional<FrameEngine> engine;
};

}  // namespace cosmoo::sandbox::testing
