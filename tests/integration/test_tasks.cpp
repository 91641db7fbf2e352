// Tasks over a real server: planned calls and restarts, the last slices, hooks, budgets.
#include <doctest/doctest.h>

#include "tests/integration/support/server.h"

using namespace cosmoo::test;

namespace {

ServerOptions in(const TempDirectory& directory, std::string config = {}) {
  ServerOptions options;
  options.data = directory.path() / "data";
  options.config = std::move(config);
  return options;
}

void program(Client& client, const std::string& verb, const std::string& code) {
  client.line("@program " + verb);
  client.expect("Now programming");
  client.line(code);
  client.line(".");
  client.expect("Programmed");
}

void make_programmer(Client& wizard, const std::string& name) {
  wizard.line("@player " + name + " secret99 programmer");
  wizard.expect("Made programmer " + name);
}

}  // namespace

TEST_CASE("a forked verb runs after a restart: at once if its time has passed, else at its time") {
  TempDirectory directory;
  std::string late;
  {
    Server server(in(directory));
    Client client = server.log_in();
    client.line("@prop me.rung {}");
    client.expect("Added");
    program(client, "me:ring", "this.rung = {args[1], caller_perms(), args[2]}");
    CHECK(eval(client, "fork(0.5, me, 'ring', 'overdue', {1, 'two'}) > 0") == "true");
    late = eval(client, "fork(1000, me, 'ring', 'late')");
    CHECK(eval(client, "kill_task(fork{seconds = 1000, object = me, verb = 'ring'}) return 1") ==
          "1");
    CHECK(server.stop() == 0);
  }
  for (const int signal : {SIGTERM, SIGKILL}) {  // the second start finds the first one's rest
    Server server(in(directory));
    Client client = server.log_in();
    // It runs with nobody asking: what it changed is waited for.
    CHECK(eval(client, "while #me.rung == 0 do suspend(0.02) end return me.rung") ==
          "{\"overdue\", #2, {1, \"two\"}}");
    CHECK(eval(client, "local r = queued_tasks()[1] return {r[1], r[3], r[7], r[5], r[9], r[6]}") ==
          "{" + late + ", \"planned\", \"ring\", #2, #2, #2}");
    CHECK(eval(client,
               "local r = queued_tasks()[1] local d = r[2] - ftime() return d > 800 and d "
               "< 1000") == "true");
    CHECK(eval(client, "fork(0, function() end) > " + late) == "true");
    client.line("@forks");
    client.expect(late);
    server.stop(signal);
  }
}

TEST_CASE("after a kill -9 a planned call has run exactly as often as its effects were kept") {
  TempDirectory directory;
  {
    Server server(in(directory));
    Client client = server.log_in();
    client.line("@prop me.count 0");
    client.line("@prop me.pulse 0");
    client.expect("pulse");
    program(client, "me:beat",
            "this.count = this.count + 1 this.pulse = fork(0.001, this, 'beat')");
    CHECK(eval(client, "me:beat() checkpoint() return me.count > 0") == "true");
    CHECK(server.stop(SIGKILL) == 128 + SIGKILL);
  }
  // One chain of calls, each of which plans the next: never none, never two, whenever it is killed.
  for (int i = 0; i < 4; ++i) {
    Server server(in(directory));
    Client client = server.log_in();
    CHECK(eval(client,
               "local seen = me.count while me.count < seen + 20 do suspend(0.002) end "
               "return #queued_tasks()") == "1");
    CHECK(eval(client, "queued_tasks()[1][1] == me.pulse") == "true");
    CHECK(server.stop(SIGKILL) == 128 + SIGKILL);
  }
}

TEST_CASE("a planned call whose verb is gone by then is dropped with a line in the log") {
  TempDirectory directory;
  {
    Server server(in(directory));
    Client client = server.log_in();
    program(client, "me:once", "return 1");
    CHECK(eval(client, "fork(2, me, 'once') delete_verb(me, 'once') return 1") == "1");
    CHECK(server.stop() == 0);
  }
  Server server(in(directory));
  Client client = server.log_in();
  CHECK(eval(client, "while #queued_tasks() > 0 do suspend(0.01) end return 1") == "1");
  CHECK(server.log().find("#2:once was to be called, and is gone") != std::string::npos);
}

