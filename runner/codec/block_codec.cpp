// Block codec over the lz4 library.
#include "codec/block_codec.hpp"

#include <lz4.h>

#include <algorithm>

#include "base/check.hpp"

namespace mrun {

static_assert(kLz4RawBytesMax == LZ4_MAX_INPUT_SIZE);

std::size_t lz4_compress(std::span<const std::byte> raw, std::span<std::byte> out) {
  MRUN_CHECK(raw.size() <= kLz4RawBytesMax);
  const int room = static_cast<int>(std::min(out.size(), kLz4RawBytesMax));
  const int stored =
      LZ4_compress_default(reinterpret_cast<const char*>(raw.data()),
                           reinterpret_cast<char*>(out.data()), static_cast<int>(raw.size()), room);
  return stored > 0 ? static_cast<std::size_t>(stored) : 0;
}

bool lz4_decompress(std::span<const std::byte> stored, std::span<std::byte> raw) {
  if (stored.size() > kLz4RawBytesMax || raw.size() > kLz4RawBytesMax) return false;
  const int made = LZ4_decompress_safe(
      reinterpret_cast<const char*>(stored.data()), reinterpret_cast<char*>(raw.data()),
      static_cast<int>(stored.size()), static_cast<int>(raw.size()));
  return made >= 0 && static_cast<std::size_t>(made) == raw.size();
}

}  // namespace mrun
