#include "sandbox/moxie/translator/translation.h"

#include <algorithm>
#include <mutex>

#include "sandbox/moxie/translator/blocks.h"
#include "sandbox/moxie/translator/code_cache.h"
#include "sandbox/moxie/translator/emitter.h"
#include "sandbox/moxie/translator/home.h"
#include "sandbox/moxie/translator/inside.h"
#include "sandbox/moxie/translator/mapping.h"

namespace cosmoo::moxie::translator {

namespace x86 = asmjit::x86;

namespace {

/// Instructions of a unit: a fraction of a millisecond.
constexpr std::uint32_t kUnit = 1000;

}  // namespace

class Translation::Parts {
 public:
  Parts(const Code& code, std::unique_ptr<CodeCache> cache)
      : code_(code), cache_(std::move(cache)), explorer_(code) {}

  const std::uint8_t* entry(std::uint32_t pc) const {
    return cache_->entry((pc - code_.start()) / 2);
  }

  bool translate(std::uint32_t pc, Arrival arrival);
  Ran run(State& state, Memory& memory, std::uint64_t budget);
  Statistics statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
  }

 private:
  /// A block that was made.
  struct Made {
    std::uint32_t offset;   ///< In the cache.
    std::uint32_t start;    ///< The guest's address ...
    std::uint32_t behind;   ///< ... and the one behind its last instruction.
    std::uint32_t mapping;  ///< In mappings_.
  };

  bool begin();
  Exit exit_at(std::uint64_t address) const;
  std::uint64_t explain(State& state, Home& home);

  const Code& code_;
  std::unique_ptr<CodeCache> cache_;
  // Not changed any more once the first unit is there:
  CommonCode common_;
  Gate gate_;

  mutable std::mutex mutex_;  ///< Guards what follows, and adding to the cache.
  Explorer explorer_;
  std::vector<Made> made_;   ///< By offset.
  std::vector<Exit> exits_;  ///< By offset.
  std::vector<Mapping> mappings_;
  Statistics statistics_;
  bool is_full_ = false;
};

/// What comes before the first unit.
bool Translation::Parts::begin() {
  const auto bytes = common_code(code_, *cache_, common_);
  if (bytes.empty() || !cache_->append(bytes)) return false;
  const std::uint8_t* const code = cache_->code();
  gate_ = {code, cache_->used() + cache_->room(), code + common_.enter, code + common_.refused,
           code + common_.return_miss};
  return true;
}

bool Translation::Parts::translate(std::uint32_t pc, Arrival arrival) {
  const std::lock_guard lock(mutex_);
  if (entry(pc) != nullptr) return true;
  if (arrival == Arrival::passed && explorer_.is_inside(pc)) return false;
  if (is_full_) return false;
  const Unit unit = explorer_.explore(pc, kUnit);
  if (!unit.block_at(pc)) return false;
  if (cache_->used() == 0 && !begin()) is_full_ = true;
  if (is_full_) return false;
  const Regions regions = regions_of(unit);
  Emitter emitter(code_, *cache_, common_);
  auto emitted = emitter.emit(unit, regions);
  if (!emitted || !cache_->append(emitted->code)) {
    is_full_ = true;  // What is there goes on being used.
    return false;
  }
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    made_.push_back({emitted->blocks[i], unit.blocks[i].start, unit.blocks[i].behind,
                     static_cast<std::uint32_t>(mappings_.size() + regions.of_block[i])});
    statistics_.guest_bytes += unit.blocks[i].behind - unit.blocks[i].start;
  }
  mappings_.insert(mappings_.end(), regions.mappings.begin(), regions.mappings.end());
  exits_.insert(exits_.end(), emitted->exits.begin(), emitted->exits.end());
  for (std::size_t i = 0; i < unit.blocks.size(); ++i) {
    cache_->set_entry((unit.blocks[i].start - code_.start()) / 2, emitted->entries[i]);
  }
  statistics_.blocks += unit.blocks.size();
  statistics_.instructions += unit.instructions.size();
  statistics_.bytes = cache_->used();
  return true;
}

Exit Translation::Parts::exit_at(std::uint64_t address) const {
  const auto offset =
      static_cast<std::uint32_t>(address - reinterpret_cast<std::uint64_t>(cache_->code()));
  const std::lock_guard lock(mutex_);
  return *std::lower_bound(exits_.begin(), exits_.end(), offset,
                           [](const Exit& exit, std::uint32_t at) { return exit.offset < at; });
}

