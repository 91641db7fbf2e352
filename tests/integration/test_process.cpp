// process.* through the real server: every field, error and permission, eviction, streams, faults.
#include <doctest/doctest.h>
#include <signal.h>

#include "tests/integration/support/exec_server.h"
#include "tests/integration/support/players.h"

using namespace cosmoo::test;

namespace {

// What an eval comes to that begins by spawning `fields` as p.
std::string with(Client& client, const std::string& fields, const std::string& code,
                 Client::Wait deadline = kDeadline) {
  return eval(client, "local p = process.spawn" + fields + " " + code, deadline);
}

// The text of what a call raised, as a literal: "E_INVARG: process.spawn(): ...".
std::string refusal(Client& client, const std::string& call) {
  return eval(client, "local ok, e = pcall(function() return " + call +
                          " end) return ok and 'none' or e.name .. ': ' .. e.message");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a spawned process is known at once, and waited for with all that it leaves") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(with(client, "{argv = {'echo', 'a b'}}",
             "return {p.status, p.command, p.owner == player, p.handle_id == "
             "('psh-%x-1'):format(p.pid), p.started_at:find('^%d+%-%d%d%-%d%dT.*Z$') == 1}") ==
        "{\"running\", \"echo a b\", true, true, true}");
  CHECK(with(client, "{argv = {'both'}}",
             "local w = process.wait(p.handle_id) return {w.status, w.exit_code, w.stdout, "
             "w.stderr, w.timed_out, w.running, w.signal == nil, w.limit == nil}") ==
        "{\"exited\", 3, \"out\\n\", \"err\\n\", false, false, true, true}");
  CHECK(with(client, "{argv = {'true'}}",
             "local w = process.wait(p) return {w.handle_id == p.handle_id, w.pid == p.pid, "
             "w.command, w.started_at == p.started_at, w.ended_at >= w.started_at, "
             "w.usage.wall_s > 0, w.usage.cpu_s >= 0, w.usage.memory_peak_bytes >= 0}") ==
        "{true, true, \"true\", true, true, true, true, true}");
}

TEST_CASE("poll shows a process while it runs and after it has ended, with its output so far") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(with(client, "{argv = {'cat'}, stdin = 'pipe', input = 'so far'}",
             "local a repeat suspend(0) a = process.poll(p) until a.stdout ~= '' "
             "process.close_stdin(p) local b = process.wait(p) local c = process.poll(p) "
             "return {a.status, a.running, a.exit_code == nil, a.stdout, a.usage.wall_s > 0, "
             "c.status, c.running, c.exit_code, c.stdout, toliteral(b) == toliteral(c)}") ==
        "{\"running\", true, true, \"so far\", true, \"exited\", false, 0, \"so far\", true}");
}

TEST_CASE("a signal is told as such, and no exit code") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(with(client, "{argv = {'signal'}}",
             "local w = process.wait(p) return {w.status, w.exit_code, w.signal}") ==
        "{\"killed\", -1, \"SIGTERM\"}");
}

TEST_CASE("a process over its time is stopped and keeps what it printed") {
  ExecServer s;
  Client client = s.server->log_in();
  for (const char* field : {"timeout_ms", "timeout"}) {
    CHECK(with(client, std::string("{argv = {'partial'}, ") + field + " = 300}",
               "local w = process.wait(p) return {w.status, w.timed_out, w.running, w.exit_code, "
               "w.stdout}") == "{\"timed_out\", true, false, -1, \"before\\n\"}");
  }
}

TEST_CASE("a wait that is over leaves the process running, and others waiting") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(
      with(client, "{argv = {'cat'}, stdin = 'pipe'}",
           "local main, ends = task_id(), 0 for i = 1, 20 do fork(0, function() "
           "if process.wait(p).status == 'exited' then ends = ends + 1 end "
           "if ends == 20 then resume(main) end end) end "
           "local w = process.wait(p, 20) local still = process.poll(p).running "
           "process.close_stdin(p) suspend(20) "
           "return {w.status, w.timed_out, w.running, w.handle_id == p.handle_id, still, ends}") ==
      "{\"running\", true, true, true, true, 20}");
  CHECK(refusal(client, "process.wait('psh-1-1', -1)").substr(0, 10) == "\"E_INVARG:");
  CHECK(with(client, "{argv = {'true'}}",
             "process.wait(p, 0) local ok, e = pcall(process.wait, p, -1) return {ok, e.name}") ==
        "{false, \"E_INVARG\"}");
}

