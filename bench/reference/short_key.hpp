// ShortKey: up to 16 bytes of a key in two registers, as the hash tables of the reference programs
// hold them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace mrun::bench {

/// Bytes of a key in memory order, with zeros behind them.
struct ShortKey {
  static constexpr std::size_t kBytes = 16;
  std::uint64_t front = 0, back = 0;

  bool operator==(const ShortKey&) const = default;

  /// The first min(size, 16) bytes at `bytes`, from where 16 bytes must be readable.
  static ShortKey load(const std::uint8_t* bytes, std::size_t size) {
    ShortKey key;
    std::memcpy(&key, bytes, sizeof key);
    const ShortKey& mask = kMasks[std::min(size, kBytes)];
    return {key.front & mask.front, key.back & mask.back};
  }

  /// Smaller for what comes first in byte order, as far as the first 8 bytes tell.
  std::uint64_t order() const { return __builtin_bswap64(front); }
  std::uint64_t order_of_back() const { return __builtin_bswap64(back); }

 private:
  static const std::array<ShortKey, kBytes + 1> kMasks;
};

inline constexpr auto make_short_key_masks() {
  std::array<ShortKey, ShortKey::kBytes + 1> masks{};
  for (std::size_t size = 0; size <= ShortKey::kBytes; ++size) {
    for (std::size_t byte = 0; byte < size; ++byte) {
      std::uint64_t& half = byte < 8 ? masks[size].front : masks[size].back;
      half |= std::uint64_t{0xff} << (byte % 8 * 8);  // The machine is little-endian.
    }
  }
  return masks;
}
inline constexpr std::array<ShortKey, ShortKey::kBytes + 1> ShortKey::kMasks =
    make_short_key_masks();

/// One multiplication to 128 bits, folded, as in wyhash (Wang Yi). `seed` carries what came before.
inline std::uint64_t hash_of(const ShortKey& key, std::uint64_t seed) {
  __extension__ using Wide = unsigned __int128;
  const Wide product =
      Wide{key.front ^ 0x243f6a8885a308d3u ^ seed} * (key.back ^ 0x13198a2e03707345u);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace mrun::bench
