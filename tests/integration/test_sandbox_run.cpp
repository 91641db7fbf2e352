// sandbox.* through the real server: what a run gives, each error, each limit and quota, and kills.
#include <doctest/doctest.h>
#include <sodium.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/integration/support/players.h"
#include "tests/integration/support/server.h"

using namespace cosmoo::test;
namespace fs = std::filesystem;

namespace {

const fs::path kGuests = fs::path(COSMOO_SCRIPTS).parent_path() / "executables" / "guests";

std::string bytes_of(const std::string& name) {
  std::ifstream file(kGuests / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// As `base64` prints it: lines of 76 characters.
std::string base64_of(const std::string& bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), ' ');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // its NUL
  std::string lines;
  for (std::size_t at = 0; at < text.size(); at += 76) lines += text.substr(at, 76) + "\r\n";
  return lines;
}

// The bytes of a guest, as a Lua expression.
std::string literal_of(const std::string& name) {
  std::string literal = "'";
  for (const char byte : bytes_of(name)) {
    char text[8];
    std::snprintf(text, sizeof text, "\\x%02x", static_cast<unsigned char>(byte));
    literal += text;
  }
  return literal + "'";
}

std::string error_of(Client& client, const std::string& call) {
  return eval(client, "local ok, e = pcall(function() return " + call +
                          " end) return ok and 'none' or e.name");
}

ServerOptions with(const std::string& config) {
  ServerOptions options;
  options.config = "[sandbox]\n" + config;
  return options;
}

// A Forth program that never ends.
const std::string kEndless = "sandbox.run('forth', ': f begin again ; f'";

}  // namespace

TEST_CASE("a guest's run gives status, output, state and usage") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client, "sandbox.run('hello').output") == "\"Hello from a processor of its own.\\n\"");
  CHECK(eval(client,
             "local r = sandbox.run('forth', '1 2 + .\" out\"') "
             "return r.status, r.exit_code, r.output, r.state, r.signal") ==
        "\"exited\", 0, \"out\", \"3\\n\", nil");
  CHECK(eval(client, "sandbox.run('wordcount', {'a b', 'c\\n'}).output") ==
        "\"0 2 3 data0\\n1 1 2 data1\\n1 3 5 total\\n\"");
  CHECK(eval(client, "sandbox.run('json_check', '[').exit_code") == "1");
  CHECK(eval(client,
             "local a, b = sandbox.run('hello'), sandbox.run('hello') "
             "return a.usage.instructions == b.usage.instructions, "
             "a.usage.instructions > 10, a.usage.memory_peak_bytes >= 65536, "
             "a.started_at:match('^%d+-%d+-%d+T%d+:%d+:%d+%.%d+Z$') ~= nil, "
             "a.started_at <= a.ended_at") == "true, true, true, true, true");
}

TEST_CASE("engines that the configuration names give the same results") {
  std::string first;
  for (const char* engine : {"auto", "jit", "interp"}) {
    Server server(with("engine = \"" + std::string(engine) + "\"\n"));
    Client client = server.log_in();
    const std::string result =
        eval(client,
             "local r = sandbox.run('forth', ': f 0 begin 1 + dup 100000 = until ; f .') "
             "return r.status, r.output, r.usage.instructions");
    CHECK(result.starts_with("\"exited\", \"100000 \", "));
    if (first.empty()) first = result;
    CHECK(result == first);
  }
}

TEST_CASE("a program goes by name, by its bytes, and by its digest") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client, "table.concat(sandbox.list(), ' ')") ==
        "\"forth hello json_check sha256 to_pgm wordcount\"");
  CHECK(eval(client, "sandbox.run(" + literal_of("hello") + ").exit_code") == "0");
  CHECK(eval(client,
             "local i = sandbox.info('hello') return i.entry, #i.sha256, "
             "sandbox.run('sha256:' .. i.sha256:upper()).output:sub(1, 5)") ==
        "4096, 64, \"Hello\"");
  CHECK(error_of(client, "sandbox.run('sha256:' .. ('0'):rep(64))") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.run('sha256:12')") == "\"E_INVARG\"");
}

