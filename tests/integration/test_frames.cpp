// frame.* through the real server: what runs, what is refused, what is kept, what wizards see.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/support/players.h"
#include "tests/integration/support/server.h"

using namespace cosmoo::test;

namespace {

std::string error_of(Client& client, const std::string& call) {
  return eval(client, "local ok, e = pcall(function() return " + call +
                          " end) return ok and 'none' or e.name .. ': ' .. e.message");
}

}  // namespace

TEST_CASE("a function, a program and a guest are run one way and come back as one kind of result") {
  Server server;
  Client client = server.log_in();
  for (const char* call :
       {"frame.exec('dlib/compute.so/sum', {'1', '2.5'})", "frame.exec('exec/echo', {'3.5'})",
        "frame.exec('exec/cat', {}, '3.5\\n')"}) {
    CAPTURE(call);
    CHECK(eval(client,
               std::string("local r = ") + call +
                   " return {r.status, r.exit_code, r.stdout, r.stderr, r.usage.wall_s > 0}") ==
          R"({"exited", 0, "3.5\n", "", true})");
  }
  CHECK(eval(client,
             "local r = frame.exec('moxie/wordcount', {'three small words'}) return "
             "{r.status, r.exit_code, r.stdout == r.output, r.output}") ==
        R"({"exited", 0, true, "0 3 17 data0\n"})");
  CHECK(eval(client, "frame.exec('moxie/wordcount', {}, 'of its input').output") ==
        R"("0 3 12 data0\n")");
  CHECK(eval(client, "frame.exec('exec/printenv', {'A'}, '', {A = 'b'}).stdout") == R"("b\n")");
}

TEST_CASE("what goes wrong in a library ends its call alone") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client,
             "local r = frame.exec('dlib/crash.so/segfault') return {r.status, r.signal, "
             "r.exit_code, r.stdout}") == R"({"killed", "SIGSEGV", -1, "about to crash\n"})");
  CHECK(eval(client, "frame.exec('dlib/crash.so/exits', {'9'}).exit_code") == "9");
  const std::string late =
      eval(client, "frame.exec('dlib/crash.so/hangs', {}, '', {}, {timeout = 0.1}).status");
  CHECK(late.ends_with(R"("timed_out")"));
  CHECK(eval(client,
             "local r = frame.exec('dlib/crash.so/hangs', {}, '', {}, {limits = {cpu_s = "
             "0.1}}) return {r.status, r.limit}")
            .ends_with(R"({"over_limit", "cpu"})"));
  CHECK(eval(client, "frame.exec('dlib/crash.so/counts').stdout") == R"("1\n")");
}

