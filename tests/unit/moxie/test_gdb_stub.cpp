// gdb's remote protocol, packet by packet.
#include <doctest/doctest.h>

#include <random>

#include "sandbox/moxie/gdb_stub.h"
#include "tests/unit/moxie/assemble.h"

using namespace cosmoo::moxie;
using namespace cosmoo::moxie::testing;
using Op = Operation;

namespace {

std::string packet(std::string_view text) {
  unsigned sum = 0;
  for (const char byte : text) sum += static_cast<unsigned char>(byte);
  const char* digits = "0123456789abcdef";
  std::string whole = "$";
  whole.append(text) += '#';
  whole += digits[sum >> 4 & 15];
  return whole += digits[sum & 15];
}

/// A debugger's side: asks, and takes the acknowledgement and the frame off the answer.
struct Session {
  explicit Session(Machine& machine, std::uint64_t budget = Machine::kUnlimited)
      : stub(machine, budget) {}

  std::string ask(std::string_view text) {
    stub.receive(packet(text));
    while (stub.running()) stub.run_slice(1000);
    return contents(stub.take_output());
  }

  static std::string contents(const std::string& output) {
    if (output.size() < 5 || output[0] != '+') return "? " + output;
    const std::string text = output.substr(2, output.size() - 5);
    CHECK(output == "+" + packet(text));
    return text;
  }

  GdbStub stub;
};

/// At 1000 a loop that counts r0 to 5; r0 is written to 8000; exit.
std::unique_ptr<Machine> counter() {
  return guest(Assembly()
                   .set(r1, 5)
                   .add(Op::inc, r0, 0, 1)
                   .add(Op::sta_l, r0, 0, 0x8000)
                   .add(Op::cmp, r0, r1)
                   .add(Op::bne, 0, 0, static_cast<std::uint32_t>(-10))
                   .exit(),
               {{0x8000, {}, 8, Access::read_write}});
}

}  // namespace

TEST_CASE("a session begins: what is supported, why it stopped, what there is") {
  const auto machine = counter();
  Session gdb(*machine);
  CHECK(gdb.ask("qSupported:swbreak+;hwbreak+") ==
        "PacketSize=4000;qXfer:features:read+;QStartNoAckMode+;vContSupported+");
  CHECK(gdb.ask("?") == "S05");
  CHECK(gdb.ask("Hg0") == "OK");
  CHECK(gdb.ask("qAttached") == "1");
  CHECK(gdb.ask("qfThreadInfo") == "m1");
  CHECK(gdb.ask("qsThreadInfo") == "l");
  CHECK(gdb.ask("qUnknown") == "");
  CHECK(gdb.ask("!") == "");
  CHECK(gdb.ask("vCont?") == "vCont;c;C;s;S");
  const std::string xml = gdb.ask("qXfer:features:read:target.xml:0,ffff");
  CHECK(xml.starts_with("l<?xml"));
  CHECK(xml.find("<architecture>moxie</architecture>") != std::string::npos);
  CHECK(xml.find("name=\"r13\"") != std::string::npos);
  CHECK(gdb.ask("qXfer:features:read:target.xml:0,4") == "m<?xm");
  CHECK(gdb.ask("qXfer:features:read:target.xml:ffff,4") == "l");
}

TEST_CASE("registers are read and written, one and all, in the guest's byte order") {
  const auto machine = counter();
  Session gdb(*machine);
  machine->state().registers[sp] = 0x11223344;
  CHECK(gdb.ask("p1") == "44332211");
  CHECK(gdb.ask("p10") == "00100000");
  CHECK(gdb.ask("p11") == "00000000");
  CHECK(gdb.ask("p12") == "E01");
  CHECK(gdb.ask("P2=efbeadde") == "OK");
  CHECK(machine->state().registers[r0] == 0xdeadbeef);
  CHECK(gdb.ask("P2=ef") == "E01");
  CHECK(gdb.ask("P2") == "E01");
  std::string all = gdb.ask("g");
  CHECK(all.size() == 18 * 8);
  CHECK(all.substr(8, 16) == "44332211efbeadde");
  all.replace(16, 8, "01000000");
  CHECK(gdb.ask("G" + all) == "OK");
  CHECK(machine->state().registers[r0] == 1);
  CHECK(gdb.ask("Gxyz") == "E01");
  // The condition register: every comparison that there is.
  for (const char* bits : {"04", "12", "0a", "11", "09", "00"}) {
    CHECK(gdb.ask(std::string("P11=") + bits + "000000") == "OK");
    CHECK(gdb.ask("p11") == std::string(bits) + "000000");
  }
}