/// Sets pc and registers for an access that was refused; instructions of its block not done.
std::uint64_t Translation::Parts::explain(State& state, Home& home) {
  const auto offset = static_cast<std::uint32_t>(home.refused_address -
                                                 reinterpret_cast<std::uint64_t>(cache_->code()));
  Made made;
  Mapping mapping;
  {
    const std::lock_guard lock(mutex_);
    const auto behind =
        std::upper_bound(made_.begin(), made_.end(), offset,
                         [](std::uint32_t at, const Made& one) { return at < one.offset; });
    made = *(behind - 1);
    mapping = mappings_[made.mapping];
  }
  Unit unit;
  unit.blocks.push_back({made.start, made.behind, 0, 0});
  for (std::uint32_t pc = made.start; pc != made.behind;) {
    unit.instructions.push_back(*code_.instruction_at(pc));
    pc += unit.instructions.back().length;
  }
  unit.blocks[0].count = static_cast<std::uint32_t>(unit.instructions.size());
  Emitter emitter(code_, *cache_, common_);
  const auto refused = emitter.explain(unit, mapping, offset - made.offset);
  if (!refused) std::abort();  // Rule 4 of emitter.h is broken.
  const auto place = [&](std::int8_t guest) -> std::uint32_t {
    if (guest == Value::kNone) return 0;
    const std::uint8_t host = mapping[static_cast<unsigned>(guest)];
    if (host == kInHome) return home.registers[guest];
    if (host == x86::edx.id() && refused->rdx_saved) return static_cast<std::uint32_t>(home.saved);
    return home.host[host];
  };
  for (unsigned guest = 0; guest < 16; ++guest) {
    const Value& value = refused->values[guest];
    state.registers[guest] =
        value.kind == Value::Kind::left ? place(value.base) << value.shift
        : value.kind == Value::Kind::right
            ? place(value.base) >> value.shift
            : place(value.base) + (place(value.index) << value.shift) + value.offset;
  }
  state.pc = refused->pc;
  return refused->unpaid;
}

Ran Translation::Parts::run(State& state, Memory& memory, std::uint64_t budget) {
  auto& home = *static_cast<Home*>(memory.home());
  std::copy(state.registers.begin(), state.registers.end(), home.registers);
  home.compared_left = state.compared_left;
  home.compared_right = state.compared_right;
  auto left = static_cast<std::uint64_t>(
      enter(gate_, entry(state.pc), static_cast<std::int64_t>(budget), memory));
  state.compared_left = home.compared_left;
  state.compared_right = home.compared_right;
  Ran ran;
  if (home.refused_address != 0) {
    left += explain(state, home);
    ran.is_stuck = ran.was_refused = true;
  } else {
    std::copy(std::begin(home.registers), std::end(home.registers), state.registers.begin());
    if (home.leave_address != 0) {
      const Exit exit = exit_at(home.leave_address);
      state.pc = exit.pc;
      left += exit.unpaid;
      ran.is_stuck = exit.is_stuck;
    } else {
      state.pc = home.pc;
      ran.is_jump = true;
    }
  }
  ran.instructions = budget - left;
  return ran;
}

Translation::Translation(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Translation::~Translation() = default;

std::unique_ptr<Translation> Translation::make(const Code& code) {
  if (!asmjit::CpuInfo::host().features().x86().hasBMI2()) return nullptr;  // Shifts need it.
  auto cache = CodeCache::make(code.count());
  if (cache == nullptr) return nullptr;
  return std::unique_ptr<Translation>(
      new Translation(std::make_unique<Parts>(code, std::move(cache))));
}

bool Translation::has(std::uint32_t pc) const { return parts_->entry(pc) != nullptr; }
bool Translation::translate(std::uint32_t pc, Arrival arrival) {
  return parts_->translate(pc, arrival);
}
Ran Translation::run(State& state, Memory& memory, std::uint64_t budget) {
  return parts_->run(state, memory, budget);
}
Statistics Translation::statistics() const { return parts_->statistics(); }
std::uint64_t Translation::most_bytes(std::uint32_t count) { return CodeCache::most_bytes(count); }

}  // namespace cosmoo::moxie::translator
