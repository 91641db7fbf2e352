#include <doctest/doctest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>

#include "server/outbound_rules.h"
#include "server/resolver.h"

namespace cosmoo {
namespace {

OutboundRules rules(std::vector<std::string> entries) {
  return OutboundRules::parse(entries).value();
}

// A name server that answers for "slow" when it is told to.
struct NameServer {
  std::promise<void> asked, answer;
};
NameServer* name_server = nullptr;

Result<Addresses> find_late(const std::string& host) {
  if (host == "slow") {
    const auto answer = name_server->answer.get_future();
    name_server->asked.set_value();
    answer.wait();
  }
  if (host == "nobody") return fail(ErrorCode::invarg, "no such name");
  return Addresses{boost::asio::ip::make_address("192.0.2.1")};
}

TEST_CASE("a rule allows a host and a port, or all of a host's") {
  const auto some = rules({"example.org:80", "Other.Example.:*", "[::1]:7777", "192.0.2.1:25"});
  CHECK(some.allow("example.org", 80));
  CHECK(some.allow("EXAMPLE.org.", 80));
  CHECK(some.allow("other.example", 1));
  CHECK(some.allow("::1", 7777));
  CHECK(some.allow("192.0.2.1", 25));
  CHECK_FALSE(some.allow("example.org", 443));
  CHECK_FALSE(some.allow("www.example.org", 80));
  CHECK_FALSE(some.allow("example.or", 80));
  CHECK_FALSE(some.allow("example.org.evil.net", 80));
  CHECK_FALSE(some.allow("192.0.2.10", 25));
  CHECK_FALSE(some.allow("*", 80));
  CHECK_FALSE(some.allow("", 80));
  CHECK_FALSE(rules({}).allow("example.org", 80));
}

TEST_CASE("a rule that is malformed is told") {
  for (const char* entry : {"example.org", ":80", "example.org:", "example.org:0", "*:80", "*:*",
                            "example.org:65536", "example.org:http", "a:80x", ""}) {
    CAPTURE(entry);
    const auto parsed = OutboundRules::parse({"fine:80", entry});
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message.starts_with("\"" + std::string(entry) + "\" is not a host"));
  }
}

TEST_CASE("names are looked up on threads of their own, and a slow one delays no other") {
  NameServer server;
  name_server = &server;
  boost::asio::io_context loop;
  const auto work = boost::asio::make_work_guard(loop);
  std::string heard;
  Resolver resolver(loop, find_late);
  const auto note = [&](Result<Addresses> found) {
    heard += (found ? found->at(0).to_string() : found.error().message) + "; ";
  };
  REQUIRE(resolver.look_up("slow", note));
  REQUIRE(resolver.look_up("nobody", note));
  loop.run_one();
  CHECK(heard == "no such name; ");
  REQUIRE(resolver.look_up("fast", note));
  loop.run_one();
  CHECK(heard == "no such name; 192.0.2.1; ");
  CHECK(resolver.running() == 1);
  server.answer.set_value();
  loop.run_one();
  CHECK(heard == "no such name; 192.0.2.1; 192.0.2.1; ");
  CHECK(resolver.running() == 0);
}

TEST_CASE("a resolver that goes away waits for no look-up") {
  NameServer server;
  name_server = &server;
  bool called = false;
  {
    boost::asio::io_context loop;
    Resolver resolver(loop, find_late);
    REQUIRE(resolver.look_up("slow", [&](const Result<Addresses>&) { called = true; }));
    server.asked.get_future().wait();
  }
  server.answer.set_value();
  CHECK_FALSE(called);
}

TEST_CASE("the system knows this machine's own name for itself") {
  const auto found = addresses_of("localhost");
  REQUIRE(found);
  for (const auto& address : *found) CHECK(address.is_loopback());
  CHECK_FALSE(found->empty());
  CHECK(addresses_of("bad..name").error().code == ErrorCode::invarg);
}

}  // namespace
}  // namespace cosmoo