TEST_CASE("memory is read and written where the guest may") {
  const auto machine = counter();
  Session gdb(*machine);
  CHECK(gdb.ask("m1000,6") == "300105000000");
  CHECK(gdb.ask("m1ffe,8") == "0000");  // as much as there is
  CHECK(gdb.ask("m0,4") == "E01");
  CHECK(gdb.ask("mffffffff,4") == "E01");
  CHECK(gdb.ask("m1000") == "E01");
  CHECK(gdb.ask("M8000,2:abcd") == "OK");
  CHECK(gdb.ask("m8000,4") == "abcd0000");
  CHECK(gdb.ask("M1000,2:abcd") == "E01");
  CHECK(gdb.ask("M8000,3:abcd") == "E01");
  CHECK(gdb.ask("M8000,1:zz") == "E01");
  CHECK(gdb.ask("X8000,2:}\x03z") == "OK");  // an escaped '#'
  CHECK(gdb.ask("m8000,2") == "237a");
}

TEST_CASE("single steps, breakpoints, and on to the end") {
  const auto machine = counter();
  Session gdb(*machine);
  CHECK(gdb.ask("s") == "S05");
  CHECK(gdb.ask("p10") == "06100000");
  CHECK(gdb.ask("Z0,1008,2") == "OK");
  CHECK(gdb.ask("c") == "S05");
  CHECK(machine->state().pc == 0x1008);
  CHECK(machine->state().registers[r0] == 1);
  CHECK(gdb.ask("vCont;c") == "S05");  // once round
  CHECK(machine->state().pc == 0x1008);
  CHECK(machine->state().registers[r0] == 2);
  CHECK(gdb.ask("z0,1008,2") == "OK");
  CHECK(gdb.ask("c") == "W05");
  CHECK(gdb.ask("c") == "W05");
  CHECK(gdb.ask("?") == "W05");
}

TEST_CASE("a watchpoint stops behind the store that it watches") {
  const auto machine = counter();
  Session gdb(*machine);
  CHECK(gdb.ask("Z3,8000,4") == "OK");
  CHECK(gdb.ask("Z2,8002,1") == "OK");
  CHECK(gdb.ask("c") == "T05watch:00008002;");
  CHECK(machine->state().pc == 0x100e);
  CHECK(gdb.ask("z2,8002,1") == "OK");
  CHECK(gdb.ask("Z9,8002,1") == "");
  CHECK(gdb.ask("Z") == "E01");
  CHECK(gdb.ask("c") == "W05");
}

TEST_CASE("faults, exhausted budgets and interrupts are signals") {
  const auto trap = guest(Assembly().add(Op::brk));
  CHECK(Session(*trap).ask("c") == "S05");
  const auto bus = guest(Assembly().add(Op::ld_l, r0, r1));
  CHECK(Session(*bus).ask("c") == "S0a");
  const auto divide = guest(Assembly().add(Op::div, r0, r1));
  CHECK(Session(*divide).ask("c") == "S08");
  const auto illegal = guest(Bytes{0, 0});
  CHECK(Session(*illegal).ask("c") == "S04");
  const auto endless = guest(Assembly().add(Op::jmpa, 0, 0, kText));
  Session limited(*endless, 12345);
  CHECK(limited.ask("c") == "S18");
  CHECK(endless->state().instructions == 12345);
  CHECK(limited.ask("s") == "S18");

  Session gdb(*endless);
  gdb.stub.receive(packet("c"));
  CHECK(gdb.stub.take_output() == "+");
  gdb.stub.run_slice(100);
  CHECK(gdb.stub.running());
  gdb.stub.receive("\x03");
  CHECK(!gdb.stub.running());
  CHECK(gdb.stub.take_output() == packet("S02"));
}

