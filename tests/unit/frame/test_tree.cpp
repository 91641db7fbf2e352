// The tree: what may be bound, what follows from what is bound, and how openings are counted.
#include <doctest/doctest.h>

#include "sandbox/frame/tree.h"

using namespace cosmoo::sandbox;

namespace {

Frame frame(const std::string& path, Module module = Module::none, const std::string& addr = "") {
  Frame made;
  made.aframe_id = path;
  made.module_id = module;
  made.addr = addr;
  const bool runs = module != Module::none && module != Module::dlib;
  made.exectype = runs ? ExecType::module_supported : ExecType::none;
  return made;
}

std::string refusal(FrameTree& tree, const Frame& frame) {
  const auto bound = tree.bind(frame);
  return bound ? "" : bound.error().message;
}

}  // namespace

TEST_CASE("the modules are frames, with what opens and closes beneath them") {
  const FrameTree tree;
  CHECK(tree.children("") == std::vector<std::string>{"dlib", "dlsym", "exec", "moxie"});
  for (const char* module : {"dlib", "dlsym", "exec", "moxie"}) {
    CAPTURE(module);
    const std::string name = module;
    CHECK(tree.find(name)->exectype == ExecType::none);
    CHECK(tree.children(name) == std::vector<std::string>{name + "/close", name + "/open"});
    for (const auto& path : tree.children(name)) {
      CHECK(tree.find(path)->exectype == ExecType::built_in);
      CHECK(tree.find(path)->par == name);
    }
  }
}

TEST_CASE("a function of a bound library is there without being bound") {
  FrameTree tree;
  REQUIRE(tree.bind(frame("pathto/somemod", Module::dlib, "somemod.so")));
  const auto function = tree.find("pathto/somemod/mapfn");
  REQUIRE(function);
  CHECK(function->aframe_id == "pathto/somemod/mapfn");
  CHECK(function->par == "pathto/somemod");
  CHECK(function->exectype == ExecType::module_supported);
  CHECK(function->module_id == Module::dlsym);
  CHECK(function->addr == "mapfn");
  CHECK(function->origin == Origin::parent);
  CHECK_FALSE(tree.find("pathto/somemod/mapfn/deeper"));
  CHECK_FALSE(tree.find("pathto/other/mapfn"));
  CHECK_FALSE(tree.find("pathto"));
  CHECK(tree.children("") == std::vector<std::string>{"dlib", "dlsym", "exec", "moxie", "pathto"});
  CHECK(tree.children("pathto") == std::vector<std::string>{"pathto/somemod"});
}

TEST_CASE("beneath a module are its files") {
  const FrameTree tree;
  CHECK(tree.find("exec/tools/report")->addr == "tools/report");
  CHECK(tree.find("exec/tools/report")->module_id == Module::exec);
  CHECK(tree.find("moxie/hello")->module_id == Module::moxie);
  CHECK(tree.find("moxie/hello/there")->addr == "hello/there");
  CHECK(tree.find("moxie/hello/there")->par == "moxie/hello");
  CHECK_FALSE(tree.find("moxie/hello/there/deeper"));
  CHECK(tree.find("dlib/compute.so")->module_id == Module::dlib);
  CHECK(tree.find("dlib/compute.so")->exectype == ExecType::none);
  CHECK(tree.find("dlib/compute.so/sum")->module_id == Module::dlsym);
  CHECK(tree.find("dlib/compute.so/sum")->par == "dlib/compute.so");
  CHECK_FALSE(tree.find("dlib/compute.so/sum/more"));
  CHECK_FALSE(tree.find("dlsym/anything"));
}

TEST_CASE("a function may be bound by another name than its own") {
  FrameTree tree;
  REQUIRE(tree.bind(frame("math", Module::dlib, "compute.so")));
  REQUIRE(tree.bind(frame("math/add", Module::dlsym, "sum")));
  CHECK(tree.find("math/add")->addr == "sum");
  CHECK(tree.find("math/primes")->addr == "primes");
}