TEST_CASE("every error of frame.exec and frame.map") {
  Server server;
  Client client = server.log_in();
  const std::pair<const char*, const char*> kErrors[] = {
      {"frame.exec('nothing/there')", "E_INVARG: frame.exec(): there is no frame 'nothing/there'"},
      {"frame.exec('a//b')",
       "E_INVARG: frame.exec(): the path of a frame, 'a//b': a part of it is empty"},
      {"frame.exec('dlib')",
       "E_INVARG: frame.exec(): dlib is not executable: its exectype is none"},
      {"frame.exec('dlib/compute.so')",
       "E_INVARG: frame.exec(): dlib/compute.so is not executable: its exectype is none"},
      {"frame.exec('dlib/absent.so/f')",
       "E_INVARG: frame.exec(): library 'absent.so' does not exist"},
      {"frame.exec('dlib/compute.so/absent')",
       "E_INVARG: frame.exec(): library 'compute.so': undefined symbol: absent"},
      {"frame.exec('exec/absent')", "E_INVARG: frame.exec(): program 'absent' does not exist"},
      {"frame.exec('moxie/absent')", "E_INVARG: frame.exec(): the guest absent: there is none"},
      {"frame.exec('exec/echo', {1})",
       "E_INVARG: frame.exec(): item 1 of the arguments is integer, not a string"},
      {"frame.exec('exec/echo', {'a\\0b'})",
       "E_INVARG: frame.exec(): item 1 of the arguments has a NUL byte in it"},
      {"frame.exec('dlib/compute.so/sum', {}, '', {LD_PRELOAD = 'x'})",
       "E_INVARG: frame.exec(): environment entry \"LD_PRELOAD=x\" would make the loader or shell "
       "run other code"},
      {"frame.exec('dlib/compute.so/sum', {}, '', {}, {profile = 'none such'})",
       "E_INVARG: frame.exec(): there is no profile 'none such'; there are open confined sealed"},
      {"frame.exec('exec/echo', {}, '', {}, {timeout = 0})",
       "E_INVARG: frame.exec(): option timeout cannot be 0"},
      {"frame.exec('exec/echo', {}, '', {}, {speed = 1})",
       "E_INVARG: frame.exec(): there is no option speed; there are timeout, profile and limits"},
      {"frame.exec('exec/echo', {}, '', {}, {limits = {hats = 1}})",
       "E_INVARG: frame.exec(): there is no limit hats in field limits; there are wall_s, cpu_s, "
       "memory_bytes, processes, cpu_shares, open_files, file_size_bytes and output_bytes"},
      {"frame.exec('moxie/wordcount', {}, '', {A = 'b'})",
       "E_INVARG: frame.exec(): moxie/wordcount is a guest, and has no environment"},
      {"frame.exec('moxie/wordcount', {}, '', nil, {profile = 'open'})",
       "E_INVARG: frame.exec(): moxie/wordcount is a guest, and has no profile"},
      {"frame.exec('dlib/open')",
       "E_INVARG: frame.exec(): dlib/open takes one argument, the path of a frame"},
      {"frame.exec('dlib/open', {'exec/echo'})",
       "E_INVARG: frame.exec(): exec/echo is not of the module dlib"},
      {"frame.exec('dlib/close', {'dlib/compute.so'})",
       "E_INVARG: frame.exec(): frame 'dlib/compute.so': you do not keep it open"},
      {"frame.exec()", "E_ARGS: frame.exec() takes 1 to 5 arguments, not 0"},
      {"frame.exec(1)", "E_TYPE: frame.exec(): argument 1 (path) must be string, not integer"},
      {"frame.map('exec/cat', 'absent')", "E_INVARG: frame.map(): there is no frame 'absent'"},
      {"frame.map('exec/cat', 'exec/absent')",
       "E_INVARG: frame.map(): program 'absent' does not exist"},
      {"frame.map('exec/cat', 'exec', {into = 'dlib/open'})",
       "E_INVARG: frame.map(): frame 'dlib/open': it is built in"},
  };
  for (const auto& [call, text] : kErrors) {
    CAPTURE(call);
    CHECK(error_of(client, call) == "\"" + [&] {
      std::string escaped;
      for (const char* at = text; *at; ++at) escaped += *at == '"' ? "\\\"" : std::string(1, *at);
      return escaped;
    }() + "\"");
  }
}

TEST_CASE("a value is mapped by functions of either style, programs and guests") {
  Server server;
  Client client = server.log_in();
  eval(client, "frame.bind{aframe_id = 'data/people', value = 'name,age\\nAnna,31\\n'}");
  CHECK(eval(client, "parse_json(frame.map('dlib/records.so/csv', 'data/people').stdout)") ==
        R"({{age = "31", name = "Anna"}})");
  CHECK(eval(client, "frame.map('exec/cat', 'data/people').stdout") == R"("name,age\nAnna,31\n")");
  CHECK(eval(client, "frame.map('moxie/wordcount', 'data/people').output") ==
        R"("2 2 17 data0\n")");
  CHECK(eval(client, "frame.map('exec/printenv', 'data/people', {args = {'FRAME_PATH'}}).stdout") ==
        R"("data/people\n")");
  CHECK(eval(client,
             "frame.map('dlib/records.so/describe', 'exec/echo').stdout:match('addr (%w+)')") ==
        R"("echo")");
  // What it writes becomes a frame, which is mapped in turn.
  CHECK(eval(client,
             "frame.map('dlib/records.so/reversed', 'data/people', {into = 'data/back'}).into") ==
        R"("data/back")");
  CHECK(eval(client, "frame.map('dlib/records.so/reversed', 'data/back').stdout") ==
        R"("name,age\nAnna,31\n")");
  CHECK(eval(client,
             "frame.map('exec/test_exit_status', 'data/back', {args = {'3'}, into = 'x'}).into") ==
        "nil");
  CHECK(error_of(client, "frame.info('x')") ==
        R"("E_INVARG: frame.info(): there is no frame 'x'")");
}