TEST_CASE("at the server's end tasks clean up, players are told, and what they changed is kept") {
  TempDirectory directory;
  {
    Server server(in(directory));
    Client client = server.log_in();
    client.line("@prop me.left \"\"");
    client.expect("Added");
    program(client, "me:work",
            "local ok, e = pcall(suspend) local again, why = pcall(suspend, 1) "
            "this.left = {e.name, why.name}");
    client.line(";me:work()");
    CHECK(eval(client, "#queued_tasks()") == "1");
    const std::string id = eval(client, "queued_tasks()[1][1]");
    CHECK(server.stop() == 0);
    client.expect("*** Task " + id + " (#2:work) ends with the server. ***");
    client.expect("shutting down");
  }
  Server server(in(directory));
  Client client = server.log_in();
  CHECK(eval(client, "me.left") == "{\"E_INTRPT\", \"E_INTRPT\"}");
  CHECK(eval(client, "#queued_tasks()") == "0");
}

TEST_CASE("tasks that will not end do not keep the server from it") {
  Server server;
  Client client = server.log_in();
  for (int i = 0; i < 30; ++i) {
    client.line(";fork(0, function() while true do pcall(suspend) end end)");
    client.expect("=> ");
  }
  CHECK(server.stop() == 0);
}

TEST_CASE("#0's hooks hear of uncaught errors and of tasks that ran out, and may keep them quiet") {
  Server server;
  Client client = server.log_in();
  client.line("@prop #0.heard {}");
  client.line("@prop me.shown true");
  client.expect("Added #2.shown");
  program(client, "#0:handle_uncaught_error",
          "this.heard = {code = args[1], msg = args[2], value = args[3], traceback = args[4], "
          "formatted = args[5], who = player, from = caller_perms()} return not player.shown");
  program(client, "#0:handle_task_timeout",
          "this.heard = {what = args[1], calls = #args[2], text = args[3][1]} "
          "return not player.shown");
  program(client, "me:fail", "raise(E_RANGE, 'too far', {1, 2})");

  client.line(";me:fail()");
  client.expect("E_RANGE: too far");
  client.expect("(End of traceback)");
  CHECK(eval(client,
             "local h = #0.heard return {h.code, h.msg, h.value, h.traceback[1], "
             "h.formatted[1], h.who, h.from}") ==
        "{E_RANGE, \"too far\", {1, 2}, {#2, \"fail\", #2, #2, #2, 1}, "
        "\"#2:fail, line 1:  E_RANGE: too far\", #2, #-1}");
  CHECK(eval(client, "#0.heard.formatted[#(#0.heard.formatted)]") == "\"(End of traceback)\"");

  client.line(";while true do end");
  client.expect("ran out of ticks");
  CHECK(eval(client, "{#0.heard.what, #0.heard.calls > 0}") == "{\"ticks\", true}");
  client.line(";me.shown = false");
  client.expect("=> ");
  client.line(";me:fail()");
  client.line(";while true do end");
  client.line(";3 + 4");
  const std::string before = client.expect("=> 7");
  CHECK(before.find("traceback") == std::string::npos);
  CHECK(before.find("ran out") == std::string::npos);
  CHECK(eval(client, "#0.heard.what") == "\"ticks\"");
}

// The attack: a hook that fails itself, at once, later, and in a task of its own.
TEST_CASE("a hook that fails is not called for its own failure") {
  Server server;
  Client client = server.log_in();
  client.line("@prop #0.calls 0");
  client.expect("Added");
  program(client, "#0:handle_uncaught_error",
          "this.calls = this.calls + 1 fork(0, function() error('forked') end) suspend(0) "
          "error('hook')");
  client.line(";error('first')");
  client.expect("first");
  CHECK(eval(client,
             "while #queued_tasks() > 0 do suspend(0.01) end suspend(0.05) return "
             "#0.calls") == "1");
  client.line(";error('second')");
  client.expect("second");
  CHECK(eval(client, "#0.calls") == "2");
}

