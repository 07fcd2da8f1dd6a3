// Numbers as the headers of frames hold them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mrun {

inline std::uint32_t little_endian(std::span<const std::byte, 4> bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

}  // namespace mrun
