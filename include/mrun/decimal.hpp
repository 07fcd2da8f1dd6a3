// Decimal: exact decimal numbers, and sums of them that do not depend on any order.
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "past_view.hpp"

namespace mrun {

namespace detail {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

/// 10^n; n is at most 38.
inline Uint128 power_of_ten(unsigned n) {
  Uint128 power = 1;
  for (; n >= 19; n -= 19) power *= 10'000'000'000'000'000'000u;
  std::uint64_t rest = 1;
  for (; n > 0; --n) rest *= 10;
  return power * rest;
}

inline unsigned bit_length(Uint128 number) {
  const auto high = static_cast<std::uint64_t>(number >> 64);
  const auto low = static_cast<std::uint64_t>(number);
  return static_cast<unsigned>(high != 0 ? 64 + std::bit_width(high) : std::bit_width(low));
}

/// The number that `size` characters are, 1 to 8, without a branch a digit; nothing where one is no
/// digit, or where it cannot be seen at once. (After Wojciech Mula and Daniel Lemire, "Quickly
/// parsing eight digits", 2018.)
inline std::optional<std::uint32_t> parse_short(const char* text, std::size_t size) {
  static_assert(std::endian::native == std::endian::little);
  if (!may_read_block<8>(text)) return std::nullopt;
  std::uint64_t bytes;
  std::memcpy(&bytes, without_bounds(text), 8);
  // The last digit in the highest byte, and zeros before the first.
  bytes = (bytes ^ 0x3030303030303030) << (64 - 8 * size);
  if (((bytes | (bytes + 0x7676767676767676)) & 0x8080808080808080) != 0) return std::nullopt;
  bytes = bytes * 10 + (bytes >> 8);
  constexpr std::uint64_t kPairs = 0x000000FF000000FF;
  return static_cast<std::uint32_t>(
      ((bytes & kPairs) * 0x000F424000000064 + (bytes >> 16 & kPairs) * 0x0000271000000001) >> 32);
}

}  // namespace detail

/// digits × 10^-scale, with at most 35 digits and a scale of at most 35.
struct Decimal {
  static constexpr unsigned kDigitsMost = 35;
  static constexpr std::size_t kTextBytes = 48;  ///< Room for any text of a Decimal or DecimalSum.

  detail::Int128 digits = 0;
  std::uint32_t scale = 0;

  /// By value; of equal values, the one with fewer decimals is the smaller one.
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
    if (a.scale == b.scale) return a.digits <=> b.digits;
    // Neither side can be brought to the other's scale within 128 bits, but whole and rest can.
    const auto unit_a = static_cast<detail::Int128>(detail::power_of_ten(a.scale));
    const auto unit_b = static_cast<detail::Int128>(detail::power_of_ten(b.scale));
    if (const auto order = a.digits / unit_a <=> b.digits / unit_b; order != 0) return order;
    detail::Int128 rest_a = a.digits % unit_a, rest_b = b.digits % unit_b;
    if (a.scale < b.scale)
      rest_a *= unit_b / unit_a;
    else
      rest_b *= unit_a / unit_b;
    if (const auto order = rest_a <=> rest_b; order != 0) return order;
    return a.scale <=> b.scale;
  }
  friend bool operator==(const Decimal& a, const Decimal& b) {
    return a.scale == b.scale && a.digits == b.digits;
  }

  /// Writes the number as text with all its decimals to `out`, which has kTextBytes.
  std::string_view text(char* out) const;

  /// A parsed number in two words, for states and values.
  struct Packed {
    std::uint64_t low = 0, high = 0;
  };
  Packed packed() const {
    const auto bits = static_cast<detail::Uint128>(digits) << 8 | scale;
    return {static_cast<std::uint64_t>(bits), static_cast<std::uint64_t>(bits >> 64)};
  }
  static Decimal of(const Packed& packed) {
    const auto bits = static_cast<detail::Int128>(detail::Uint128{packed.high} << 64 | packed.low);
    return {bits >> 8, static_cast<std::uint32_t>(packed.low & 0xFF)};
  }

  /// Two words that compare as the values of parsed numbers do; 1.0 and 1.00 have the same. For
  /// keys: `std::tuple<std::uint64_t, std::uint64_t>`.
  struct Order {
    std::uint64_t high, low;
    auto operator<=>(const Order&) const = default;
  };
  Order order() const;
};

