#include "sandbox/moxie/translator/mapping.h"

#include <algorithm>
#include <numeric>

namespace cosmoo::moxie::translator {

namespace {

/// How often the unit's registers are used, and by what.
using Uses = std::array<std::uint64_t, 16>;

/// Does something for each direct jump: of which block, from where, to where.
template <typename Do>
void for_each_jump(const Unit& unit, Do&& act) {
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    std::uint32_t pc = unit.blocks[i].start;
    for (const Instruction& one : unit.instructions_of(unit.blocks[i])) {
      if (info(one.operation).flow == Flow::branch) act(i, pc, pc + one.immediate);
      if (one.operation == Operation::jmpa) act(i, pc, one.immediate);
      pc += one.length;
    }
  }
}

/// How often each block may run: the more loops it stands in, the more.
std::vector<std::uint64_t> weights(const Unit& unit) {
  constexpr int kDeepest = 3;
  std::vector<int> changes(unit.blocks.size() + 1);
  for_each_jump(unit, [&](std::size_t block, std::uint32_t from, std::uint32_t to) {
    if (to > from) return;
    ++changes[unit.block_from(to)];
    --changes[block + 1];
  });
  std::vector<std::uint64_t> all;
  int depth = 0;
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    depth += changes[i];
    all.push_back(std::uint64_t{1} << 3 * std::clamp(depth, 0, kDeepest));
  }
  return all;
}

void count(const Unit& unit, const Block& block, std::uint64_t weight, Uses& uses) {
  for (const Instruction& one : unit.instructions_of(block)) {
    const Shape shape = info(one.operation).shape;
    if (shape == Shape::none || shape == Shape::imm32 || shape == Shape::branch) continue;
    // Where a function ends, a pointer goes over what is taken back: each address is said by
    // the frame pointer's place.
    const bool is_pointer = one.operation == Operation::push || one.operation == Operation::pop;
    if (!is_pointer) uses[one.a] += weight;
    const bool has_b = shape == Shape::reg_reg || shape == Shape::reg_indirect ||
                       shape == Shape::indirect_reg || shape == Shape::reg_offset ||
                       shape == Shape::offset_reg;
    if (has_b) uses[one.b] += weight;
  }
}

/// How often the block changes to the common mapping or back. One that returns was entered, too.
std::uint64_t crossings(const Unit& unit, const Block& block) {
  const Operation last = unit.instructions_of(block).back().operation;
  const bool crosses =
      info(last).flow == Flow::call || last == Operation::jmp || last == Operation::ret;
  return crosses ? 2 : 0;
}

/// Numbers for blocks, the same where they lead to each other without calls.
std::vector<std::uint32_t> connected(const Unit& unit) {
  std::vector<std::uint32_t> parent(unit.blocks.size());
  std::iota(parent.begin(), parent.end(), 0u);
  const auto top = [&parent](std::uint32_t one) {
    while (parent[one] != one) one = parent[one] = parent[parent[one]];
    return one;
  };
  const auto join = [&](std::size_t one, std::uint32_t start) {
    const auto other = unit.block_at(start);
    if (!other) return;
    parent[top(static_cast<std::uint32_t>(one))] = top(static_cast<std::uint32_t>(*other));
  };
  for_each_jump(unit, [&](std::size_t block, std::uint32_t, std::uint32_t to) { join(block, to); });
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    const Operation last = unit.instructions_of(unit.blocks[i]).back().operation;
    if (info(last).flow != Flow::jump) join(i, unit.blocks[i].behind);
  }
  for (std::uint32_t i = 0; i < parent.size(); ++i) parent[i] = top(i);
  return parent;
}

}  // namespace

Regions regions_of(const Unit& unit) {
  struct Counted {
    Uses uses{};
    std::uint64_t crossings = 0;
  };
  Regions regions;
  std::vector<Counted> counted;
  std::vector<std::uint32_t> number(unit.blocks.size(), ~0u);
  const auto weight = weights(unit);
  const auto part = connected(unit);
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    std::uint32_t& region = number[part[i]];
    if (region == ~0u) {
      region = static_cast<std::uint32_t>(counted.size());
      counted.emplace_back();
    }
    regions.of_block.push_back(region);
    count(unit, unit.blocks[i], weight[i], counted[region].uses);
    counted[region].crossings += weight[i] * crossings(unit, unit.blocks[i]);
  }
  for (const Counted& one : counted) {
    Mapping mapping = kCommonMapping;
    for (;;) {  // The one in Home that is used most, for the one that is used least.
      unsigned in = 0, out = 0;
      std::uint64_t most = 0, least = ~std::uint64_t{0};
      for (unsigned guest = 0; guest < 16; ++guest) {
        if (guest == kFp || guest == kSp) continue;
        const std::uint64_t uses = one.uses[guest];
        if (mapping[guest] == kInHome && uses > most) in = guest, most = uses;
        if (mapping[guest] != kInHome && uses < least) out = guest, least = uses;
      }
      constexpr std::uint64_t kAccesses = 2;  // Of Home, by a crossing.
      if (most <= least + kAccesses * one.crossings) break;
      std::swap(mapping[in], mapping[out]);
    }
    regions.mappings.push_back(mapping);
  }
  return regions;
}

}  // namespace cosmoo::moxie::translator