TEST_CASE("killing a task that waits does not kill what it waits for") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(with(client, "{argv = {'cat'}, stdin = 'pipe'}",
             "local waiting = fork(0, function() process.wait(p) end) "
             "local reading = fork(0, function() process.read(p) end) suspend(0) "
             "local shown = {} for _, row in ipairs(queued_tasks()) do shown[row[1]] = row[2] end "
             "kill_task(waiting) kill_task(reading) process.write(p, 'on') process.close_stdin(p) "
             "local w = process.wait(p) "
             "return {shown[waiting] == 'process.wait ' .. p.handle_id, "
             "shown[reading] == 'process.read ' .. p.handle_id, w.status, w.stdout}") ==
        "{true, true, \"exited\", \"on\"}");
}

TEST_CASE("kill ends a process with all that it started, once and again") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(with(client, "{argv = {'family'}}",
             "local w repeat suspend(0) w = process.poll(p) until w.stdout ~= '' "
             "local a, b = process.kill(p), process.kill(p) w = process.wait(p) "
             "return {a.success, a.status, b.success, b.status, w.status, w.exit_code, w.signal, "
             "w.timed_out, #jobs()}") ==
        "{true, \"killed\", true, \"killed\", \"killed\", -1, \"SIGKILL\", false, 0}");
  // In the moment in which it starts, and when it had ended before.
  CHECK(with(client, "{argv = {'sleep', '100'}}", "return process.kill(p)") ==
        "{status = \"killed\", success = true}");
  CHECK(with(client, "{argv = {'true'}}", "process.wait(p) return process.kill(p)") ==
        "{status = \"exited\", success = true}");
}

TEST_CASE("what is released is forgotten, and killed if it runs; who waits learns that") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(with(client, "{argv = {'sleep', '100'}}",
             "local main, told = task_id() fork(0, function() told = process.wait(p).status "
             "resume(main) end) suspend(0) local a = process.release(p) local b = "
             "process.release(p) suspend(20) local ok, e = pcall(process.poll, p) "
             "return {a, b, told, e.name, #process.list(), #jobs()}") ==
        "{{released = true}, {released = false}, \"killed\", \"E_INVARG\", 0, 0}");
}

TEST_CASE("an unknown handle is E_INVARG, but for release") {
  ExecServer s;
  Client client = s.server->log_in();
  for (const char* call :
       {"poll(h)", "wait(h)", "kill(h)", "read(h)", "write(h, 'x')", "close_stdin(h)"}) {
    CAPTURE(call);
    for (const char* id : {"'psh-deadbeef-999'", "''", "{handle_id = 'x'}"}) {
      const std::string done =
          refusal(client, "(function(h) return process." + std::string(call) + " end)(" + id + ")");
      CHECK(has(done, "E_INVARG: process."));
      CHECK(has(done, "there is no handle"));
    }
    for (const char* id : {"{}", "{pid = 3}", "5"}) {
      CHECK(error_of(client, "(function(h) return process." + std::string(call) + " end)(" + id +
                                 ")") == "\"E_TYPE\"");
    }
  }
  CHECK(eval(client, "process.release('psh-deadbeef-999')") == "{released = false}");
}

