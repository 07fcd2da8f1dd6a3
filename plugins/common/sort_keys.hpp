// SortKeys: the keys of sort(1), as bytes whose order is the order that they ask for.
//
// A key is read as POSIX sort reads its -k, in the C locale. Each becomes bytes that no other
// value's bytes begin with, so that several can stand in a row and any can be turned around.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <mrun/mrun.hpp>
#include <string>
#include <string_view>
#include <vector>

/// One key: a part of the line and how it is compared.
struct SortKey {
  std::uint64_t first_field = 0, first_byte = 0;                 ///< From 0.
  std::uint64_t last_field = UINT64_MAX, last_bytes = 0;         ///< 0 bytes: to the field's end.
  bool blanks_before_first = false, blanks_before_last = false;  ///< Skipped.
  bool numeric = false, reverse = false, ignore_case = false;
  bool dictionary = false, printable = false;  ///< Other bytes are left out.

  bool has_order() const {
    return numeric || reverse || ignore_case || dictionary || printable || blanks_before_first ||
           blanks_before_last;
  }
};

/// All keys of a run. Read-only once made; `encode` is for one thread with its own `bytes`.
class SortKeys {
 public:
  /// `texts`: as -k takes them. `separator`: -1 where fields begin with their blanks. `ignore_case`
  /// holds for keys that say nothing of their order.
  SortKeys(const std::vector<std::string>& texts, int separator, bool ignore_case)
      : separator_(separator) {
    for (const std::string& text : texts) {
      SortKey key = parse(text);
      if (!key.has_order()) key.ignore_case = ignore_case;
      keys_.push_back(key);
    }
    if (keys_.empty() && ignore_case) {
      keys_.emplace_back();
      keys_.back().ignore_case = true;
    }
  }

  bool empty() const { return keys_.empty(); }

  /// Sets `bytes` to what `line` is sorted by.
  void encode(std::string_view line, std::string& bytes) const {
    bytes.clear();
    for (const SortKey& key : keys_) {
      const std::size_t begin = bytes.size();
      const std::string_view part = part_of(line, key);
      if (key.numeric)
        append_number(part, bytes);
      else
        append_text(part, key, bytes);
      if (key.reverse)
        for (std::size_t i = begin; i < bytes.size(); ++i)
          bytes[i] = static_cast<char>(~static_cast<unsigned char>(bytes[i]));
    }
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  [[noreturn]] static void refuse(const std::string& text) {
    mrun::fail("parameter key: '" + text +
               "' is no sort key, such as 2, 2,3n or 1.3,1.5r (FIELD[.BYTE][bdfinr], twice)");
  }

  static std::uint64_t take_number(const std::string& text, const char*& at) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(at, text.data() + text.size(), number);
    if (read.ec != std::errc{}) refuse(text);
    at = read.ptr;
    return number;
  }

  static void take_letters(const std::string& text, const char*& at, SortKey& key, bool& blanks) {
    for (const char* const end = text.data() + text.size(); at != end && *at != ','; ++at) {
      switch (*at) {
        case 'b':
          blanks = true;
          break;
        case 'd':
          key.dictionary = true;
          break;
        case 'f':
          key.ignore_case = true;
          break;
        case 'i':
          key.printable = true;
          break;
        case 'n':
          key.numeric = true;
          break;
        case 'r':
          key.reverse = true;
          break;
        default:
          refuse(text);
      }
    }
  }

  static SortKey parse(const std::string& text) {
    SortKey key;
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto minus_one = [&](std::uint64_t number) {
      if (number == 0) refuse(text);
      return number - 1;
    };
    key.first_field = minus_one(take_number(text, at));
    if (at != end && *at == '.') key.first_byte = minus_one(take_number(text, ++at));
    take_letters(text, at, key, key.blanks_before_first);
    if (at != end) {
      key.last_field = minus_one(take_number(text, ++at));
      if (at != end && *at == '.') key.last_bytes = take_number(text, ++at);
      take_letters(text, at, key, key.blanks_before_last);
    }
    if (at != end || (key.numeric && (key.dictionary || key.printable))) refuse(text);
    return key;
  }

