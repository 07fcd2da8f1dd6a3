// write_decimal: unsigned numbers as decimal text, without a branch on the number of digits.
//
// The commonest output is a count: std::to_chars mispredicts its length at every other pair. Eight
// digits are computed side by side in one word (the halving of fields after Khuong, "How to print
// integers really fast", 2017), and the leading zeros are shifted out.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace mrun {

/// Bytes that must be writable where a number is written; its text may be shorter.
constexpr std::size_t kDecimalBytesMax = 24;

/// The eight digits of `value` < 10^8 as bytes 0..9, the first digit lowest.
inline std::uint64_t eight_digits(std::uint32_t value) {
  const std::uint64_t fours = value / 10000 | std::uint64_t{value % 10000} << 32;
  const std::uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007F'0000007F;
  const std::uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
  const std::uint64_t tens = (twos * 103 >> 10) & 0x000F'000F'000F'000F;
  return tens | (twos - 10 * tens) << 8;
}

/// Writes the decimal digits of `value` and returns their end. Little-endian machines only.
inline std::uint8_t* write_decimal(std::uint8_t* out, std::uint64_t value) {
  constexpr std::uint64_t kTenToEight = 100'000'000;
  constexpr std::uint64_t kAsciiZeros = 0x3030303030303030;
  if (value < kTenToEight) {
    const std::uint64_t digits = eight_digits(static_cast<std::uint32_t>(value));
    // The mark keeps one digit of a zero.
    const int zeros = std::countr_zero(digits | std::uint64_t{1} << 56) / 8;
    const std::uint64_t text = (digits | kAsciiZeros) >> (8 * zeros);
    std::memcpy(out, &text, sizeof text);
    return out + (8 - zeros);
  }
  out = write_decimal(out, value / kTenToEight);
  const std::uint64_t text =
      eight_digits(static_cast<std::uint32_t>(value % kTenToEight)) | kAsciiZeros;
  std::memcpy(out, &text, sizeof text);
  return out + sizeof text;
}

}  // namespace mrun