TEST_CASE("every field of spawn does what it says") {
  ExecServer s;
  s.script("sh", "exec /bin/sh \"$@\"");
  s.script("where", "pwd");
  Client client = s.server->log_in();
  const auto output = [&](const std::string& fields) {
    return with(client, fields, "return process.wait(p).stdout");
  };
  CHECK(output("{argv = {'echo', 'a b', 'c'}, mode = 'argv'}") == "\"a b c\\n\"");
  CHECK(output("{command = 'echo $((6 * 7)) | cat'}") == "\"42\\n\"");
  CHECK(output("{command = 'echo hi', mode = 'shell'}") == "\"hi\\n\"");
  CHECK(output("{argv = {'printenv'}}") == "\"PATH=/bin:/usr/bin\\n\"");
  CHECK(output("{argv = {'printenv'}, env = {B = '2', A = 'x=y'}}") ==
        "\"A=x=y\\nB=2\\nPATH=/bin:/usr/bin\\n\"");
  CHECK(output("{argv = {'printenv'}, env = {'B=2', 'A=x=y'}}") ==
        "\"A=x=y\\nB=2\\nPATH=/bin:/usr/bin\\n\"");
  CHECK(output("{argv = {'where'}, cwd = '/usr'}") == "\"/usr\\n\"");
  CHECK(with(client, "{argv = {'cat'}, input = 'a\\0b\\255~41'}",
             "return process.wait(p).stdout == 'a\\0b\\255~41'") == "true");
  CHECK(output("{argv = {'cat'}, stdin = 'none'}") == "\"\"");
  CHECK(output("{argv = {'true'}, timeout_ms = 0, limits = {}, when_full = 'stop'}") == "\"\"");
  CHECK(with(client,
             "{argv = {'echo', 'x'}, sandbox_profile = 'open', limits = {wall_s = 60, cpu_s = 60, "
             "memory_bytes = 2^30, processes = 50, cpu_shares = 512, open_files = 64, "
             "file_size_bytes = 2^20, output_bytes = 2^40}}",
             "local w = process.wait(p) return {w.status, w.stdout}") == "{\"exited\", \"x\\n\"}");
  CHECK(with(client, "{argv = {'partial'}, limits = {wall_s = 0.3}, timeout_ms = 1e9}",
             "return process.wait(p).status") == "\"timed_out\"");
  CHECK(with(client, "{argv = {'flood'}, limits = {output_bytes = 1000}}",
             "local w = process.wait(p) return {w.status, w.limit, w.exit_code, #w.stdout}") ==
        "{\"over_limit\", \"output\", -1, 1000}");
}