TEST_CASE("names lead nowhere but to guests, and bytes must be a guest") {
  Server server;
  Client client = server.log_in();
  for (const char* name : {"nothing", "", "../echo", "/bin/true", ".", "sdk", "hello.c", "a\\0b"}) {
    CHECK_MESSAGE(error_of(client, "sandbox.run('" + std::string(name) + "')") == "\"E_INVARG\"",
                  name);
  }
  CHECK(error_of(client, "sandbox.run('\\x7fELF')") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.info('\\x7fELF' .. ('x'):rep(100))") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.info('nothing')") == "\"E_INVARG\"");
  // exec() does not see them.
  CHECK(error_of(client, "exec({'guests/hello'})") == "\"E_INVARG\"");
}

TEST_CASE("wrong arguments are refused with the right error") {
  Server server;
  Client client = server.log_in();
  CHECK(error_of(client, "sandbox.run()") == "\"E_ARGS\"");
  CHECK(error_of(client, "sandbox.run(1)") == "\"E_TYPE\"");
  CHECK(error_of(client, "sandbox.run('hello', 1)") == "\"E_TYPE\"");
  CHECK(error_of(client, "sandbox.run('hello', {1})") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.run('hello', explode(('x,'):rep(65), ','))") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.run('hello', {}, {color = 1})") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.run('hello', {}, {'budget'})") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.run('hello', {}, {budget = 0})") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.run('hello', {}, {budget = 0/0})") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.run('hello', {}, {budget = 'x'})") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.run('hello', {}, {stack = 2^40})") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.run('hello', {}, {timeout = -1})") == "\"E_INVARG\"");
  CHECK(error_of(client, "sandbox.run('hello', ('x'):rep(70000), {memory = 100000})") ==
        "\"E_INVARG\"");
}

TEST_CASE("limits end a run and say which it was") {
  Server server(with("output_bytes = 100\ndata_bytes = 1000\n"));
  Client client = server.log_in();
  CHECK(eval(client, "local r = " + kEndless +
                         ", {budget = 1234567}) "
                         "return r.status, r.limit, r.exit_code, r.usage.instructions") ==
        "\"over_limit\", \"instructions\", -1, 1234567");
  CHECK(eval(client, "local r = " + kEndless +
                         ", {budget = 1e10, timeout = 0.05}) "
                         "return r.status, r.limit") == "\"timed_out\", nil");
  CHECK(eval(client, "local r = sandbox.run('to_pgm') return r.status, r.limit, #r.output") ==
        "\"over_limit\", \"output\", 0");
  CHECK(error_of(client, "sandbox.run('hello', ('x'):rep(1001))") == "\"E_QUOTA\"");
  CHECK(error_of(client, "sandbox.run('hello', {('x'):rep(501), ('x'):rep(500)})") ==
        "\"E_QUOTA\"");
}

TEST_CASE("a fault is told with signal, address and pc, and harms nobody") {
  Server server;
  Client client = server.log_in();
  // A header that enters a segment of zeros, which is no instruction.
  const std::string zeros =
      "'\\x7fELF\\1\\1\\1' .. ('\\0'):rep(9) .. '\\2\\0\\xdf\\0\\1\\0\\0\\0\\0\\x10\\0\\0\\x34' .. "
      "('\\0'):rep(11) .. '\\x34\\0\\x20\\0\\1' .. ('\\0'):rep(7) .. '\\1\\0\\0\\0\\x54\\0\\0\\0"
      "\\0\\x10\\0\\0\\0\\x10\\0\\0\\4\\0\\0\\0\\4\\0\\0\\0\\5\\0\\0\\0\\1\\0\\0\\0\\0\\0\\0\\0'";
  CHECK(eval(client, "local r = sandbox.run(" + zeros +
                         ") return r.status, r.exit_code, r.signal, r.address, r.pc") ==
        "\"faulted\", -1, \"SIGILL\", 4096, 4096");
  CHECK(eval(client, "1 + 1") == "2");
}

TEST_CASE("programmers run guests, other players do not") {
  Server server;
  Client wizard = server.log_in();
  CHECK(eval(wizard,
             "local p = create($player) set_task_perms(p) "
             "local ok, e = pcall(sandbox.run, 'hello') return e.name") == "\"E_PERM\"");
  CHECK(eval(wizard,
             "local p = create($player) set_task_perms(p) "
             "local ok, e = pcall(sandbox.list) return e.name") == "\"E_PERM\"");
}