TEST_CASE("what cannot be a frame is refused, and says why") {
  FrameTree tree;
  CHECK(refusal(tree, frame("")) == "the path of a frame, '': it is empty");
  CHECK(refusal(tree, frame("a//b")) == "the path of a frame, 'a//b': a part of it is empty");
  CHECK(refusal(tree, frame("/a")) == "the path of a frame, '/a': a part of it is empty");
  CHECK(refusal(tree, frame("a/")) == "the path of a frame, 'a/': a part of it is empty");
  CHECK(refusal(tree, frame("a/../b")) == "the path of a frame, 'a/../b': a part of it is . or ..");
  CHECK(refusal(tree, frame("a\nb")).ends_with("it has a control character"));
  CHECK(refusal(tree, frame(std::string(1025, 'a'))).ends_with("it is longer than 1024 bytes"));
  std::string deep = "a";
  for (int i = 0; i < 32; ++i) deep += "/a";
  CHECK(refusal(tree, frame(deep)).ends_with("it has more than 32 parts"));
  CHECK(refusal(tree, frame("a", Module::dlib)) ==
        "frame 'a': addr must say what its module is to open");
  CHECK(refusal(tree, frame("a", Module::none, "x")) ==
        "frame 'a': addr is for a module, and it has none");
  CHECK(refusal(tree, frame("a", Module::dlsym, "f")) ==
        "frame 'a': its module is dlsym, and its parent is no library");
  CHECK(refusal(tree, frame("dlib/open")) == "frame 'dlib/open': it is built in");
  Frame built_in = frame("a");
  built_in.exectype = ExecType::built_in;
  CHECK(refusal(tree, built_in) == "frame 'a': what is built in cannot be bound");
  Frame runs = frame("a");
  runs.exectype = ExecType::module_supported;
  CHECK(refusal(tree, runs) == "frame 'a': without a module that runs it, its exectype is none");
  Frame does_not = frame("a", Module::exec, "echo");
  does_not.exectype = ExecType::none;
  CHECK(refusal(tree, does_not) ==
        "frame 'a': what its module runs has the exectype module-supported");
  Frame isolated = frame("a", Module::exec, "echo");
  isolated.isolation = Isolation::library;
  CHECK(refusal(tree, isolated) == "frame 'a': isolation is of a library, whose module is dlib");
}

TEST_CASE("only what the world has bound may be taken out, and not while it is in use") {
  FrameTree tree;
  Frame configured = frame("set/up", Module::exec, "echo");
  configured.origin = Origin::configuration;
  REQUIRE(tree.bind(configured));
  CHECK(tree.unbind("set/up").error().message == "frame 'set/up': the configuration has bound it");
  CHECK(refusal(tree, frame("set/up")) == "frame 'set/up': the configuration has bound it");
  CHECK(tree.unbind("exec").error().message == "frame 'exec': it is built in");
  CHECK(tree.unbind("nothing").error().message == "there is no frame 'nothing'");

  REQUIRE(tree.bind(frame("lib", Module::dlib, "compute.so")));
  REQUIRE(tree.bind(frame("lib/add", Module::dlsym, "sum")));
  CHECK(tree.unbind("lib").error().message == "frame 'lib': it has 'lib/add' beneath it");
  tree.opened("lib/primes", 2);
  CHECK(refusal(tree, frame("lib", Module::dlib, "other.so")) == "frame 'lib': it is open");
  CHECK(tree.unbind("lib").error().message == "frame 'lib': it is open");
  REQUIRE(tree.closed("lib/primes", 2));
  REQUIRE(tree.unbind("lib/add"));
  REQUIRE(tree.unbind("lib"));
  CHECK(tree.bound_by_world().empty());
}

TEST_CASE("openings are counted, and who has them") {
  FrameTree tree;
  REQUIRE(tree.bind(frame("data")));
  CHECK(tree.opening("data") == nullptr);
  tree.opened("data", 2);
  tree.opened("data", 2);
  tree.opened("data", 7);
  REQUIRE(tree.opening("data") != nullptr);
  CHECK(tree.opening("data")->opens == 3);
  CHECK(tree.opening("data")->openers == std::map<std::int64_t, std::uint64_t>{{2, 2}, {7, 1}});
  CHECK(tree.closed("data", 9).error().message == "frame 'data': it was opened by somebody else");
  REQUIRE(tree.closed("data", 2));
  REQUIRE(tree.closed("data", 7));
  REQUIRE(tree.closed("data", 2));
  CHECK(tree.opening("data") == nullptr);
  CHECK(tree.times_opened("data") == 3);
  CHECK(tree.closed("data", 2).error().message == "frame 'data': it is not open");
}