TEST_CASE("every wrong field is refused with its name") {
  ExecServer s;
  Client client = s.server->log_in();
  struct Wrong {
    const char* fields;
    const char* error;
    const char* named;
  };
  for (const Wrong& wrong : {
           Wrong{"{argv = {'true'}, wat = 1}", "E_INVARG", "wat"},
           {"{}", "E_INVARG", "argv"},
           {"{'true'}", "E_INVARG", "argv"},
           {"{argv = 'true'}", "E_TYPE", "argv"},
           {"{argv = {}}", "E_INVARG", "argv"},
           {"{argv = {'true', 5}}", "E_INVARG", "argv"},
           {"{argv = {'true', 'a\\0b'}}", "E_INVARG", "argv"},
           {"{argv = {'true'}, command = 'true'}", "E_INVARG", "command"},
           {"{command = 5}", "E_TYPE", "command"},
           {"{command = 'a\\0b'}", "E_INVARG", "command"},
           {"{command = 'true', mode = 'argv'}", "E_INVARG", "argv"},
           {"{argv = {'true'}, mode = 'shell'}", "E_INVARG", "shell"},
           {"{argv = {'true'}, mode = 'exec'}", "E_INVARG", "mode"},
           {"{argv = {'true'}, mode = 1}", "E_TYPE", "mode"},
           {"{argv = {'true'}, env = 'A=1'}", "E_TYPE", "env"},
           {"{argv = {'true'}, env = {A = 1}}", "E_INVARG", "A=1"},
           {"{argv = {'true'}, env = {['A=B'] = '1'}}", "E_INVARG", "A=B"},
           {"{argv = {'true'}, env = {[''] = '1'}}", "E_INVARG", "environment"},
           {"{argv = {'true'}, env = {LD_PRELOAD = '/x.so'}}", "E_INVARG", "LD_PRELOAD"},
           {"{argv = {'true'}, env = {'A'}}", "E_INVARG", "A"},
           {"{argv = {'true'}, env = {'A=1', 'A=2'}}", "E_INVARG", "A=2"},
           {"{argv = {'true'}, env = {A = 'x\\0y'}}", "E_INVARG", "NUL"},
           {"{argv = {'true'}, cwd = 5}", "E_TYPE", "cwd"},
           {"{argv = {'true'}, cwd = 'relative'}", "E_INVARG", "cwd"},
           {"{argv = {'true'}, cwd = ''}", "E_INVARG", "cwd"},
           {"{argv = {'true'}, cwd = '/etc/passwd'}", "E_INVARG", "/etc/passwd"},
           {"{argv = {'true'}, input = 5}", "E_TYPE", "input"},
           {"{argv = {'true'}, stdin = 'tty'}", "E_INVARG", "stdin"},
           {"{argv = {'true'}, stdin = true}", "E_TYPE", "stdin"},
           {"{argv = {'true'}, when_full = 'drop'}", "E_INVARG", "when_full"},
           {"{argv = {'true'}, timeout_ms = -1}", "E_INVARG", "timeout_ms"},
           {"{argv = {'true'}, timeout_ms = 0/0}", "E_INVARG", "timeout_ms"},
           {"{argv = {'true'}, timeout_ms = '1'}", "E_TYPE", "timeout_ms"},
           {"{argv = {'true'}, timeout = 1, timeout_ms = 1}", "E_INVARG", "timeout"},
           {"{argv = {'true'}, sandbox_profile = 'nonsense'}", "E_INVARG", "nonsense"},
           {"{argv = {'true'}, sandbox_profile = 1}", "E_TYPE", "sandbox_profile"},
           {"{argv = {'true'}, limits = 5}", "E_TYPE", "limits"},
           {"{argv = {'true'}, limits = {5}}", "E_INVARG", "limits"},
           {"{argv = {'true'}, limits = {nonsense = 5}}", "E_INVARG", "nonsense"},
           {"{argv = {'true'}, limits = {output_bytes = 'x'}}", "E_TYPE", "output_bytes"},
           {"{argv = {'true'}, limits = {output_bytes = -1}}", "E_INVARG", "output_bytes"},
           {"{argv = {'true'}, limits = {wall_s = 0}}", "E_INVARG", "wall_s"},
           {"{argv = {'true'}, limits = {cpu_s = 0/0}}", "E_INVARG", "cpu_s"},
           {"{argv = {'true'}, limits = {memory_bytes = 1e300}}", "E_INVARG", "memory_bytes"},
           {"{argv = {'true'}, limits = {processes = 0}}", "E_INVARG", "processes"},
           // The same path rules as exec's.
           {"{argv = {'/bin/true'}}", "E_INVARG", "/bin/true"},
           {"{argv = {'../true'}}", "E_INVARG", "../true"},
           {"{argv = {'missing'}}", "E_INVARG", "missing"},
           {"{argv = {'outside'}}", "E_INVARG", "outside"},
           {"{argv = {'plain'}}", "E_INVARG", "plain"},
           // There is no shell unless someone puts one among the executables.
           {"{command = 'true'}", "E_INVARG", "sh"},
       }) {
    CAPTURE(wrong.fields);
    const std::string done = refusal(client, std::string("process.spawn") + wrong.fields);
    CHECK(has(done, std::string("\"") + wrong.error + ": process.spawn(): "));
    CHECK(has(done, wrong.named));
  }
  CHECK(error_of(client, "process.spawn()") == "\"E_ARGS\"");
  CHECK(error_of(client, "process.spawn('true')") == "\"E_TYPE\"");
  CHECK(eval(client, "{#process.list(), #jobs()}") == "{0, 0}");
}

TEST_CASE("the configuration's rules for exec hold for processes too") {
  ExecServer s(
      "[exec]\nallowed = [\"echo\", \"partial\", \"cat\"]\ninput_bytes = 100\nmax_jobs = 2\n"
      "[exec.program.partial]\ntimeout_seconds = 0.3\n"
      "[process]\nshell = \"\"\n");
  Client client = s.server->log_in();
  CHECK(error_of(client, "process.spawn{argv = {'true'}}") == "\"E_PERM\"");
  CHECK(has(refusal(client, "process.spawn{command = 'x'}"), "none is configured"));
  CHECK(error_of(client, "process.spawn{argv = {'cat'}, input = ('x'):rep(101)}") == "\"E_QUOTA\"");
  CHECK(with(client, "{argv = {'partial'}, timeout_ms = 1e9}", "return process.wait(p).status") ==
        "\"timed_out\"");
  CHECK(with(client, "{argv = {'cat'}, stdin = 'pipe'}",
             "process.spawn{argv = {'cat'}, stdin = 'pipe'} "
             "local ok, e = pcall(process.spawn, {argv = {'echo'}}) "
             "local ok, w = pcall(process.write, p, ('x'):rep(101)) return {e.name, w.name}") ==
        "{\"E_QUOTA\", \"E_QUOTA\"}");
}