TEST_CASE("a function of a guest is called in the place of its main()") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client, "frame.exec('moxie/wordcount/main', {}, 'three small words').output") ==
        R"("0 3 17 data0\n")");
  // exit(argc): its own path and two more.
  CHECK(eval(client, "frame.exec('moxie/wordcount/exit', {'a', 'b'}).exit_code") == "3");
  // The same in the same number of instructions, whatever ran meanwhile.
  CHECK(eval(client,
             "local a, b = frame.exec('moxie/hello/main'), frame.exec('moxie/hello/main') "
             "return a.usage.instructions == b.usage.instructions, a.output == b.output") ==
        "true, true");
  CHECK(eval(client,
             "local found for _, path in ipairs(frame.list('moxie/wordcount')) do "
             "found = found or path == 'moxie/wordcount/main' end return found") == "true");
  eval(client, "frame.bind{aframe_id = 'words', module_id = 'moxie', addr = 'wordcount'}");
  CHECK(eval(client, "frame.exec('words/exit').exit_code") == "1");
  CHECK(error_of(client, "frame.exec('words/absent')") ==
        R"("E_INVARG: frame.exec(): the guest wordcount: it has no function absent")");
  CHECK(
      error_of(client, "frame.exec('moxie/wordcount/exit', {('x'):rep(70000)})") ==
      R"("E_INVARG: frame.exec(): the guest wordcount: its stack has no room for the arguments")");
  CHECK(error_of(client, "frame.list('moxie/absent')") ==
        R"("E_INVARG: frame.list(): the guest absent: there is none")");
}

TEST_CASE("what is bound survives a restart, and what the configuration binds stays its own") {
  ServerOptions options;
  options.config =
      "[[frame]]\naframe_id = \"tools/math\"\nmodule_id = \"dlib\"\naddr = \"compute.so\"\n"
      "isolate = \"library\"\n";
  const TempDirectory data;
  options.data = data.path();
  {
    Server server(options);
    Client client = server.log_in();
    CHECK(eval(client, "frame.exec('tools/math/sum', {'4'}).stdout") == R"("4\n")");
    eval(client, "frame.bind{aframe_id = 'my/lib', module_id = 'dlib', addr = 'compute.so'}");
    eval(client, "frame.bind{aframe_id = 'my/lib/add', module_id = 'dlsym', addr = 'sum'}");
    eval(client, "frame.bind{aframe_id = 'my/data', value = 'a\\0b'}");
    eval(client, "checkpoint()");
    CHECK(error_of(client, "frame.unbind('tools/math')") ==
          R"("E_INVARG: frame.unbind(): frame 'tools/math': the configuration has bound it")");
  }
  Server server(options);
  Client client = server.log_in();
  CHECK(eval(client, "frame.exec('my/lib/add', {'1', '2'}).stdout") == R"("3\n")");
  CHECK(eval(client, "frame.info('my/data').value == 'a\\0b'") == "true");
  CHECK(eval(client, "frame.info('tools/math').bound_by") == R"("configuration")");
  CHECK(eval(client, "frame.info('my/lib').bound_by") == R"("world")");
  CHECK(eval(client, "frame.list('my')") == R"({"my/data", "my/lib"})");
  eval(client, "frame.unbind('my/data')");
  CHECK(eval(client, "frame.list('my')") == R"({"my/lib"})");
}

