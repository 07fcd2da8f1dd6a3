// ExactSum: a sum of doubles that does not depend on the order in which they were added.
//
// A superaccumulator (Kulisch; Neal, "Fast exact summation using small and large
// superaccumulators", 2015): one two's complement integer in units of 2^-958, wide enough for every
// double. Adding integers is associative, so any order and grouping gives the same bits; the result
// is rounded once, to the nearest double, ties to even. Bits of an addend below 2^-958 are cut off
// (towards zero), which a double of magnitude 2^-906 or more does not have. The sum of no bits is
// +0.0.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace mrun::detail {

/// 256 bytes. limbs[0..30]: bits 0..1983 of the integer. limbs[31]: flags in bits 0..2, and above
/// them bits 1984..2044, the sign among them: room for 2^61 addends of any size.
struct ExactSum {
  static constexpr int kLimbs = 31;
  static constexpr int kLowestBit = -958;
  static constexpr std::uint64_t kNan = 1, kPlusInfinity = 2, kMinusInfinity = 4, kFlags = 7;

  std::uint64_t limbs[kLimbs + 1];

  /// The sum of `value` alone.
  static ExactSum of(double value) {
    ExactSum sum;
    std::memset(sum.limbs, 0, sizeof sum.limbs);
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const bool negative = (bits >> 63) != 0;
    const auto exponent = static_cast<int>(bits >> 52 & 0x7FF);
    std::uint64_t mantissa = bits & ((std::uint64_t{1} << 52) - 1);
    if (exponent == 0x7FF) {
      sum.limbs[kLimbs] = mantissa != 0 ? kNan : negative ? kMinusInfinity : kPlusInfinity;
      return sum;
    }
    if (exponent != 0) mantissa |= std::uint64_t{1} << 52;
    int shift = (exponent != 0 ? exponent : 1) - 1075 - kLowestBit;
    if (shift < 0) {
      mantissa = shift > -64 ? mantissa >> -shift : 0;
      shift = 0;
    }
    const auto limb = static_cast<unsigned>(shift) / 64;
    const auto offset = static_cast<unsigned>(shift) % 64;
    sum.limbs[limb] = mantissa << offset;
    if (offset != 0 && limb + 1 < kLimbs) sum.limbs[limb + 1] = mantissa >> (64 - offset);
    if (negative) sum.negate();
    return sum;
  }

  void add(const ExactSum& other) {
    std::uint64_t carry = 0;
    for (int i = 0; i < kLimbs; ++i) {
      std::uint64_t sum;
      const bool first = __builtin_add_overflow(limbs[i], other.limbs[i], &sum);
      const bool second = __builtin_add_overflow(sum, carry, &limbs[i]);
      carry = static_cast<std::uint64_t>(first | second);
    }
    const std::uint64_t flags = (limbs[kLimbs] | other.limbs[kLimbs]) & kFlags;
    limbs[kLimbs] = (((limbs[kLimbs] >> 3) + (other.limbs[kLimbs] >> 3) + carry) << 3) | flags;
  }

  /// The nearest double; ±infinity beyond the largest; NaN for a NaN or for infinities of both
  /// signs.
  double round() const {
    const std::uint64_t flags = limbs[kLimbs] & kFlags;
    if ((flags & kNan) != 0 || flags == (kPlusInfinity | kMinusInfinity))
      return std::numeric_limits<double>::quiet_NaN();
    if (flags == kPlusInfinity) return std::numeric_limits<double>::infinity();
    if (flags == kMinusInfinity) return -std::numeric_limits<double>::infinity();
    ExactSum magnitude = *this;
    const bool negative = static_cast<std::int64_t>(limbs[kLimbs]) < 0;
    if (negative) magnitude.negate();
    const double rounded = magnitude.round_magnitude();
    return negative ? -rounded : rounded;
  }

 private:
  void negate() {
    std::uint64_t carry = 1;
    for (int i = 0; i < kLimbs; ++i) {
      limbs[i] = ~limbs[i] + carry;
      carry = static_cast<std::uint64_t>(carry != 0 && limbs[i] == 0);
    }
    const std::uint64_t flags = limbs[kLimbs] & kFlags;
    limbs[kLimbs] = ((~(limbs[kLimbs] >> 3) + carry) << 3) | flags;
  }

  double round_magnitude() const {
    if (limbs[kLimbs] >> 3 != 0) return std::numeric_limits<double>::infinity();
    int top = kLimbs - 1;
    while (top >= 0 && limbs[top] == 0) --top;
    if (top < 0) return 0.0;
    // The 64 highest bits, then whether anything lies below them.
    const auto leading = static_cast<unsigned>(std::countl_zero(limbs[top]));
    const std::uint64_t below = top > 0 ? limbs[top - 1] : 0;
    std::uint64_t head = limbs[top] << leading;
    if (leading != 0) head |= below >> (64 - leading);
    bool rest = leading != 0 ? (below << leading) != 0 : below != 0;
    for (int i = top - 2; i >= 0 && !rest; --i) rest = limbs[i] != 0;
    const std::uint64_t cut = head & 0x7FF;
    std::uint64_t mantissa = head >> 11;
    if (cut > 0x400 || (cut == 0x400 && (rest || (mantissa & 1) != 0))) ++mantissa;
    const int exponent = top * 64 - static_cast<int>(leading) + 11 + kLowestBit;
    return std::ldexp(static_cast<double>(mantissa), exponent);
  }
};
static_assert(sizeof(ExactSum) == 256);

}  // namespace mrun::detail