TEST_CASE("a spawned process has no time limit unless it is given one") {
  ExecServer s("[exec]\ntimeout_seconds = 0.2\n[process]\ntimeout_seconds = 0\n");
  Client client = s.server->log_in();
  CHECK(with(client, "{argv = {'sleep', '0.5'}}", "return process.wait(p).status") == "\"exited\"");
  ExecServer limited("[process]\ntimeout_seconds = 0.2\n");
  Client other = limited.server->log_in();
  CHECK(with(other, "{argv = {'sleep', '100'}}", "return process.wait(p).status") ==
        "\"timed_out\"");
}

TEST_CASE("only wizards spawn, and only the owner of a handle and wizards use it") {
  ExecServer s;
  Client wizard = s.server->log_in();
  Client pat = make_player(*s.server, wizard, "Pat", "programmer");
  Client sam = make_player(*s.server, wizard, "Sam", "wizard");
  CHECK(error_of(pat, "process.spawn{argv = {'true'}}") == "\"E_PERM\"");
  CHECK(error_of(pat, "kill_job(1)") == "\"E_PERM\"");
  CHECK(eval(pat, "process.list()") == "{}");
  const std::string id = with(sam, "{argv = {'cat'}, stdin = 'pipe'}", "return p.handle_id");
  for (const char* call : {"poll", "wait", "kill", "release", "read", "close_stdin"}) {
    CAPTURE(call);
    CHECK(error_of(pat, "process." + std::string(call) + "(" + id + ")") == "\"E_PERM\"");
  }
  CHECK(error_of(pat, "process.write(" + id + ", 'x')") == "\"E_PERM\"");
  CHECK(eval(wizard, "#process.list()") == "1");
  CHECK(eval(wizard, "process.write(" + id + ", 'x') return process.poll(" + id + ").owner.name") ==
        "\"Sam\"");
  // Who is no wizard any more keeps what he has started, and sees no more than that.
  CHECK(with(wizard, "{argv = {'sleep', '100'}}", "find_player('Sam').wizard = false return 0") ==
        "0");
  CHECK(error_of(sam, "process.spawn{argv = {'true'}}") == "\"E_PERM\"");
  CHECK(eval(sam, "process.close_stdin(" + id + ") local w = process.wait(" + id +
                      ") return {w.stdout, #process.list()}") == "{\"x\", 1}");
  CHECK(eval(sam, "process.release(" + id + ").released") == "true");
}

TEST_CASE("a receipt is its owner's, and wizards' too") {
  ExecServer s("[process]\nmax_handles = 1\n");
  Client wizard = s.server->log_in();
  Client pat = make_player(*s.server, wizard, "Pat", "programmer");
  const std::string id = with(wizard, "{argv = {'status', '9'}}",
                              "process.wait(p) process.spawn{argv = {'true'}} return p.handle_id");
  for (const char* call : {"poll", "wait", "kill", "release", "read", "close_stdin"}) {
    CHECK(error_of(pat, "process." + std::string(call) + "(" + id + ")") == "\"E_PERM\"");
  }
  CHECK(eval(wizard,
             "local h = " + id +
                 " local a, b = process.poll(h), process.wait(h) local c = process.kill(h) "
                 "local ok, e = pcall(process.write, h, 'x') process.close_stdin(h) "
                 "return {a.status, a.exit_code, a.running, a.evicted, a.stdout, b.exit_code, "
                 "c.success, c.status, process.read(h) == nil, e.name, "
                 "process.release(h).released, process.release(h).released}") ==
        "{\"exited\", 9, false, true, \"\", 9, true, \"exited\", true, \"E_INVARG\", true, false}");
}

