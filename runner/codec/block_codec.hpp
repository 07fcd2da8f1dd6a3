// Block codec: compresses and decompresses one block of bytes (lz4).
#pragma once

#include <cstddef>
#include <span>

namespace mrun {

/// lz4 takes no more than this at once; larger blocks are stored as they are.
constexpr std::size_t kLz4RawBytesMax = 0x7E000000;

/// Compresses `raw` into `out`. Returns the bytes written, or 0 where they do not fit: so `out` may
/// be as small as the result must be to be worth keeping.
std::size_t lz4_compress(std::span<const std::byte> raw, std::span<std::byte> out);

/// Decompresses `stored`; true if it held exactly `raw.size()` bytes. Never touches a byte outside
/// the two spans, whatever `stored` holds.
[[nodiscard]] bool lz4_decompress(std::span<const std::byte> stored, std::span<std::byte> raw);

}  // namespace mrun
