// RecordKey: the key of a record of 100 bytes and the record's number, cut out for sorting.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mrun::bench {

constexpr std::size_t kRecordBytes = 100;

/// Numbers break ties, so the order is total and a sort by it stable.
struct RecordKey {
  std::uint64_t high;  ///< The first 8 bytes of the key.
  std::uint64_t low;   ///< The last 2, then the number in 48 bits.

  std::uint64_t number() const { return low & ((std::uint64_t{1} << 48) - 1); }
  bool operator<(const RecordKey& other) const {
    return high != other.high ? high < other.high : low < other.low;
  }
};

/// The first 10 bytes of `record`, and `number`, which is below 2^48.
inline RecordKey key_of(const std::uint8_t* record, std::uint64_t number) {
  std::uint64_t high;
  std::uint16_t low;
  std::memcpy(&high, record, sizeof high);
  std::memcpy(&low, record + sizeof high, sizeof low);
  return {__builtin_bswap64(high), std::uint64_t{__builtin_bswap16(low)} << 48 | number};
}

/// One stable pass of a radix sort, by 11 bits of the key from bit `shift` of its first half on.
inline void radix_pass(const RecordKey* from, std::size_t count, unsigned shift, RecordKey* to) {
  constexpr std::size_t kDigits = 2048;
  std::array<std::size_t, kDigits + 1> place{};
  const auto digit = [shift](const RecordKey& key) { return (key.high >> shift) & (kDigits - 1); };
  for (std::size_t i = 0; i < count; ++i) ++place[digit(from[i]) + 1];
  for (std::size_t i = 0; i < kDigits; ++i) place[i + 1] += place[i];
  for (std::size_t i = 0; i < count; ++i) to[place[digit(from[i])]++] = from[i];
}

/// Sorts keys of which hardly a pair is out of order.
inline void mend_order(RecordKey* keys, std::size_t count) {
  for (std::size_t i = 1; i < count; ++i) {
    const RecordKey key = keys[i];
    std::size_t at = i;
    for (; at != 0 && key < keys[at - 1]; --at) keys[at] = keys[at - 1];
    keys[at] = key;
  }
}

}  // namespace mrun::bench