TEST_CASE("a frame that somebody keeps open is shown so, and the tree is drawn") {
  Server server;
  Client client = server.log_in();
  eval(client, "frame.bind{aframe_id = 'my/lib', module_id = 'dlib', addr = 'compute.so'}");
  CHECK(
      eval(client, "frame.exec('dlsym/open', {'my/lib/sum'}).stdout:match('^0x%x+\\n$') ~= nil") ==
      "true");
  CHECK(eval(client,
             "local f = frame.info('my/lib/sum') return {f.opens, f.opened_by[player], f.value "
             "~= nil, f.since ~= nil}") == "{1, 1, true, true}");
  client.line("@frames");
  client.expect("  lib   dlib compute.so, open 1: Wizard (#2) 1");
  client.line("@frames my/lib");
  client.expect("  sum   dlsym sum, open 1: Wizard (#2) 1");
  client.line("@frames exec");
  client.expect("  echo   exec echo");
  client.line("@frames nothing");
  client.expect("there is no frame 'nothing'");
  CHECK(eval(client, "frame.exec('dlsym/close', {'my/lib/sum'}).exit_code") == "0");
  CHECK(eval(client, "frame.info('my/lib').opens") == "0");
}

TEST_CASE("a call is a job: it is listed, and killed with its task") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client,
             "local id = fork(0, function() frame.exec('dlib/crash.so/sleeps') end) "
             "suspend(0.2) for _, j in ipairs(jobs()) do if j.kind == 'function' then "
             "kill_task(id) suspend(0.2) local left = 0 for _, k in ipairs(jobs()) do if "
             "k.kind == 'function' then left = left + 1 end end return {j.command, left} end "
             "end return 'no job'") == R"({"dlib/crash.so/sleeps", 0})");
  CHECK(eval(client, "frame.info('dlib/crash.so').opens") == "0");
}

TEST_CASE("many calls at once leave the world as it is") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client,
             "local n, done = 30, 0 for i = 1, n do fork(0, function() if "
             "frame.exec('dlib/compute.so/sum', {tostring(i)}).stdout == i .. '\\n' then "
             "done = done + 1 end end) end for i = 1, 200 do if done == n then return done end "
             "suspend(0.05) end return done") == "30");
}

TEST_CASE("nobody but wizards has frames") {
  Server server;
  Client wizard = server.log_in();
  make_player(server, wizard, "Prog", "programmer");
  Client client = server.log_in("Prog", "secret");
  for (const char* call :
       {"frame.exec('exec/echo')", "frame.map('exec/cat', 'exec')", "frame.bind{aframe_id = 'a'}",
        "frame.unbind('a')", "frame.info('exec')", "frame.list()", "#0.frames"}) {
    CAPTURE(call);
    CHECK(error_of(client, call).starts_with("\"E_P"));
  }
}

TEST_CASE("a wrong frame of the configuration stops the start, and says where") {
  for (const auto& [config, text] :
       {std::pair("[[frame]]\naframe_id = \"a\"\nmodule_id = \"dlx\"\n",
                  "field module_id is one of dlib, dlsym, exec, moxie, not \"dlx\""),
        std::pair("[[frame]]\naframe_id = \"a\"\nmodule_id = \"dlib\"\n",
                  "frame 'a': addr must say what its module is to open"),
        std::pair("[[frame]]\naframe_id = 1\n", "frame.aframe_id must be a string"),
        std::pair("[frame]\n", "write [[frame]], once for each frame")}) {
    CAPTURE(config);
    const TempDirectory folder;
    std::ofstream(folder.path() / "config.toml") << config;
    const Run run = run_server({"--port", "0", "--data", (folder.path() / "data").string(),
                                "--config", (folder.path() / "config.toml").string()});
    CAPTURE(run.errors);
    CHECK(run.exit_code == 1);
    CHECK(run.errors.find(text) != std::string::npos);
  }
}