TEST_CASE("with too many handles the oldest that has ended goes, else the oldest is killed") {
  ExecServer s("[process]\nmax_handles = 3\n");
  Client client = s.server->log_in();
  CHECK(eval(client,
             "local function spawn(...) return process.spawn{argv = {...}} end "
             "local a, b, c = spawn('sleep', '100'), spawn('true'), spawn('true') "
             "process.wait(b) process.wait(c) local d = spawn('sleep', '100') "
             "local first = process.poll(b) spawn('sleep', '100') "
             "local ids = {} for i, row in ipairs(process.list()) do ids[i] = row.handle_id end "
             "local all = {first.evicted, process.poll(c).evicted, #ids, ids[1] == a.handle_id} "
             "local main, told = task_id() fork(0, function() told = process.wait(a).status "
             "resume(main) end) suspend(0) spawn('sleep', '100') suspend(20) "
             "local gone = process.poll(a) return {all, told, gone.status, gone.exit_code, "
             "gone.evicted, process.poll(d).running}") ==
        "{{true, true, 3, true}, \"killed\", \"killed\", -1, true, true}");
  CHECK(has(s.server->log(), "is killed: there are 3 handles"));
}

TEST_CASE("where the configuration says so one too many is E_QUOTA, and nothing is killed") {
  ExecServer s("[process]\nmax_handles = 2\non_full = \"refuse\"\n");
  Client client = s.server->log_in();
  CHECK(eval(client,
             "local function spawn(...) return process.spawn{argv = {...}} end "
             "local a, b = spawn('sleep', '100'), spawn('sleep', '100') "
             "local ok, e = pcall(spawn, 'true') local after = {ok, e.name, #process.list(), "
             "#jobs()} process.kill(b) local c = spawn('sleep', '100') "
             "return {after, process.poll(a).running, process.poll(b).evicted, "
             "process.poll(c).running}") == "{{false, \"E_QUOTA\", 2, 2}, true, true, true}");
}

TEST_CASE("200 processes at once are written to, read and waited for, each its own") {
  ExecServer s("[process]\nmax_handles = 200\n");
  Client wizard = s.server->log_in();
  Client other = make_player(*s.server, wizard, "Pat", "programmer");
  wizard.line(
      ";local main, right, back = task_id(), 0, 0 for i = 1, 200 do fork(0, function() "
      "local p = process.spawn{argv = {'cat'}, stdin = 'pipe'} process.write(p, tostring(i)) "
      "local got = process.read(p).stdout process.write(p, '!') process.close_stdin(p) "
      "local w = process.wait(p) if got .. w.stdout == i .. '!' and w.exit_code == 0 then right = "
      "right + 1 end back = back + 1 if back == 200 then resume(main) end end) end "
      "suspend(120) return {right, back}");
  for (int i = 0; i < 50; ++i) CHECK(eval(other, "1 + 1") == "2");
  wizard.expect("=> {200, 200}", std::chrono::seconds(120));
  CHECK(eval(wizard, "{#jobs(), #process.list()}") == "{0, 200}");
}

TEST_CASE("a conversation: written, read as it comes, until the end") {
  ExecServer s;
  s.script("talk",
           "while read line; do echo \"got $line\"; echo \"log $line\" >&2; done; echo bye");
  Client client = s.server->log_in();
  CHECK(with(client, "{argv = {'talk'}, stdin = 'pipe'}",
             "local out, err = '', '' local function upto(text) while not out:find(text, 1, true) "
             "do local r = process.read(p) out, err = out .. r.stdout, err .. r.stderr end end "
             "process.write(p, 'one\\n') upto('got one\\n') process.write(p, 'two\\n') "
             "upto('got two\\n') process.close_stdin(p) process.close_stdin(p) "
             "while true do local r = process.read(p) if not r then break end "
             "out, err = out .. r.stdout, err .. r.stderr end "
             "local w = process.wait(p) return {out, err, w.stdout, w.stderr, w.exit_code, "
             "process.read(p) == nil}") ==
        "{\"got one\\ngot two\\nbye\\n\", \"log one\\nlog two\\n\", \"\", \"\", 0, true}");
}

TEST_CASE("read takes at most what it is asked for, and leaves the rest to poll") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(with(client, "{argv = {'echo', '12345'}}",
             "process.wait(p) local a = process.read(p, 2) local b = process.read(p, 2) "
             "local c = process.poll(p) local d = process.read(p) "
             "return {a.stdout, a.stderr, b.stdout, c.stdout, d.stdout, process.read(p) == nil}") ==
        "{\"12\", \"\", \"34\", \"5\\n\", \"5\\n\", true}");
  CHECK(with(client, "{argv = {'true'}}",
             "local ok, e = pcall(process.read, p, 0) return e.name") == "\"E_INVARG\"");
  CHECK(with(client, "{argv = {'true'}}",
             "local ok, e = pcall(process.read, p, '1') return e.name") == "\"E_TYPE\"");
}

