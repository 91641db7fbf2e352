// What is written about a guest's run: traces, disassembly, profiles.
#include <doctest/doctest.h>

#include "sandbox/moxie/profile.h"
#include "sandbox/moxie/tracer.h"
#include "tests/unit/moxie/assemble.h"

using namespace cosmoo::moxie;
using namespace cosmoo::moxie::testing;
using Op = Operation;

namespace {

std::string trace(Machine& machine, std::uint64_t budget = 1000) {
  std::string lines;
  Tracer tracer([&lines](std::string_view line) { lines += line; });
  Observer* observers[] = {&tracer};
  run_observed(machine, budget, observers);
  return lines;
}

std::uint32_t word_at(const std::string& bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (unsigned i = 0; i < 4; ++i) {
    word |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes.at(at + i))) << 8 * i;
  }
  return word;
}

}  // namespace

TEST_CASE("a trace says where, what, and what became of it") {
  const auto machine = guest(Assembly()
                                 .set(r0, 0x8000)
                                 .add(Op::sto_s, r0, r0, 2)
                                 .add(Op::ld_b, r1, r0)
                                 .add(Op::cmp, r1, r1)
                                 .add(Op::beq, 0, 0, 4)
                                 .add(Op::nop)
                                 .set(r0, 3)
                                 .exit(),
                             {{0x8000, {7}, 8, Access::read_write}});
  CHECK(trace(*machine) ==
        "00001000  ldi.l $r0, 0x8000         $r0=00008000\n"
        "00001006  sto.s 2($r0), $r0         [00008002]=8000\n"
        "0000100a  ld.b $r1, ($r0)           $r1=00000007 from [00008000]=07\n"
        "0000100c  cmp $r1, $r1\n"
        "0000100e  beq 0x1012                taken\n"
        "00001012  ldi.l $r0, 0x3            $r0=00000003\n"
        "00001018  swi 0x1                   exit code 3\n");
  const auto faulty = guest(Assembly().add(Op::ld_l, r0, r1));
  CHECK(trace(*faulty) == "00001000  ld.l $r0, ($r1)           SIGBUS at 00000000\n");
  const auto nowhere = guest(Assembly().add(Op::jmpa, 0, 0, 0x70000000));
  CHECK(trace(*nowhere) == "00001000  jmpa 0x70000000           to 70000000\n");
}

TEST_CASE("a disassembly has addresses, bytes and words, up to a cut") {
  Bytes code = Assembly().set(r0, 5).add(Op::ret).raw({0, 0}).bytes();
  code.push_back(0x20), code.push_back(0x01), code.push_back(0x99);
  CHECK(disassembly(0x1000, code) ==
        "    1000:  20 01 05 00 00 00   ldi.l $r0, 0x5\n"
        "    1006:  00 04               ret\n"
        "    1008:  00 00               bad\n"
        "    100a:  20 01 99            (cut off)\n");
}

TEST_CASE("a profile counts instructions where they are, and calls") {
  // 1000: jsra 100e, twice; exit; 100e: inc, ret
  Assembly code;
  code.add(Op::jsra, 0, 0, kText + 18).add(Op::jsra, 0, 0, kText + 18).exit();
  code.add(Op::inc, r0, 0, 1).add(Op::ret);
  Setup setup;
  setup.programs = {program(elf_file(kText, {{kText, code.bytes()}}))};
  const auto machine = Machine::create(setup);
  REQUIRE(machine);
  (*machine)->state().registers[sp] = (*machine)->state().special[7];
  Profile profile(setup);
  Observer* observers[] = {&profile};
  CHECK(run_observed(**machine, 1000, observers).exit_code == 2);
  const std::string file = profile.gmon();
  CHECK(file.substr(0, 4) == "gmon");
  CHECK(word_at(file, 4) == 1);
  std::size_t at = 20;
  CHECK(file.at(at) == 0);
  const std::uint32_t bins = code.size() / 2 + 1;
  CHECK(word_at(file, at + 1) == kText);
  CHECK(word_at(file, at + 5) == kText + bins * 2);
  CHECK(word_at(file, at + 9) == bins);
  CHECK(word_at(file, at + 13) == Profile::kInstructionsPerSecond);
  at += 1 + 16 + 16;
  const auto count = [&](std::uint32_t pc) { return file.at(at + (pc - kText)); };
  CHECK(count(kText) == 1);
  CHECK(count(kText + 2) == 0);
  CHECK(count(kText + 18) == 2);
  CHECK(count(kText + 20) == 2);
  at += bins * 2;
  CHECK(file.at(at) == 1);
  CHECK(word_at(file, at + 1) == kText);
  CHECK(word_at(file, at + 5) == kText + 18);
  CHECK(word_at(file, at + 9) == 1);
  at += 13;
  CHECK(word_at(file, at + 1) == kText + 6);
  CHECK(file.size() == at + 13);
}
