// SpillCompression: how blocks of sorted runs are stored.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mrun {

/// `automatic`: as lz4 where that makes the run faster, or room is short.
enum class SpillCompression : std::uint8_t { automatic, none, lz4, zstd };

constexpr std::string_view spill_compression_name(SpillCompression compression) {
  constexpr std::array<std::string_view, 4> kNames = {"auto", "none", "lz4", "zstd"};
  return kNames[static_cast<std::size_t>(compression)];
}

}  // namespace mrun
