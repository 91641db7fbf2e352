#include "sandbox/moxie/translator/common_code.h"

#include "sandbox/moxie/translator/home.h"

namespace cosmoo::moxie::translator {

namespace x86 = asmjit::x86;

Registers::Mem home_word(std::size_t offset, std::uint32_t size) {
  Registers::Mem word = x86::ptr_abs(
      static_cast<std::uint64_t>(static_cast<std::int64_t>(offset) - kHomeBelow), size);
  word.setSegment(x86::gs);
  return word;
}

void jump_by_table(x86::Assembler& to, const Code& code, const CodeCache& cache) {
  const auto start = reinterpret_cast<std::uint64_t>(cache.code());
  to.mov(home_word(offsetof(Home, pc), 4), x86::eax);
  to.sub(x86::eax, static_cast<std::int32_t>(code.start()));
  to.ror(x86::eax, 1);  // An odd one becomes large.
  to.cmp(x86::eax, static_cast<std::int32_t>(code.count()));
  to.jae(start);
  to.push(x86::rcx);
  to.mov(x86::rcx, reinterpret_cast<std::uint64_t>(cache.table()));
  to.mov(x86::rax, x86::ptr(x86::rcx, x86::rax, 3, 0, 8));
  to.pop(x86::rcx);
  to.test(x86::rax, x86::rax);
  to.jz(start);
  to.jmp(x86::rax);
}

std::vector<std::uint8_t> common_code(const Code& code, const CodeCache& cache,
                                      CommonCode& common) {
  asmjit::CodeHolder holder;
  const auto base = reinterpret_cast<std::uint64_t>(cache.code());
  if (holder.init(asmjit::Environment::host(), base) != asmjit::kErrorOk) return {};
  x86::Assembler to(&holder);
  const auto here = [&to] { return static_cast<std::uint32_t>(to.offset()); };
  const asmjit::Label store = to.newLabel(), out = to.newLabel();
  constexpr std::array kKept = {3, 5, 12, 13, 14, 15};  // By whoever calls.

  // At offset 0, where one is led that finds no code: the address is in Home.
  to.xor_(x86::eax, x86::eax);
  to.jmp(store);
  common.leave = here();
  to.pop(x86::rax);
  to.bind(store);
  to.mov(home_word(offsetof(Home, leave_address), 8), x86::rax);
  for (unsigned guest = 0; guest < 16; ++guest) {
    if (kCommonMapping[guest] != kInHome)
      to.mov(Registers::home(guest), x86::gpd(kCommonMapping[guest]));
  }
  to.bind(out);
  to.mov(x86::rax, x86::r15);
  to.mov(x86::rsp, home_word(offsetof(Home, host_stack), 8));
  for (std::size_t i = kKept.size(); i-- > 0;) to.pop(x86::gpq(static_cast<unsigned>(kKept[i])));
  to.ret();

  common.refused = here();
  for (const std::uint8_t host : kCommonMapping) {
    if (host == kInHome) continue;
    to.mov(home_word(offsetof(Home, host) + 4 * std::size_t{host}, 4), x86::gpd(host));
  }
  to.jmp(out);

  common.enter = here();
  for (const int kept : kKept) to.push(x86::gpq(static_cast<unsigned>(kept)));
  to.mov(home_word(offsetof(Home, host_stack), 8), x86::rsp);
  to.mov(x86::rsp, home_word(offsetof(Home, prediction_stack), 8));
  to.mov(x86::r15, x86::rsi);
  to.mov(x86::rax, x86::rdi);
  for (unsigned guest = 0; guest < 16; ++guest) {
    if (kCommonMapping[guest] != kInHome)
      to.mov(x86::gpd(kCommonMapping[guest]), Registers::home(guest));
  }
  to.jmp(x86::rax);

  common.return_miss = here();
  to.mov(x86::rsp, home_word(offsetof(Home, prediction_stack), 8));
  jump_by_table(to, code, cache);

  std::vector<std::uint8_t> bytes(holder.codeSize());
  if (holder.flatten() != asmjit::kErrorOk || holder.resolveUnresolvedLinks() != asmjit::kErrorOk ||
      holder.relocateToBase(base) != asmjit::kErrorOk ||
      holder.copyFlattenedData(bytes.data(), bytes.size()) != asmjit::kErrorOk) {
    return {};
  }
  return bytes;
}

}  // namespace cosmoo::moxie::translator
