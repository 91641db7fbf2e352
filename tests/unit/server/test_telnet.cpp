#include <doctest/doctest.h>
#include <zlib.h>

#include <random>

#include "server/telnet.h"
#include "server/utf8.h"

using namespace cosmoo;
using namespace std::string_literals;

namespace {

constexpr std::size_t kLimit = 1000;

struct Received {
  std::vector<std::string> lines;  // "<too long>" where a line was over the limit
  std::string out;
  TelnetCodec::WindowSize window;
  std::vector<std::string> terminals;
  bool failed = false;
  bool operator==(const Received&) const = default;
};

struct Peer {
  LineQueue queue;
  std::string out;
  TelnetCodec codec{kLimit, queue, out};

  Received take() {
    Received received;
    for (; !queue.empty(); queue.pop()) {
      received.lines.push_back(
          queue.kind(0) == LineQueue::Kind::too_long ? "<too long>" : std::string(queue.at(0)));
    }
    received.out = std::exchange(out, {});
    received.window = codec.window();
    received.terminals = codec.terminals();
    received.failed = codec.failed();
    return received;
  }
};

Received feed(std::string_view bytes) {
  Peer peer;
  peer.codec.receive(bytes);
  return peer.take();
}

Received feed_in_pieces(std::string_view bytes, std::minstd_rand& random, std::size_t most) {
  Peer peer;
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), 1 + random() % most);
    // A piece of its own in memory, so that a sanitizer sees reads beyond it.
    const std::vector<char> piece(bytes.begin(), bytes.begin() + static_cast<long>(size));
    peer.codec.receive({piece.data(), piece.size()});
    bytes.remove_prefix(size);
  }
  return peer.take();
}

std::string written(std::string_view text) {
  Peer peer;
  peer.codec.write_text(text);
  return peer.out;
}

std::string utf8(std::string_view bytes) {
  std::string out;
  append_utf8(out, bytes);
  return out;
}

}  // namespace

TEST_CASE("a line ends with CR LF, CR NUL, LF or a CR alone") {
  CHECK(feed("a\r\nb\r\0c\nd\re\r\r\n\n"s).lines ==
        std::vector<std::string>{"a", "b", "c", "d", "e", "", ""});
}

TEST_CASE("control characters go, tab stays, backspace and DEL take a character away") {
  CHECK(feed("a\x01\x02\tb\x1B[1m\0c\r\n"s).lines == std::vector<std::string>{"a\tb[1mc"});
  CHECK(feed("abx\b\x7F\x7F\x7F\x7Fok\n").lines == std::vector<std::string>{"ok"});
  CHECK(feed("gr\xC3\xBC\b\xC3\xBCn \xF0\x9F\x90\x9F\x7F!\n").lines ==
        std::vector<std::string>{"gr\xC3\xBCn !"});
}

TEST_CASE("UTF-8 passes and what is not UTF-8 becomes U+FFFD") {
  CHECK(feed("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9F\n").lines ==
        std::vector<std::string>{"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9F"});
  const std::string bad = "\xEF\xBF\xBD";
  CHECK(utf8("caf\xE9!") == "caf" + bad + "!");
  CHECK(utf8("\x80") == bad);
  CHECK(utf8("\xC0\xAF") == bad + bad);                      // overlong
  CHECK(utf8("\xED\xA0\x80") == bad + bad + bad);            // a surrogate
  CHECK(utf8("\xF4\x90\x80\x80") == bad + bad + bad + bad);  // beyond U+10FFFF
  CHECK(utf8("\xE2\x82") == bad);                            // one sequence that stops too early
  CHECK(utf8("\xF0\x9F\x90z") == bad + "z");
  CHECK(utf8("a\xC2\x9B"
             "b\xC2\xA0") == "ab\xC2\xA0");  // U+009B, which terminals obey
}

TEST_CASE("a doubled 255 is one byte of the line") {
  CHECK(feed("a\xFF\xFF"
             "b\n")
            .lines == std::vector<std::string>{"a\xEF\xBF\xBD"
                                               "b"});
}