TEST_CASE("a programmer over a quota of guests, instructions or memory gets E_QUOTA") {
  Server server(
      with("guests_per_programmer = 2\n"
           "instructions_per_programmer = 3000000000\n"
           "memory_mib_per_programmer = 100\n"));
  Client client = server.log_in();
  CHECK(error_of(client, "sandbox.run('hello', {}, {budget = 3e9 + 1})") == "\"E_QUOTA\"");
  CHECK(error_of(client, "sandbox.run('hello', {}, {memory = 101 * 2^20})") == "\"E_QUOTA\"");
  const std::string run = kEndless + ", {budget = 1e9, memory = 2^20 * 4})";
  CHECK(eval(client, "local ids = {} for i = 1, 2 do ids[i] = fork(0, function() " + run +
                         " end) end suspend(0) local n = #jobs() "
                         "local ok, e = pcall(sandbox.run, 'hello') "
                         "for _, id in ipairs(ids) do kill_task(id) end "
                         "return n, e.name") == "2, \"E_QUOTA\"");
  // What was reserved is free again as soon as they have ended.
  CHECK(eval(client, "while #jobs() > 0 do suspend(0) end return sandbox.run('hello').exit_code") ==
        "0");
}

TEST_CASE("guests have a limit for all, and leave exec() its places") {
  Server server(
      with("max_guests = 3\nmax_memory_mib = 100\nmemory_mib = 1\n"
           "[exec]\nmax_jobs = 1\n"));
  Client client = server.log_in();
  CHECK(error_of(client, "sandbox.run('hello', {}, {memory = 101 * 2^20})") == "\"E_QUOTA\"");
  CHECK(eval(client, "for i = 1, 3 do fork(0, function() " + kEndless +
                         ", {budget = 4e9}) end) end suspend(0) "
                         "local ok, e = pcall(sandbox.run, 'hello') "
                         "local out = exec({'echo', 'still'})[2] local n = #jobs() "
                         "for _, task in ipairs(queued_tasks()) do kill_task(task[1]) end "
                         "return n, e.name, out") == "3, \"E_QUOTA\", \"still~0A\"");
}

TEST_CASE("a killed task's guest ends, and the world goes on meanwhile") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client, "local id = fork(0, function() " + kEndless +
                         ", {budget = 1.5e10}) end) suspend(0) local before = #jobs() "
                         "local label = jobs()[1].command kill_task(id) "
                         "while #jobs() > 0 do suspend(0) end return before, label") ==
        "1, \"guest forth\"");
}

TEST_CASE("the server ends at once while guests run") {
  Server server;
  Client client = server.log_in();
  CHECK(eval(client, "for i = 1, 4 do fork(0, function() " + kEndless +
                         ", {budget = 4e9}) end) end suspend(0) return #jobs()") == "4");
  client.line(";shutdown()");
  client.expect_closed();
}

TEST_CASE("many guests share the threads, and all end right") {
  Server server(
      with("guests_per_programmer = 100\n"
           "memory_mib_per_programmer = 10000\n"
           "instructions_per_programmer = 1000000000000\n"));
  Client client = server.log_in();
  CHECK(eval(client,
             "local main, done = task_id(), 0 for i = 1, 60 do fork(0, function() "
             "if sandbox.run('forth', i .. ' dup * .').output == i * i .. ' ' then done = done + 1 "
             "end "
             "if done == 60 then resume(main) end end) end suspend(30) return done") == "60");
}

TEST_CASE("@guests and @run-guest show and run what came with the server") {
  Server server;
  Client client = server.log_in();
  client.line("@guests");
  CHECK(client.expect("wordcount").find("hello") != std::string::npos);
  client.line(";here.description = 'three small words'");
  client.expect("=>");
  client.line("@run-guest wordcount on here");
  CHECK(client.expect(" instructions]").find("0 3 17 data0") != std::string::npos);
  client.line("@run-guest nothing");
  client.expect("there is none");
}

