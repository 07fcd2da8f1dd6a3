// The bits of a bzip2 file, whose blocks begin at any of them, and the numbers that mark it.
#pragma once

#include <cstdint>
#include <span>

namespace mrun {

constexpr std::uint64_t kBzip2BlockMagic = 0x314159265359;
constexpr std::uint64_t kBzip2EndMagic = 0x177245385090;

/// `count` bits, at most 56, from bit `at` on, the highest of a byte first. All lie in `bytes`.
inline std::uint64_t bits_at(std::span<const std::uint8_t> bytes, std::uint64_t at,
                             unsigned count) {
  std::uint64_t value = 0;
  const unsigned skipped = at % 8;
  for (unsigned taken = 0; taken < skipped + count; taken += 8)
    value = value << 8 | bytes[static_cast<std::size_t>((at + taken) / 8)];
  const unsigned beyond = (8 - (skipped + count) % 8) % 8;
  return value >> beyond & ((std::uint64_t{1} << count) - 1);
}

}  // namespace mrun