TEST_CASE("a debugger leaves or kills") {
  const auto machine = counter();
  Session leaves(*machine);
  CHECK(leaves.ask("D") == "OK");
  CHECK(leaves.stub.ending() == GdbStub::Ending::detached);
  Session kills(*machine);
  kills.stub.receive(packet("k"));
  CHECK(kills.stub.take_output() == "+");
  CHECK(kills.stub.ending() == GdbStub::Ending::killed);
  Session asks(*machine);
  CHECK(asks.ask("vKill;1") == "OK");
  CHECK(asks.stub.ending() == GdbStub::Ending::killed);
}

TEST_CASE("packets that arrive broken, cut, in pieces or too long do no harm") {
  const auto machine = counter();
  GdbStub stub(*machine);
  stub.receive("$g#00");
  CHECK(stub.take_output() == "-");
  stub.receive("noise+");
  CHECK(stub.take_output() == "");
  for (const char byte : packet("p10")) stub.receive(std::string_view(&byte, 1));
  const std::string answer = "+" + packet("00100000");
  CHECK(stub.take_output() == answer);
  stub.receive("-");  // again, please
  CHECK(stub.take_output() == packet("00100000"));
  stub.receive("$m1000" + packet("p10"));
  CHECK(stub.take_output() == answer);
  stub.receive(packet(std::string(100'000, 'a')));
  CHECK(stub.take_output() == "-");
  stub.receive(packet("QStartNoAckMode"));
  CHECK(stub.take_output() == "+" + packet("OK"));
  stub.receive(packet("p10"));
  CHECK(stub.take_output() == packet("00100000"));
}

TEST_CASE(
    "whoever asks for the last answer again and again gets it once for each time it was read") {
  const auto machine = counter();
  GdbStub stub(*machine);
  stub.receive(packet("m1000,2000"));
  stub.take_output();
  stub.receive(std::string(100'000, '-'));
  CHECK(stub.take_output().size() < 0x4000);
}

TEST_CASE("no more points are kept than anyone needs") {
  const auto machine = counter();
  Session gdb(*machine);
  for (unsigned i = 0; i < 1000; ++i) {
    char text[32];
    std::snprintf(text, sizeof text, "Z0,%x,2", 0x2000 + 2 * i);
    REQUIRE(gdb.ask(text) == "OK");
  }
  CHECK(gdb.ask("Z0,1008,2") == "E01");
  CHECK(gdb.ask("Z2,8000,4") == "E01");
  CHECK(gdb.ask("z0,2000,2") == "OK");
  CHECK(gdb.ask("Z0,1008,2") == "OK");
  CHECK(gdb.ask("c") == "S05");
  CHECK(machine->state().pc == 0x1008);
}

// Who connects need not be gdb: whatever comes, the guest's limits hold and the next packet is
// understood.
TEST_CASE("packets made up at random do no harm") {
  static constexpr std::string_view kPieces[] = {"m",
                                                 "M",
                                                 "X",
                                                 "P",
                                                 "p",
                                                 "G",
                                                 "g",
                                                 "Z0",
                                                 "z1",
                                                 "Z2",
                                                 "Z4",
                                                 "c",
                                                 "s",
                                                 "vCont;",
                                                 "vCont;s:1",
                                                 "C05",
                                                 "H",
                                                 "T",
                                                 "qXfer:features:read:",
                                                 "target.xml:",
                                                 "qSupported",
                                                 "0",
                                                 "8000",
                                                 "1000",
                                                 "ffffffff",
                                                 "fffffffffffff",
                                                 "80000000",
                                                 "-1",
                                                 ",",
                                                 ":",
                                                 "=",
                                                 ";",
                                                 "}",
                                                 "*",
                                                 "\x03",
                                                 "\xff",
                                                 "?",
                                                 "!",
                                                 "ab",
                                                 "x"};
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const auto machine = counter();
    GdbStub stub(*machine, 5000);
    for (int i = 0; i < 20; ++i) {
      std::string text;
      for (unsigned left = random() % 8; left != 0; --left) {
        text += kPieces[random() % std::size(kPieces)];
      }
      stub.receive(random() % 8 == 0 ? text : packet(text));
      if (random() % 3 != 0) stub.run_slice(random() % 100);
      CHECK(stub.take_output().size() < 0x10000);
    }
    CHECK(machine->state().instructions <= 5000);
    if (stub.ending() != GdbStub::Ending::none) continue;
    while (stub.running()) stub.run_slice(1000);
    stub.receive("#00" + packet("x") + packet("qC"));
    CHECK(stub.take_output().ends_with(packet("QC1")));
  }
}
