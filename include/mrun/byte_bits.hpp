// Where a byte stands in a text: one bit a byte, 64 bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "past_view.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace mrun::detail {

#if defined(__SSE2__)
/// Bit i is set where byte i of the 16 at `bytes` is that of which `wanted` is full.
inline std::uint64_t equal_bits_16(const char* bytes, __m128i wanted) {
  const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(x, wanted)));
}
#endif

/// Bit i is set where byte i of the 64 at `bytes` is `byte`.
inline std::uint64_t equal_bits_64(const char* bytes, char byte) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi8(byte);
  // Not a loop: GCC 12 unrolls none at -O2.
  return equal_bits_16(bytes, wanted) | equal_bits_16(bytes + 16, wanted) << 16 |
         equal_bits_16(bytes + 32, wanted) << 32 | equal_bits_16(bytes + 48, wanted) << 48;
#else
  std::uint64_t bits = 0;
  constexpr std::uint64_t kOnes = 0x0101010101010101, kLow = 0x7F7F7F7F7F7F7F7F;
  const std::uint64_t wanted = kOnes * static_cast<unsigned char>(byte);
  for (unsigned i = 0; i < 8; ++i) {
    std::uint64_t x;
    std::memcpy(&x, bytes + i * 8, 8);
    x ^= wanted;
    // The high bit of each byte that is 0; no sum leaves its byte.
    const std::uint64_t equal = ~(((x & kLow) + kLow) | x | kLow);
    bits |= ((equal >> 7) * 0x0102040810204080 >> 56) << (i * 8);
  }
  return bits;
#endif
}

/// The same of the first 64 of `left` > 0 bytes; zero past them.
inline std::uint64_t equal_bits(const char* bytes, std::size_t left, char byte) {
  if (left >= 64) return equal_bits_64(bytes, byte);
  return bits_of_last(bytes, left, [&](const char* block) { return equal_bits_64(block, byte); });
}

}  // namespace mrun::detail