TEST_CASE("write waits for a slow reader, and tells of one that does not read") {
  ExecServer s;
  s.script("late", "sleep 0.3; exec wc -c");
  s.script("deaf", "exec 0<&-; echo deaf; exec sleep 100");
  Client client = s.server->log_in();
  CHECK(with(client, "{argv = {'late'}, stdin = 'pipe'}",
             "process.write(p, ('x'):rep(1000000)) process.write(p, '') process.close_stdin(p) "
             "return process.wait(p).stdout") == "\"1000000\\n\"");
  CHECK(with(client, "{argv = {'deaf'}, stdin = 'pipe'}",
             "process.read(p) local ok, e = pcall(process.write, p, 'x') "
             "return {ok, e.name, process.poll(p).running}") == "{false, \"E_INVARG\", true}");
  CHECK(with(client, "{argv = {'sleep', '100'}, stdin = 'pipe'}",
             "local told fork(0, function() local ok, e = pcall(process.write, p, "
             "('x'):rep(1000000)) told = e.name end) suspend(0) process.kill(p) "
             "repeat suspend(0) until told return told") == "\"E_INVARG\"");
  CHECK(with(client, "{argv = {'cat'}}",
             "local ok, e = pcall(process.write, p, 'x') return e.name") == "\"E_INVARG\"");
  CHECK(with(client, "{argv = {'cat'}, stdin = 'pipe'}",
             "process.close_stdin(p) local ok, e = pcall(process.write, p, 'x') return e.name") ==
        "\"E_INVARG\"");
}

// The attack: output without end, faster than anyone reads it.
TEST_CASE("a flood is read in pieces while the server stays small and answers others") {
  ExecServer s("[exec]\noutput_bytes = 100000\n");
  Client wizard = s.server->log_in();
  Client other = make_player(*s.server, wizard, "Pat", "programmer");
  const std::size_t before = s.server->memory();
  wizard.line(
      ";local p = process.spawn{argv = {'flood'}, when_full = 'wait'} local taken, most = 0, 0 "
      "while taken < 20000000 do local n = #process.read(p).stdout taken = taken + n "
      "most = math.max(most, n) suspend(0) end "
      "return {taken >= 20000000, most <= 100000, process.kill(p).status}");
  for (int i = 0; i < 20; ++i) CHECK(eval(other, "1 + 1") == "2");
  wizard.expect("=> {true, true, \"killed\"}", std::chrono::seconds(60));
  if (!kSanitized) CHECK(s.server->memory() < before + (30u << 20));
  // Nobody reads: it waits, and holds no more than its limit.
  CHECK(with(wizard, "{argv = {'flood'}, when_full = 'wait'}",
             "local function n() return process.list()[2].stdout_bytes end "
             "repeat suspend(0) until n() == 100000 suspend(0.1) local after = n() "
             "return {after, process.poll(p).running, #process.poll(p).stdout, "
             "process.kill(p).status}") == "{100000, true, 100000, \"killed\"}");
}

TEST_CASE("@jobs shows every kind of job and ends one, and wizards alone may") {
  ExecServer s;
  Client wizard = s.server->log_in();
  CHECK(answer(wizard, "@jobs") == "Nothing runs outside the world.");
  Client pat = make_player(*s.server, wizard, "Pat", "programmer");
  CHECK(with(wizard, "{argv = {'partial'}}",
             "repeat suspend(0) until process.poll(p).stdout ~= '' "
             "fork(0, function() exec({'sleep', '100'}) end) suspend(0) "
             "local all = {} for i, job in ipairs(jobs()) do all[i] = {job.kind, job.command, "
             "job.owner == player, job.output, job.cpu >= 0, job.memory >= 0, job.age > 0} end "
             "return all") ==
        "{{\"process\", \"partial\", true, 7, true, true, true}, "
        "{\"process\", \"sleep 100\", true, 0, true, true, true}}");
  wizard.line("@jobs");
  const std::string title = wizard.read_line();
  for (const char* column : {"Job", "Kind", "Owner", "Age", "CPU", "Memory", "Output", "Command"}) {
    CHECK(has(title, column));
  }
  CHECK(has(wizard.read_line(), "partial"));
  CHECK(has(wizard.read_line(), "sleep 100"));
  const std::string id = eval(wizard, "jobs()[1].id");
  CHECK(answer(wizard, "@jobs kill " + id) == "Job " + id + " is killed.");
  CHECK(eval(wizard, "process.wait(process.list()[1]).status") == "\"killed\"");
  CHECK(has(answer(wizard, "@jobs kill " + id), "no running job"));
  CHECK(error_of(wizard, "kill_job(999)") == "\"E_INVARG\"");
  CHECK(error_of(pat, "jobs()") == "\"E_PERM\"");
}