TEST_CASE("a line over the limit is told once and skipped, and the next one is whole") {
  const auto received =
      feed(std::string(kLimit, 'x') + "\n" + std::string(10 << 20, 'y') + "\nnext\n");
  CHECK(received.lines == std::vector<std::string>{std::string(kLimit, 'x'), "<too long>", "next"});
}

TEST_CASE("an overlong line is told before it ends") {
  CHECK(feed(std::string(kLimit + 1, 'x')).lines == std::vector<std::string>{"<too long>"});
}

TEST_CASE("options of the table are agreed to, all others refused") {
  // WILL NAWS and TTYPE, WILL LINEMODE, DO SGA, DO ECHO
  const auto received = feed("\xFF\xFB\x1F\xFF\xFB\x18\xFF\xFB\x22\xFF\xFD\x03\xFF\xFD\x01");
  CHECK(received.out ==
        "\xFF\xFD\x1F"
        "\xFF\xFD\x18\xFF\xFA\x18\x01\xFF\xF0"
        "\xFF\xFE\x22"
        "\xFF\xFC\x03"
        "\xFF\xFC\x01"s);
  CHECK(received.lines.empty());
}

TEST_CASE("window size and terminal names are remembered") {
  const auto received = feed(
      "\xFF\xFB\x1F\xFF\xFA\x1F\x00\x50\x00\x18\xFF\xF0"
      "\xFF\xFA\x1F\x00\x64\x00\x1E\xFF\xF0"
      "\xFF\xFB\x18\xFF\xFA\x18\x00TINTIN++\xFF\xF0"
      "\xFF\xFA\x18\x00xterm\xFF\xF0\xFF\xFA\x18\x00xterm\xFF\xF0"s);
  CHECK(received.window == TelnetCodec::WindowSize{100, 30});
  CHECK(received.terminals == std::vector<std::string>{"TINTIN++", "xterm"});
}

TEST_CASE("a window 255 columns wide is doubled on the wire") {
  CHECK(feed("\xFF\xFB\x1F\xFF\xFA\x1F\x00\xFF\xFF\x00\x18\xFF\xF0"s).window ==
        TelnetCodec::WindowSize{255, 24});
}

TEST_CASE("malformed subnegotiations change nothing") {
  const auto received = feed(
      "\xFF\xFA\x1F\x00\x50\xFF\xF0\xFF\xFA\x1F\xFF\xF0\xFF\xFA\x18\xFF\xF0\xFF\xFA\xFF\xF0"
      "\xFF\xFA\x18\x01x\xFF\xF0hello\n"s);
  CHECK(received.window == TelnetCodec::WindowSize{});
  CHECK(received.terminals.empty());
  CHECK_FALSE(received.failed);
  CHECK(received.lines.back() == "hello");
}

TEST_CASE("echo goes off and on once, and the client's answers are taken as such") {
  Peer peer;
  CHECK(peer.codec.set_echo(TelnetCodec::Echo::off));
  CHECK_FALSE(peer.codec.set_echo(TelnetCodec::Echo::off));
  CHECK(peer.take().out == "\xFF\xFB\x01");
  peer.codec.receive("\xFF\xFD\x01secret\r\n");
  CHECK(peer.codec.set_echo(TelnetCodec::Echo::on));
  const auto received = peer.take();
  CHECK(received.lines == std::vector<std::string>{"secret"});
  CHECK(received.out == "\xFF\xFC\x01");
  peer.codec.receive("\xFF\xFE\x01");
  CHECK(peer.take().out.empty());
  peer.codec.set_echo(TelnetCodec::Echo::off);
  CHECK(peer.take().out == "\xFF\xFB\x01");
}

TEST_CASE("echo comes back for a client that never answers") {
  Peer peer;
  for (int i = 0; i < 3; ++i) {
    peer.codec.set_echo(TelnetCodec::Echo::off);
    peer.codec.set_echo(TelnetCodec::Echo::on);
    CHECK(peer.take().out == "\xFF\xFB\x01\xFF\xFC\x01");
  }
}