  static const char* skip_blanks(const char* at, const char* end) {
    while (at != end && is_blank(*at)) ++at;
    return at;
  }
  /// Behind `fields` fields; `behind_separator`: behind the last one's separator, too.
  const char* skip_fields(const char* at, const char* end, std::uint64_t fields,
                          bool behind_separator) const {
    for (; at != end && fields > 0; --fields) {
      if (separator_ < 0) {
        at = skip_blanks(at, end);
        while (at != end && !is_blank(*at)) ++at;
        continue;
      }
      at = std::find(at, end, static_cast<char>(separator_));
      if (at != end && (fields > 1 || behind_separator)) ++at;
    }
    return at;
  }

  std::string_view part_of(std::string_view line, const SortKey& key) const {
    const char* const end = line.data() + line.size();
    const auto forward = [&](const char* at, std::uint64_t bytes) {
      return at + std::min(bytes, static_cast<std::uint64_t>(end - at));
    };
    const char* first = skip_fields(line.data(), end, key.first_field, true);
    if (key.blanks_before_first) first = skip_blanks(first, end);
    first = forward(first, key.first_byte);
    const char* last = end;
    if (key.last_field != UINT64_MAX) {
      const bool whole_field = key.last_bytes == 0;
      last = skip_fields(line.data(), end, key.last_field + (whole_field ? 1 : 0), !whole_field);
      if (!whole_field) {
        if (key.blanks_before_last) last = skip_blanks(last, end);
        last = forward(last, key.last_bytes);
      }
    }
    return last <= first ? std::string_view(first, 0)
                         : std::string_view(first, static_cast<std::size_t>(last - first));
  }

  /// NUL is written as 00 ff, and 00 01 ends the text: no text's bytes begin with another's.
  static void append_text(std::string_view text, const SortKey& key, std::string& bytes) {
    for (char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (key.dictionary && !(byte < 0x80 && std::isalnum(byte) != 0) && !is_blank(c)) continue;
      if (key.printable && !key.dictionary && (byte < 0x20 || byte > 0x7E)) continue;
      if (key.ignore_case && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      bytes += c;
      if (c == '\0') bytes += '\xff';
    }
    bytes.append("\0\1", 2);
  }

  /// As 0.d1d2d3... * 10^exponent with d1 not 0: a byte for the sign, four for the exponent, two
  /// digits a byte and a zero byte behind them. What is no number is 0.
  static void append_number(std::string_view text, std::string& bytes) {
    constexpr char kNegative = 0, kZero = 1, kPositive = 2;
    const char* at = skip_blanks(text.data(), text.data() + text.size());
    const char* const end = text.data() + text.size();
    const bool is_negative = at != end && *at == '-';
    if (is_negative) ++at;
    const char* const whole = at;
    while (at != end && is_digit(*at)) ++at;
    std::string_view digits(whole, static_cast<std::size_t>(at - whole));
    std::string_view fraction;
    if (at != end && *at == '.') {
      const char* const begin = ++at;
      while (at != end && is_digit(*at)) ++at;
      fraction = {begin, static_cast<std::size_t>(at - begin)};
    }
    while (!digits.empty() && digits.front() == '0') digits.remove_prefix(1);
    while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
    auto exponent = static_cast<std::int64_t>(digits.size());
    if (digits.empty()) {
      while (!fraction.empty() && fraction.front() == '0') {
        fraction.remove_prefix(1);
        --exponent;
      }
    } else if (fraction.empty()) {
      while (digits.back() == '0') digits.remove_suffix(1);
    }
    if (digits.empty() && fraction.empty()) {
      bytes += kZero;
      return;
    }
    bytes += is_negative ? kNegative : kPositive;
    const std::size_t begin = bytes.size();
    const auto biased = static_cast<std::uint32_t>(exponent + (std::int64_t{1} << 31));
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(biased >> shift & 0xFF);
    const std::size_t count = digits.size() + fraction.size();
    const auto digit = [&](std::size_t index) {
      if (index >= count) return 0;
      return (index < digits.size() ? digits[index] : fraction[index - digits.size()]) - '0';
    };
    for (std::size_t i = 0; i < count; i += 2)
      bytes += static_cast<char>(digit(i) * 10 + digit(i + 1) + 1);
    bytes += '\0';
    if (is_negative)
      for (std::size_t i = begin; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(~static_cast<unsigned char>(bytes[i]));
  }

  std::vector<SortKey> keys_;
  int separator_;
};