TEST_CASE("wizards are told when a limit has stopped a job, the first by name") {
  ExecServer s;
  Client wizard = s.server->log_in();
  Client sam = make_player(*s.server, wizard, "Sam", "wizard");
  Client pat = make_player(*s.server, wizard, "Pat", "programmer");
  sam.line(";process.spawn{argv = {'flood', '\\27[2J\\nx'}, limits = {output_bytes = 10}}");
  const std::string told = wizard.expect(" ***\r\n");
  CHECK(has(told, "*** Job 1 of Sam (#"));
  CHECK(has(told, "was stopped because it was over its limit of output: flood [2J x"));
  sam.line(";process.spawn{argv = {'partial'}, timeout_ms = 1}");
  sam.line(";process.spawn{argv = {'partial'}, timeout_ms = 1}");
  wizard.expect("*** 2 more jobs were stopped by their limits. ***\r\n", std::chrono::seconds(30));
  CHECK(eval(pat, "1") == "1");
  CHECK_FALSE(has(pat.pending(), "***"));
  CHECK(has(s.server->log(), "was stopped because"));
}

TEST_CASE("exec and processes are one kind of job: kill_job ends an exec as a signal would") {
  ExecServer s;
  Client client = s.server->log_in();
  CHECK(eval(client,
             "local main, code = task_id() fork(0, function() code = exec({'partial'}) "
             "resume(main) end) repeat suspend(0) until jobs()[1] and jobs()[1].output > 0 "
             "kill_job(jobs()[1].id) suspend(20) return code") == "{137, \"before~0A\", \"\"}");
}

TEST_CASE("handles end with their server, whichever way it goes") {
  for (const int signal : {SIGTERM, SIGKILL}) {
    ExecServer s;
    s.script("deaf", "trap '' HUP INT TERM; echo $$; while :; do sleep 100; done");
    Client client = s.server->log_in();
    const std::string pids =
        with(client, "{argv = {'deaf'}}",
             "process.read(p) local q = process.spawn{argv = {'cat'}, stdin = 'pipe'} "
             "return p.pid .. ' ' .. q.pid");
    const pid_t first = std::stoi(pids.substr(1));
    const pid_t second = std::stoi(pids.substr(pids.find(' ')));
    CHECK(alive(first));
    CHECK(alive(second));
    CHECK(s.server->stop(signal) == (signal == SIGTERM ? 0 : 128 + SIGKILL));
    CHECK(gone(first));
    CHECK(gone(second));
  }
}

// The server is stopped while its processes print, end and run out of time.
TEST_CASE("a server that was stopped for a while loses nothing and blames nobody") {
  ExecServer s;
  Client client = s.server->log_in();
  client.line(
      ";local quick = process.spawn{argv = {'echo', 'done'}, timeout_ms = 60000} "
      "local slow = process.spawn{argv = {'partial'}, timeout_ms = 1000} "
      "local cat = process.spawn{argv = {'cat'}, stdin = 'pipe'} player:tell('pid ', quick.pid) "
      "local a, b = process.wait(quick), process.wait(slow) process.write(cat, 'on') "
      "return {a.status, a.stdout, b.status, b.stdout, process.read(cat).stdout}");
  client.expect("pid ");
  const pid_t quick = std::stoi(client.read_line());
  REQUIRE(::kill(s.server->pid(), SIGSTOP) == 0);
  CHECK(gone(quick));
  REQUIRE(::kill(s.server->pid(), SIGCONT) == 0);
  client.expect("=> {\"exited\", \"done\\n\", \"timed_out\", \"before\\n\", \"on\"}");
}
