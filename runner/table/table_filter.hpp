// The filter of a node: a blocked Bloom filter whose every question touches one cache line.
//
// After "Cache-, Hash- and Space-Efficient Bloom Filters" (Putze, Sanders, Singler, 2007).
#pragma once

#include <cstddef>
#include <cstdint>

#include "table/table_format.hpp"

namespace mrun {

constexpr std::size_t kFilterKeysPerLine = 46;

constexpr std::size_t filter_lines(std::size_t keys) {
  return (keys + kFilterKeysPerLine - 1) / kFilterKeysPerLine;
}

/// Where a key's bits lie: the line, and seven bits of nine bits each from the highest on.
struct FilterPlace {
  std::size_t line;
  std::uint64_t bits;

  FilterPlace(std::uint64_t hash, std::uint64_t lines)
      : line(static_cast<std::size_t>((hash >> 32) * lines >> 32)) {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
    const std::uint64_t mixed = hash * kOdd;
    bits = (mixed ^ mixed >> 32) * kOdd;
  }
  /// The i-th bit of the seven.
  std::size_t bit(unsigned i) const { return bits >> (55 - 9 * i) & 511; }
};

inline void add_to_filter(std::uint8_t* lines, std::size_t line_count, std::uint64_t hash) {
  const FilterPlace place(hash, line_count);
  std::uint8_t* const line = lines + place.line * kFilterLineBytes;
  for (unsigned i = 0; i < 7; ++i)
    line[place.bit(i) / 8] =
        static_cast<std::uint8_t>(line[place.bit(i) / 8] | 1u << place.bit(i) % 8);
}

inline bool filter_may_hold(const std::uint8_t* lines, std::size_t line_count, std::uint64_t hash) {
  if (line_count == 0) return false;
  const FilterPlace place(hash, line_count);
  const std::uint8_t* const line = lines + place.line * kFilterLineBytes;
  for (unsigned i = 0; i < 7; ++i)
    if ((line[place.bit(i) / 8] >> place.bit(i) % 8 & 1) == 0) return false;
  return true;
}

}  // namespace mrun
