// Numbers of 7 bits a byte, lowest first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mrun {

constexpr std::size_t kVarintBytesMax = 10;

/// Writes at most kVarintBytesMax bytes; returns their end.
inline std::uint8_t* put_varint(std::uint8_t* out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<std::uint8_t>(value | 0x80);
  *out++ = static_cast<std::uint8_t>(value);
  return out;
}

/// Reads a number from [at, end); returns where it ends, null where it does not.
inline const std::uint8_t* take_varint(const std::uint8_t* at, const std::uint8_t* end,
                                       std::uint64_t& value) {
  if (at != end && *at < 0x80) {
    value = *at;
    return at + 1;
  }
  value = 0;
  for (unsigned shift = 0; at != end && shift < 70; shift += 7) {
    const std::uint8_t byte = *at++;
    if (shift == 63 && byte > 1) return nullptr;
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return at;
  }
  return nullptr;
}

}  // namespace mrun
