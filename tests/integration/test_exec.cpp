// exec() through the real server: every row of its error table, its limits, and many at once.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/integration/support/exec_server.h"

using namespace cosmoo::test;
namespace fs = std::filesystem;

TEST_CASE("exec gives exit code, output and errors") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(eval(client, "exec({'true'})") == "{0, \"\", \"\"}");
  CHECK(eval(client, "exec({'echo', 'a b', 'c'})") == "{0, \"a b c~0A\", \"\"}");
  CHECK(eval(client, "exec({'both'})") == "{3, \"out~0A\", \"err~0A\"}");
  CHECK(eval(client, "exec({'status', '42'})[1]") == "42");
  CHECK(eval(client, "exec({'signal'})[1]") == "143");
  CHECK(eval(client, "exec({'sub/echo', 'x'})[2]") == "\"x~0A\"");
  CHECK(eval(client, "exec({'inside', 'x'})[2]") == "\"x~0A\"");
}

TEST_CASE("input and output are binary strings, or bytes with raw") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(eval(client, "exec({'cat'}, 'tilde ~7E newline ~0A nul ~00 high ~FF')[2]") ==
        "\"tilde ~7E newline ~0A nul ~00 high ~FF\"");
  CHECK(eval(client, "exec({'cat'}, 'a\\0b~\\255', nil, {raw = true})[2] == 'a\\0b~\\255'") ==
        "true");
  CHECK(eval(client,
             "local all = {} for i = 0, 255 do all[#all + 1] = string.char(i) end "
             "local bytes = table.concat(all) "
             "return decode_binary(exec({'cat'}, encode_binary(bytes))[2]) == bytes") == "true");
  CHECK(error_of(client, "exec({'cat'}, '~ZZ')") == "\"E_INVARG\"");
  CHECK(error_of(client, "exec({'cat'}, 'end ~0')") == "\"E_INVARG\"");
}

TEST_CASE(
    "a large input is decoded beside the world, with the same errors, and can be killed "
    "meanwhile") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(eval(client,
             "local text = ('x~0A'):rep(100000) local r = exec({'cat'}, text) return {r[1], r[2] "
             "== text}") == "{0, true}");
  CHECK(error_of(client, "exec({'cat'}, ('x'):rep(300000) .. '~ZZ')") == "\"E_INVARG\"");
  CHECK(eval(client,
             "local text = ('x~0A'):rep(1000000) local id = fork(0, function() exec({'cat'}, text) "
             "end) "
             "suspend(0) local shown = queued_tasks()[1][2] kill_task(id) suspend(0.2) "
             "return {shown, #queued_tasks(), #jobs()}") == "{\"exec cat\", 0, 0}");
}

TEST_CASE("every refused command is E_INVARG, with what was wrong") {
  ExecServer s;
  Client client = s.server->log_in();
  for (const char* command : {"{}",
                              "{''}",
                              "{'/bin/echo'}",
                              "{'\\\\echo'}",
                              "{'C:echo'}",
                              "{'c:\\\\echo'}",
                              "{'..'}",
                              "{'../echo'}",
                              "{'sub/../echo'}",
                              "{'./echo'}",
                              "{'sub/./echo'}",
                              "{'foo/../../bar'}",
                              "{'.hidden'}",
                              "{'missing'}",
                              "{'sub'}",
                              "{'plain'}",
                              "{'outside'}",
                              "{'bin/echo'}",
                              "{'echo\\0'}",
                              "{'echo', 'a\\0b'}",
                              "{'echo', 5}",
                              "{5}",
                              "{'echo', {}}"}) {
    CAPTURE(command);
    CHECK(error_of(client, std::string("exec(") + command + ")") == "\"E_INVARG\"");
  }
  client.line(";exec({'missing'})");
  CHECK(client.expect("(End of traceback)").find("missing") != std::string::npos);
}

TEST_CASE("a program that the system will not execute is E_EXEC, with the reason") {
  ExecServer s;
  s.write("no_interpreter", "#!/nowhere/at/all\n", 0755);
  s.write("no_program", "only words\n", 0755);
  Client client = s.server->log_in();
  const auto error = [&client](const std::string& name) {
    return eval(client, "local ok, e = pcall(exec, {'" + name + "'}) return {e.name, e.message}");
  };
  CHECK(error("no_interpreter") ==
        "{\"E_EXEC\", \"exec(): cannot start 'no_interpreter': its interpreter '/nowhere/at/all' "
        "does not exist\"}");
  CHECK(error("no_program") ==
        "{\"E_EXEC\", \"exec(): cannot start 'no_program': it is neither a program that this "
        "machine can run nor a script that begins with \\\"#!\\\"\"}");
  CHECK(eval(client, "exec({'true'})[1]") == "0");
}