TEST_CASE("offers are made once") {
  Peer peer;
  peer.codec.offer_options();
  peer.codec.offer_options();
  CHECK(peer.out == "\xFF\xFD\x18\xFF\xFD\x1F");
  CHECK_FALSE(peer.codec.speaks_telnet());
  peer.codec.receive("\xFF\xFC\x18");
  CHECK(peer.codec.speaks_telnet());
}

TEST_CASE("output has CR LF for line ends and 255 doubled") {
  CHECK(written("a\nb\r\nc\xFF\n\n") == "a\r\nb\r\nc\xFF\xFF\r\n\r\n");
  CHECK(written("over\rwritten\r") == "over\r\0written\r\0"s);
  CHECK(written("\x1B[1m\tcaf\xC3\xA9") == "\x1B[1m\tcaf\xC3\xA9");
}

// A client sends WILL and WONT for ever and never reads: each is worth an answer of three bytes.
TEST_CASE("a flood of negotiation is not answered for ever") {
  std::string flood;
  for (int i = 0; i < 100'000; ++i) flood += i % 2 == 0 ? "\xFF\xFB\x55" : "\xFF\xFC\x55";
  Peer peer;
  peer.codec.receive(flood);
  CHECK(peer.out.size() <= 4096);
  peer.take();
  peer.codec.receive("a line\n\xFF\xFB\x55");
  CHECK(peer.take().out == "\xFF\xFE\x55");
}

TEST_CASE("a subnegotiation without an end costs bounded memory") {
  Peer peer;
  peer.codec.receive("\xFF\xFA\x18"s + std::string(1 << 20, 'x'));
  peer.codec.receive("\xFF\xF0ok\n");
  CHECK(peer.codec.terminals().empty());
  CHECK(peer.take().lines == std::vector<std::string>{"<too long>"});
}

// libtelnet begins to inflate when a client says so, agreed or not: a few kilobytes of deflated
// line ends would be gigabytes of lines.
TEST_CASE("a client that turns on compression is given up before anything is inflated") {
  const std::string bomb(1 << 20, '\n');
  std::string deflated(compressBound(bomb.size()), '\0');
  uLongf size = deflated.size();
  REQUIRE(compress(reinterpret_cast<Bytef*>(deflated.data()), &size,
                   reinterpret_cast<const Bytef*>(bomb.data()), bomb.size()) == Z_OK);
  deflated.resize(size);
  const auto received = feed("\xFF\xFA\x56\xFF\xF0" + deflated);
  CHECK(received.failed);
  CHECK(received.lines.empty());
}

TEST_CASE("what is received does not depend on how the bytes are cut") {
  std::minstd_rand random(7);
  const std::string pieces[] = {"look\r\n",
                                "caf\xC3\xA9\r\0"s,
                                "\xE2\x82\xAC\n",
                                "bad \xE2\x82 \xFF\xFF\r",
                                "\xFF\xFB\x1F",
                                "\xFF\xFA\x1F\x00\x50\x00\x18\xFF\xF0"s,
                                "\xFF\xFB\x18",
                                "\xFF\xFA\x18\x00XTERM\xFF\xF0"s,
                                "\xFF\xFD\x03",
                                "\xFF\xF1",
                                "abc\b\x7F",
                                "\xF0\x9F\x90\x9F",
                                "\xF0",
                                "\xFF\xFA\x56\xFF\xF0",
                                std::string(kLimit / 3, 'z')};
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    const auto last = std::size(pieces) - (round % 10 == 0 ? 0 : 2);  // seldom the one that fails
    for (int i = 0; i < 40; ++i) bytes += pieces[random() % last];
    const auto whole = feed(bytes);
    REQUIRE(feed_in_pieces(bytes, random, 1) == whole);
    REQUIRE(feed_in_pieces(bytes, random, 7) == whole);
    REQUIRE(feed_in_pieces(bytes, random, 200) == whole);
  }
}

TEST_CASE("an HTTP request is known by its first line") {
  CHECK(looks_like_http("GET / HTTP/1.1"));
  CHECK(looks_like_http("POST /x HTTP/1.0"));
  CHECK_FALSE(looks_like_http("get the lamp"));
  CHECK_FALSE(looks_like_http("say GET / HTTP/1.1 is HTTP"));
}