/// A field of up to 8 digits as a number, faster than parse_decimal; nothing where it is anything
/// else, and sometimes where it only may be.
inline std::optional<std::uint32_t> parse_short(std::string_view text) {
  if (text.size() - 1 >= 8) return std::nullopt;
  return detail::parse_short(text.data(), text.size());
}

/// A field as a decimal number: an optional sign, digits with or without a point, an optional
/// exponent; nothing where it is anything else or has more digits than a Decimal.
inline std::optional<Decimal> parse_decimal(std::string_view text) {
  if (const auto number = parse_short(text)) return Decimal{*number, 0};
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (at != end && (*at == '-' || *at == '+')) ++at;
  constexpr unsigned kWordDigits = 19;  // As many as 64 bits hold.
  std::uint64_t first_digits = 0;
  detail::Uint128 digits = 0;
  unsigned n_digits = 0;  // from the first that is not 0 on
  int scale = 0;
  bool any = false, behind_point = false;
  for (; at != end; ++at) {
    const auto digit = static_cast<unsigned>(*at) - '0';
    if (digit <= 9) {
      any = true;
      n_digits += n_digits != 0 || digit != 0;
      if (n_digits > Decimal::kDigitsMost) return std::nullopt;
      if (n_digits <= kWordDigits) {
        first_digits = first_digits * 10 + digit;
      } else {
        digits = (n_digits == kWordDigits + 1 ? first_digits : digits) * 10 + digit;
      }
      scale += behind_point;
    } else if (*at == '.' && !behind_point) {
      behind_point = true;
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  if (n_digits <= kWordDigits) digits = first_digits;
  if (at != end) {
    if (*at != 'e' && *at != 'E') return std::nullopt;
    ++at;
    const bool down = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+')) ++at;
    if (at == end) return std::nullopt;
    int exponent = 0;
    for (; at != end; ++at) {
      const auto digit = static_cast<unsigned>(*at) - '0';
      if (digit > 9) return std::nullopt;
      exponent = std::min(exponent * 10 + static_cast<int>(digit), 10'000);
    }
    scale += down ? exponent : -exponent;
  }
  if (scale > static_cast<int>(Decimal::kDigitsMost)) return std::nullopt;
  if (scale < 0) {
    if (digits != 0) {
      if (n_digits + static_cast<unsigned>(-scale) > Decimal::kDigitsMost) return std::nullopt;
      digits *= detail::power_of_ten(static_cast<unsigned>(-scale));
    }
    scale = 0;
  }
  const auto value = static_cast<detail::Int128>(digits);
  return Decimal{negative ? -value : value, static_cast<std::uint32_t>(scale)};
}

/// Decimals added up. Any order and grouping of the same numbers gives the same bytes: digits are
/// added modulo 2^128 at the largest scale met, and whether that could have gone beyond 128 bits is
/// known from the number of addends and the largest of them.
struct DecimalSum {
  std::uint64_t low = 0, high = 0;  ///< digits, two's complement
  std::uint32_t scale = 0;
  std::int32_t largest = kNone;  ///< Every addend's magnitude is below 2^(largest / 16).

  static DecimalSum of(const Decimal& number) {
    DecimalSum sum;
    sum.set(static_cast<detail::Uint128>(number.digits));
    sum.scale = number.scale;
    const auto magnitude =
        static_cast<detail::Uint128>(number.digits < 0 ? -number.digits : number.digits);
    if (magnitude != 0)
      sum.largest = static_cast<std::int32_t>(16 * detail::bit_length(magnitude)) -
                    static_cast<std::int32_t>(number.scale * kSixteenthsPerDecimal);
    return sum;
  }

  /// The same of a whole number.
  static DecimalSum of(std::uint32_t number) {
    DecimalSum sum;
    sum.low = number;
    if (number != 0) sum.largest = static_cast<std::int32_t>(16 * std::bit_width(number));
    return sum;
  }

  void add(const DecimalSum& other) {
    largest = std::max(largest, other.largest);
    if (scale == other.scale) [[likely]]
      return set(bits() + other.bits());
    *this = added_at_scale(*this, other);
  }

  /// The sum, of which `count` addends were added; nothing where it may need more than 127 bits.
  /// It may have more digits than a Decimal that was parsed.
  std::optional<Decimal> value(std::uint64_t count) const {
    const auto sixteenths = static_cast<std::int64_t>(largest) +
                            16 * static_cast<std::int64_t>(std::bit_width(count)) +
                            static_cast<std::int64_t>(scale) * (kSixteenthsPerDecimal + 1);
    if (largest != kNone && sixteenths >= 16 * 127) return std::nullopt;
    return Decimal{static_cast<detail::Int128>(bits()), scale};
  }

 private:
  static constexpr std::int32_t kNone = INT32_MIN / 2;
  /// 16 × log2(10) = 53.15, rounded down; one more is rounded up.
  static constexpr std::int32_t kSixteenthsPerDecimal = 53;

  // Out of the way, and by value, so that those who add keep their sums in registers.
  [[gnu::noinline]] static DecimalSum added_at_scale(DecimalSum sum, DecimalSum other) {
    const std::uint32_t common = std::max(sum.scale, other.scale);
    sum.set(sum.at_scale(common) + other.at_scale(common));
    sum.scale = common;
    return sum;
  }

  detail::Uint128 bits() const { return detail::Uint128{high} << 64 | low; }
  void set(detail::Uint128 bits) {
    low = static_cast<std::uint64_t>(bits);
    high = static_cast<std::uint64_t>(bits >> 64);
  }
  detail::Uint128 at_scale(std::uint32_t wanted) const {
    return wanted == scale ? bits() : bits() * detail::power_of_ten(wanted - scale);
  }
};
static_assert(sizeof(DecimalSum) == 24);

inline std::string_view Decimal::text(char* out) const {
  if (scale == 0 && digits == static_cast<std::int64_t>(digits)) {
    const char* const stop =
        std::to_chars(out, out + kTextBytes, static_cast<std::int64_t>(digits)).ptr;
    return {out, static_cast<std::size_t>(stop - out)};
  }
  char* const end = out + kTextBytes;
  char* at = end;
  auto rest = static_cast<detail::Uint128>(digits < 0 ? -digits : digits);
  unsigned written = 0;
  const auto write = [&](auto& number) {
    if (written == scale && scale != 0) *--at = '.';
    *--at = static_cast<char>('0' + static_cast<int>(number % 10));
    number /= 10;
    ++written;
  };
  while ((rest >> 64) != 0) write(rest);
  // Divisions of 64 bits are several times as fast.
  for (auto last = static_cast<std::uint64_t>(rest); last != 0 || written <= scale;) write(last);
  if (digits < 0) *--at = '-';
  return {at, static_cast<std::size_t>(end - at)};
}

/// 0.d1d2d3… × 10^exponent: a bit for the sign, seven for the exponent, 120 for the digits, and all
/// of them turned around for a negative number.
inline Decimal::Order Decimal::order() const {
  constexpr std::uint64_t kPositive = std::uint64_t{1} << 63;
  auto mantissa = static_cast<detail::Uint128>(digits < 0 ? -digits : digits);
  if (mantissa == 0) return {kPositive, 0};
  constexpr int kExponentOfDigits = static_cast<int>(kDigitsMost);
  int exponent = kExponentOfDigits - static_cast<int>(scale);
  const detail::Uint128 full = detail::power_of_ten(kDigitsMost - 1);
  for (; mantissa < full; --exponent) mantissa *= 10;
  const Order order{kPositive | static_cast<std::uint64_t>(exponent + 64) << 56 |
                        static_cast<std::uint64_t>(mantissa >> 64),
                    static_cast<std::uint64_t>(mantissa)};
  return digits < 0 ? Order{~order.high, ~order.low} : order;
}

/// sum / count, to six decimals more than the sum has where there is room for them, rounded to
/// the nearest (halves away from zero), without zeros at the end.
inline Decimal decimal_mean(const Decimal& sum, std::uint64_t count) {
  const bool negative = sum.digits < 0;
  auto digits = static_cast<detail::Uint128>(negative ? -sum.digits : sum.digits);
  std::uint32_t scale = sum.scale;
  for (int i = 0; i < 6 && detail::bit_length(digits) < 122; ++i, ++scale) digits *= 10;
  const detail::Uint128 rest = digits % count;
  digits = digits / count + (rest >= count - rest ? 1 : 0);
  for (; scale > 0 && digits % 10 == 0; --scale) digits /= 10;
  const auto value = static_cast<detail::Int128>(digits);
  return {negative ? -value : value, scale};
}

}  // namespace mrun