TEST_CASE("wrong types and counts are told apart from wrong values") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(error_of(client, "exec('echo')") == "\"E_TYPE\"");
  CHECK(error_of(client, "exec({a = 'echo'})") == "\"E_TYPE\"");
  CHECK(error_of(client, "exec({'cat'}, 5)") == "\"E_TYPE\"");
  CHECK(error_of(client, "exec({'cat'}, '', 'A=1')") == "\"E_TYPE\"");
  CHECK(error_of(client, "exec()") == "\"E_ARGS\"");
  CHECK(error_of(client, "exec({'true'}, '', {}, {}, 1)") == "\"E_ARGS\"");
  CHECK(error_of(client, "exec({'true'}, '', {}, {unknown = 1})") == "\"E_INVARG\"");
  CHECK(error_of(client, "exec({'true'}, '', {}, {timeout = -1})") == "\"E_INVARG\"");
  CHECK(error_of(client, "exec({'true'}, '', {}, {raw = 1})") == "\"E_INVARG\"");
}

TEST_CASE("only wizards may exec, and no verb of theirs lends it") {
  ExecServer s;
  Client wizard = s.server->log_in();
  wizard.line("@player Pat secret programmer");
  wizard.expect("Made programmer Pat");
  Client pat = s.server->log_in("Pat", "secret");
  CHECK(error_of(pat, "exec({'true'})") == "\"E_PERM\"");
  CHECK(error_of(pat, "jobs()") == "\"E_PERM\"");
  CHECK(error_of(pat, "executables()") == "\"E_PERM\"");
}

TEST_CASE("the environment is what was given and PATH, and nothing else") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(eval(client, "exec({'printenv'})[2]") == "\"PATH=/bin:/usr/bin~0A\"");
  CHECK(eval(client, "exec({'printenv'}, '', {'B=2', 'A=x=y'})[2]") ==
        "\"A=x=y~0AB=2~0APATH=/bin:/usr/bin~0A\"");
  CHECK(eval(client, "exec({'printenv'}, '', {'PATH=/evil'})[2]") == "\"PATH=/evil~0A\"");
  for (const char* bad : {"{'A'}", "{'=x'}", "{'A=1', 'A=2'}", "{'LD_PRELOAD=/x.so'}", "{'A=\\0'}",
                          "{5}", "{'BASH_ENV=/x'}", "{'GLIBC_TUNABLES=x'}"}) {
    CAPTURE(bad);
    CHECK(error_of(client, std::string("exec({'true'}, '', ") + bad + ")") == "\"E_INVARG\"");
  }
}

TEST_CASE("a program gets three descriptors and no signal state of the server's") {
  ExecServer s;
  Client client = s.server->log_in();
  // ls has its own descriptor for the directory; a script has itself.
  CHECK(eval(client, "#explode(exec({'fds'}, '', nil, {raw = true})[2], '\\n') <= 5") == "true");
  const std::string signals = eval(client, "exec({'signals'}, '', nil, {raw = true})[2]");
  CHECK(signals.find("SigBlk:\\t0000000000000000") != std::string::npos);
  CHECK(signals.find("SigIgn:\\t0000000000000000") != std::string::npos);
}

TEST_CASE("a timeout gives -1 and what was printed before") {
  ExecServer s("[exec]\ntimeout_seconds = 0.5\n");
  Client client = s.server->log_in();
  CHECK(eval(client, "exec({'partial'})") == "{-1, \"before~0A\", \"\"}");
  CHECK(eval(client, "exec({'partial'}, '', nil, {timeout = 0.2})") == "{-1, \"before~0A\", \"\"}");
  CHECK(eval(client, "exec({'true'}, '', nil, {timeout = 100})[1]") == "0");
}

TEST_CASE("a timeout of 0 in the configuration is none, and a script may still set one") {
  ExecServer s("[exec]\ntimeout_seconds = 0\n");
  Client client = s.server->log_in();
  CHECK(eval(client, "exec({'sleep', '0.2'})[1]") == "0");
  CHECK(eval(client, "exec({'partial'}, '', nil, {timeout = 0.2})") == "{-1, \"before~0A\", \"\"}");
  CHECK(eval(client, "exec({'sleep', '100'}, '', nil, {timeout = 0.0001})[1]") == "-1");
  CHECK(eval(client, "exec({'true'}, '', nil, {timeout = 1e300})[1]") == "0");
}

TEST_CASE("a program's own limits come from the configuration") {
  ExecServer s(
      "[exec.program.partial]\ntimeout_seconds = 0.3\n[exec.program.flood]\noutput_bytes = 1000\n");
  Client client = s.server->log_in();
  CHECK(eval(client, "exec({'partial'})[1]") == "-1");
  CHECK(eval(client, "local r = exec({'flood'}, '', nil, {raw = true}) return {r[1], #r[2]}") ==
        "{-1, 1000}");
}

TEST_CASE("output beyond the cap stops the program and keeps what fits") {
  ExecServer s("[exec]\noutput_bytes = 65536\n");
  Client client = s.server->log_in();
  CHECK(eval(client, "local r = exec({'flood'}, '', nil, {raw = true}) return {r[1], #r[2]}") ==
        "{-1, 65536}");
}