TEST_CASE("a wizard gives a player more or less, and a programmer cannot give itself more") {
  Server server;
  Client wizard = server.log_in();
  make_programmer(wizard, "Pat");
  Client pat = server.log_in("Pat", "secret99");
  wizard.line(";add_property(find_player('Pat'), 'fg_ticks', 5000, 'r')");
  wizard.line(";add_property(find_player('Pat'), 'queued_task_limit', 2, 'r')");
  wizard.expect("=> ");
  wizard.expect("=> ");
  CHECK(eval(pat, "ticks_left() <= 5000") == "true");
  CHECK(eval(pat, "local ok, e = pcall(function() me.fg_ticks = 9000000 end) return e.name") ==
        "\"E_PERM\"");
  CHECK(eval(pat,
             "local n = 0 local ok, e = pcall(function() while true do fork(50, function() "
             "end) n = n + 1 end end) return {n, e.name}") == "{2, \"E_QUOTA\"}");
  CHECK(eval(pat, "local ok, e = pcall(suspend, 0) return e.name") == "\"E_QUOTA\"");
  wizard.line(";delete_property(find_player('Pat'), 'fg_ticks')");
  wizard.expect("=> ");
  CHECK(eval(pat, "add_property(me, 'fg_ticks', 9000000, 'rw') return 1") == "1");
  CHECK(eval(pat, "ticks_left() <= 60000") == "true");
}

// The attack: a programmer who forks without end, functions and verbs.
TEST_CASE("a million forks by one programmer leave the server and the others healthy") {
  TempDirectory directory;
  Server server(
      in(directory, "[budgets]\ntasks_per_player = 2000\nforeground_ticks = 100000000\n"));
  Client wizard = server.log_in();
  make_programmer(wizard, "Mallory");
  Client mallory = server.log_in("Mallory", "secret99");
  program(mallory, "me:bomb",
          "for i = 1, 2000 do pcall(fork, 900, this, 'bomb') pcall(fork, 900, function() end) end "
          "return fork(0, function() end)");
  const std::size_t before = server.memory();
  mallory.line(";me:bomb()");
  mallory.expect("E_QUOTA");
  CHECK(eval(mallory, "queued_tasks(nil, true)") == "2000");
  CHECK(eval(wizard, "fork(0, function() end) > 0") == "true");
  if (!kSanitized) CHECK(server.memory() - before < 2000 * 8192);
  CHECK(eval(wizard,
             "for _, row in ipairs(queued_tasks()) do pcall(kill_task, row[1]) end "
             "return queued_tasks(nil, true)") == "0");
  CHECK(eval(mallory, "fork(0, function() end) > 0") == "true");
}

TEST_CASE("queued_tasks() has MOO's ten fields, counts, and takes a limit") {
  Server server;
  Client client = server.log_in();
  program(client, "me:sleep", "suspend()");
  client.line(";me:sleep()");
  CHECK(eval(client,
             "local row = queued_tasks()[1] return {#row, row[1] > 0, row[2] == math.maxinteger, "
             "row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10] > 0}") ==
        "{10, true, true, \"suspended\", #2, #2, #2, \"sleep\", 1, #2, true}");
  CHECK(eval(client,
             "for i = 1, 9 do fork(100 + i, me, 'sleep') end return queued_tasks(nil, "
             "true)") == "10");
  CHECK(eval(client, "#queued_tasks(nil, false, 4)") == "4");
  CHECK(eval(client, "queued_tasks(nil, nil, 2)[2][3]") == "\"planned\"");
  CHECK(eval(client, "local ok, e = pcall(queued_tasks, true) return e.name") == "\"E_INVARG\"");
  CHECK(eval(client, "local ok, e = pcall(queued_tasks, nil, nil, -1) return e.name") ==
        "\"E_INVARG\"");
  CHECK(eval(client, "local t = ticks_left() queued_tasks() return t - ticks_left() >= 10") ==
        "true");
}

TEST_CASE("yin() suspends only when little is left, and checks what it is given") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client, "local t = ticks_left() yin() return ticks_left() < t") == "true");
  CHECK(eval(client, "for i = 1, 1000000 do if i % 100 == 0 then yin() end end return 'done'") ==
        "\"done\"");
  CHECK(eval(client,
             "local t = ticks_left() yin(0, 59999) return t <= 60000 and ticks_left() <= "
             "30000") == "true");
  for (const char* const wrong : {"yin(-1)", "yin(0, 0)", "yin(0, -5)", "yin(0, 60000)",
                                  "yin(0, 100, 0)", "yin(0, 100, 5)", "yin(1e10)"}) {
    CHECK_MESSAGE(eval(client, "local ok, e = pcall(function() " + std::string(wrong) +
                                   " end) return e.name") == "\"E_INVARG\"",
                  wrong);
  }
}
