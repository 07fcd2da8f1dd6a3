// Reading and writing sizes, in integers throughout: a size near 2^64 must not lose its last bytes.
#include "base/size_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/escape_text.hpp"

namespace mrun {
namespace {

constexpr std::string_view kUnitLetters = "KMGTPE";
/// More digits of a fraction than this cannot change a size below 2^64.
constexpr std::size_t kFractionDigitsMax = 15;

Failure bad_size(std::string_view text, std::string_view why) {
  return fail(Code::usage, fmt::format("'{}' is no size: {}", excerpt_text(text), why),
              "write it like 64M, 1.5G, 512KiB or 1048576");
}

/// Powers of two of the unit; empty where there is no such unit.
std::optional<unsigned> unit_shift(std::string_view unit) {
  std::string upper(unit);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (upper.empty() || upper == "B") return 0;
  const std::size_t letter = kUnitLetters.find(upper[0]);
  const std::string_view rest = std::string_view(upper).substr(1);
  if (letter == std::string_view::npos) return std::nullopt;
  if (!rest.empty() && rest != "B" && rest != "IB" && rest != "I") return std::nullopt;
  return static_cast<unsigned>((letter + 1) * 10);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto digits =
      static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  std::string_view rest = text.substr(digits);
  std::string_view fraction;
  if (!rest.empty() && rest[0] == '.') {
    rest.remove_prefix(1);
    const auto size = static_cast<std::size_t>(
        std::find_if_not(rest.begin(), rest.end(), is_digit) - rest.begin());
    fraction = rest.substr(0, size);
    rest.remove_prefix(size);
    if (fraction.empty()) return bad_size(text, "digits must follow the point");
  }
  if (digits == 0)
    return bad_size(text, text.empty() ? "it is empty" : "it must begin with a digit");
  if (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  const std::optional<unsigned> shift = unit_shift(rest);
  if (!shift)
    return bad_size(text, fmt::format("'{}' is no unit (K, M, G, T, P, E)", excerpt_text(rest)));

  std::uint64_t whole = 0;
  const auto read = std::from_chars(text.data(), text.data() + digits, whole);
  if (read.ec != std::errc() || whole > (UINT64_MAX >> *shift))
    return bad_size(text, "it is 16 EiB or more");
  std::uint64_t bytes = whole << *shift;
  if (fraction.empty()) return bytes;

  while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
  if (fraction.size() > kFractionDigitsMax)
    return bad_size(text, "its fraction has too many digits");
  if (!fraction.empty() && *shift == 0) return bad_size(text, "there are no fractions of a byte");
  std::uint64_t numerator = 0, denominator = 1;
  for (const char c : fraction) {
    numerator = numerator * 10 + static_cast<std::uint64_t>(c - '0');
    denominator *= 10;
  }
  // Less than one unit, so the sum stays below the next whole unit; rounded down to bytes.
  __extension__ using Wide = unsigned __int128;
  const auto part =
      static_cast<std::uint64_t>((static_cast<Wide>(numerator) << *shift) / denominator);
  return bytes + part;
}

Result<unsigned> parse_percent(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::usage, fmt::format("'{}' is no share of the memory", excerpt_text(text)),
                "write a whole number from 1% to 100%");
  };
  if (text.empty() || text.back() != '%') return bad();
  const std::string_view digits = text.substr(0, text.size() - 1);
  unsigned percent = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), percent);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || percent < 1 ||
      percent > 100)
    return bad();
  return percent;
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  std::size_t unit = 0;
  double value = static_cast<double>(bytes) / 1024;
  // 1023.95 would be shown as 1024.0.
  while (value >= 1023.95 && unit + 1 < kUnitLetters.size()) {
    value /= 1024;
    ++unit;
  }
  std::string number = fmt::format("{:.{}f}", value, value < 99.995 ? 1 : 0);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return fmt::format("{} {}iB", number, kUnitLetters[unit]);
}

}  // namespace mrun
