// Values as bytes, for the store.
//
// Format, version 1: a version byte, then one value. A value is a tag byte and its content:
//
//   0x00 nil       0x01 false   0x02 true
//   0x03 integer   zigzag varint (0..127 are a tag of their own: 0x80 + n)
//   0x04 float     8 bytes, IEEE 754, little-endian
//   0x05 string    varint length, bytes
//   0x06 object    zigzag varint
//   0x07 error     code byte, varint length, message
//   0x08 error     as 0x07, then the value it carries, which is not nil
//   0x09 list      varint count, values
//   0x0A map       varint count, keys and values by turns, keys ascending
//
// Every value has one encoding: the shortest varint, no long form of a small integer, keys in order
// and each once. Anything else is refused, so that what was decoded encodes to the same bytes.
#pragma once

#include <string>
#include <string_view>

#include "vm/value.h"

namespace cosmoo {

/// Lists, maps and errors that carry a value, inside one another, at most.
inline constexpr int kMostNesting = 100;

/// Appends the value to `out`. What is nested deeper than kMostNesting becomes the error E_QUOTA,
/// so that whatever is encoded can be decoded.
void encode(const Value& value, std::string& out);

/// E_FILE with the position of the first byte that does not fit. Trusts nothing in `bytes`, and
/// takes memory in proportion to their number only.
Result<Value> decode(std::string_view bytes);

}  // namespace cosmoo