TEST_CASE("a programmer pastes a guest in base64, and runs it on a note's text") {
  const TempDirectory world;
  ServerOptions options;
  options.data = world.path() / "world";
  {
    Server server(options);
    Client wizard = server.log_in();
    Client ann = make_player(server, wizard, "Ann", "programmer");
    ann.line("@guest counter");
    ann.expect("Now paste counter in base64.");
    ann.send(base64_of(bytes_of("wordcount")) + ".\r\n");
    ann.expect("You have the guest counter of " + std::to_string(bytes_of("wordcount").size()) +
               " bytes");
    ann.line("@create $note named list");
    ann.expect("You now have list");
    ann.line("write three small words on list");
    ann.expect("It has 1 line now.");
    ann.line("write two more on list");
    ann.expect("It has 2 lines now.");
    ann.line("@run-guest counter on list");
    CHECK(ann.expect("[counter ended with 0 after ").find("2 5 27 data0") != std::string::npos);
    ann.expect(" instructions]");
    CHECK(eval(ann, "sandbox.run(player:guest('counter'), {'a b'}).output") ==
          "\"0 2 3 data0\\n\"");
    ann.line("@guests");
    CHECK(ann.expect("counter").find("hello") != std::string::npos);
    CHECK(ann.read_line().find("you") != std::string::npos);
    // It is Ann's alone.
    CHECK(error_of(wizard, "sandbox.run(player:guest('counter'))") == "\"E_INVARG\"");
    server.stop();
  }
  Server again(options);
  Client ann = again.log_in("Ann", "secret");
  ann.line("@run-guest counter on list");
  ann.expect("[counter ended with 0 after ");
  ann.line("@rmguest counter");
  ann.expect("Took counter away.");
  ann.line("@run-guest counter on list");
  ann.expect("the guest counter: there is none");
  ann.line("@rmguest counter");
  ann.expect("You have no guest counter");
}

TEST_CASE("what is wrong with a pasted guest is said, and the paste is no command") {
  Server server;
  Client client = server.log_in();
  const std::string hello = bytes_of("hello");
  const auto answer = [&client](const std::string& pasted, const std::string& expected) {
    client.line("@guest mine");
    client.expect("Now paste mine in base64.");
    client.send(pasted + ".\r\n");
    client.expect(expected);
    CHECK(eval(client, "player.guests.mine") == "nil");
  };
  answer("", "Nothing was pasted.");
  answer("say hello!\r\n", "Line 1 is not base64: it has \"!\" in it.");
  answer("say hell\r\n", "The base64 is cut off: 7 characters are not a multiple of 4.");
  answer("AAAA\r\nAA?A\r\n", "Line 2 is not base64: it has \"?\" in it.");
  answer("AA==\r\nAAAA\r\n", "Line 2 comes after the end of the base64");
  answer("A===\r\n", "decode_base64(): the text is not base64 from character");
  answer(base64_of("#!/bin/sh\n"),
         "That is no ELF file: it begins with 23 21 2f 62, not 7f 45 4c 46.");
  answer(base64_of(hello.substr(0, 40)), "not an ELF file: 40 bytes are too few for its header");
  std::string other = hello;
  other[18] = 62;
  answer(base64_of(other), "not for Moxie: machine 62 instead of 223");
  answer(base64_of(hello.substr(0, 200)), "beyond the file");
  const std::string lines = base64_of(hello);
  answer(lines.substr(0, lines.find("\r\n", 200) - 2) + "\r\n", "The base64 is cut off");

  client.line("@guest mine");
  client.expect("Now paste mine in base64.");
  client.send("AAAA\r\n@abort\r\n");
  client.expect("Given up.");
  client.line("@guest ../hello");
  client.expect("A guest's name has letters, digits, - and _, at most 40.");
  // Of a paste that is too large the rest is not taken for commands.
  eval(client, "$guests.most_bytes = 1000");
  std::string large;
  for (int i = 0; i < 1000; ++i) large += ";player.guests.mine = 'x'\r\n";
  answer(large, "A guest may have 1000 bytes.");
  answer(base64_of(hello.substr(0, 1002)), "A guest may have 1000 bytes.");
}

TEST_CASE("a guest that is brought counts against its owner's quota of bytes") {
  Server server;
  Client wizard = server.log_in();
  Client ann = make_player(server, wizard, "Ann", "programmer");
  wizard.line("@setquota Ann bytes 3000");
  wizard.expect("Ann");
  ann.line("@guest forth");
  ann.expect("Now paste forth in base64.");
  ann.send(base64_of(bytes_of("forth")) + ".\r\n");
  ann.expect("quota");
  CHECK(eval(ann, "player.guests.forth") == "nil");
}