TEST_CASE("a program that the configuration does not name is E_PERM") {
  ExecServer s("[exec]\nallowed = [\"echo\"]\n");
  Client client = s.server->log_in();
  CHECK(eval(client, "exec({'echo', 'x'})[1]") == "0");
  CHECK(error_of(client, "exec({'true'})") == "\"E_PERM\"");
}

TEST_CASE("too many at once is E_QUOTA, and a place is free again when one ends") {
  ExecServer s("[exec]\nmax_jobs = 2\n");
  Client client = s.server->log_in();
  CHECK(eval(client,
             "for i = 1, 2 do fork(0, function() exec({'sleep', '100'}) end) end suspend(0.1) "
             "local ok, e = pcall(exec, {'true'}) return e.name") == "\"E_QUOTA\"");
  CHECK(eval(client,
             "for _, row in ipairs(queued_tasks()) do if row[2] == 'exec sleep 100' then "
             "kill_task(row[1]) "
             "break end end suspend(0.3) return exec({'true'})[1]") == "0");
}

TEST_CASE(
    "an exec task is shown as suspended, cannot be resumed, and can be killed with its whole "
    "tree") {
  ExecServer s;
  Client client = s.server->log_in();
  const auto pids = [&] {
    std::vector<pid_t> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      std::ifstream in(entry.path() / "cmdline");
      std::string line;
      std::getline(in, line);
      if (line == std::string("sleep\0"
                              "100\0",
                              10))
        found.push_back(std::stoi(entry.path().filename()));
    }
    return found;
  };
  const auto others = pids();  // somebody else's on this machine
  CHECK(
      eval(
          client,
          "local id = fork(0, function() player:tell('code ', exec({'family'})[1]) end) "
          "suspend(0.3) "
          "local row = queued_tasks()[1] return {row[1] == id, row[2], row[3], #task_stack(id)}") ==
      "{true, \"exec family\", \"suspended\", 1}");
  CHECK(eval(client, "local ok, e = pcall(resume, queued_tasks()[1][1]) return e.name") ==
        "\"E_INVARG\"");
  const std::string job_pid = eval(client, "jobs()[1].pid");
  auto before = pids();
  std::erase_if(before, [&](pid_t pid) {
    return std::find(others.begin(), others.end(), pid) != others.end();
  });
  CHECK(before.size() >= 4);
  CHECK(alive(std::stoi(job_pid)));
  CHECK(eval(client, "kill_task(queued_tasks()[1][1]) suspend(0.3) return #jobs()") == "0");
  const auto until = std::chrono::steady_clock::now() + kDeadline;
  while (alive(std::stoi(job_pid)) && std::chrono::steady_clock::now() < until) ::usleep(1000);
  std::size_t left = 0;
  for (const pid_t pid : before) left += alive(pid) ? 1u : 0u;
  CHECK(left == 0);
  CHECK(eval(client, "#queued_tasks()") == "0");
}

TEST_CASE("200 execs at once all come back, while others go on") {
  ExecServer s;
  Client wizard = s.server->log_in();
  wizard.line("@player Pat secret programmer");
  wizard.expect("Made programmer Pat");
  Client other = s.server->log_in("Pat", "secret");
  wizard.line(
      ";local main, right, back = task_id(), 0, 0 for i = 1, 200 do fork(0, function() "
      "local r = exec({'cat'}, tostring(i)) if r[2] == tostring(i) then right = right + 1 end "
      "back = back + 1 if back == 200 then resume(main) end end) end suspend(60) return {right, "
      "back}");
  for (int i = 0; i < 50; ++i) CHECK(eval(other, "1 + 1") == "2");
  wizard.expect("=> {200, 200}", std::chrono::seconds(60));
  CHECK(eval(wizard, "#jobs()") == "0");
}

TEST_CASE("what a player was told does not depend on when the program ends") {
  ExecServer s;
  Client client = s.server->log_in();
  client.line(";player:tell(exec({'echo', 'late'})[2])");
  client.line(";'next'");
  const std::string all = client.expect("late~0A");
  CHECK(all.find("next") != std::string::npos);  // the second command did not wait for the first
}

TEST_CASE("64 MiB through cat arrive byte for byte") {
  ExecServer s(
      "[exec]\noutput_bytes = 100000000\ninput_bytes = 100000000\n"
      "[budgets]\ntask_memory_mib = 600\nengine_memory_mib = 2000\nforeground_ticks = 10000000\n"
      "foreground_seconds = 60\nbackground_ticks = 10000000\nbackground_seconds = 60\n");
  Client client = s.server->log_in();
  CHECK(eval(client,
             "local parts = {} for i = 1, 1024 do parts[i] = ('%08d'):format(i):rep(8192) end "
             "local data = table.concat(parts) local r = exec({'cat'}, data, nil, {raw = true}) "
             "return {#data, r[1], r[2] == data}",
             std::chrono::seconds(60)) == "{67108864, 0, true}");
}
