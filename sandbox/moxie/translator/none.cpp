// Where no machine code is made: guests are interpreted.
#include "sandbox/moxie/translator/inside.h"
#include "sandbox/moxie/translator/translation.h"

namespace cosmoo::moxie::translator {

class Translation::Parts {};

Translation::Translation(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Translation::~Translation() = default;
std::unique_ptr<Translation> Translation::make(const Code&) { return nullptr; }
bool Translation::has(std::uint32_t) const { return false; }
bool Translation::translate(std::uint32_t, Arrival) { return false; }
Ran Translation::run(State&, Memory&, std::uint64_t) { return {}; }
Statistics Translation::statistics() const { return {}; }
std::uint64_t Translation::most_bytes(std::uint32_t) { return 0; }

Inside::Inside(Memory&) {}
Inside::~Inside() = default;

}  // namespace cosmoo::moxie::translator
