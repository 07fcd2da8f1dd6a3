// The pairs of a part on their way to its file, and in a kv file: one behind the other.
//
//   pair = key_code varint  value_code varint  key bytes  value bytes
//
// `key_code` is the key's size plus 1 (0 ends the pairs of a kv file), `value_code` the value's
// size plus 1, or 0 where the pair has no value.
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/entry.hpp"
#include "table/varint.hpp"

namespace mrun {

constexpr std::size_t kStreamHeadBytesMax = 2 * kVarintBytesMax;

/// Null data: no value, which is not an empty one.
inline std::uint64_t value_code(Slice value) { return value.data == nullptr ? 0 : value.size + 1; }

/// Writes what stands before a pair's key: at most kStreamHeadBytesMax bytes; returns their end.
inline std::uint8_t* put_pair_head(std::uint8_t* out, std::uint64_t key_size, Slice value) {
  return put_varint(put_varint(out, key_size + 1), value_code(value));
}

struct PairHead {
  std::uint64_t key_code = 0;
  std::uint64_t value_code = 0;

  std::uint64_t key_size() const { return key_code - 1; }
  std::uint64_t value_size() const { return value_code == 0 ? 0 : value_code - 1; }
};

/// Null where [at, end) does not hold a whole head.
inline const std::uint8_t* take_pair_head(const std::uint8_t* at, const std::uint8_t* end,
                                          PairHead& head) {
  at = take_varint(at, end, head.key_code);
  return at == nullptr ? nullptr : take_varint(at, end, head.value_code);
}

}  // namespace mrun
