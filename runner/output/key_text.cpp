// Reads the fields of a key from text and encodes them as include/mrun/codec.hpp does.
#include "output/key_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/escape_text.hpp"

namespace mrun {
namespace {

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
/// A text that names more keys than this, by files that have the same name, is refused.
constexpr std::size_t kKeysMost = std::size_t{1} << 16;

std::string_view wanted_text(FieldType type) {
  switch (type) {
    case FieldType::i64:
      return "a whole number from -2^63 to 2^63 - 1";
    case FieldType::u64:
      return "a whole number from 0 to 2^64 - 1";
    case FieldType::f64:
      return "a number";
    case FieldType::boolean:
      return "true or false";
    case FieldType::file:
      return "the name of an input file of the output";
    case FieldType::none:
    case FieldType::bytes:
      break;
  }
  return "bytes";
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

/// A double's bits such that unsigned order is the order of the values, NaN last.
std::uint64_t ordered_bits(double value) {
  if (value == 0) value = 0;  // -0.0 becomes +0.0
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}

/// The number that a field's bytes are.
std::optional<std::uint64_t> word_of(FieldType type, std::string_view text) {
  switch (type) {
    case FieldType::u64:
      return parse_number<std::uint64_t>(text);
    case FieldType::i64:
      if (const auto number = parse_number<std::int64_t>(text))
        return static_cast<std::uint64_t>(*number) ^ kSignBit;
      return std::nullopt;
    case FieldType::f64:
      if (const auto number = parse_number<double>(text)) return ordered_bits(*number);
      return std::nullopt;
    case FieldType::boolean:
      if (text == "true") return 1;
      if (text == "false") return 0;
      return std::nullopt;
    case FieldType::file:
    case FieldType::none:
    case FieldType::bytes:
      break;
  }
  return std::nullopt;
}

/// A NUL in a field that is not the last would end it: 00 is written as 00 FF.
void put_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    out += c;
    if (c == '\0') out += '\xFF';
  }
}

}  // namespace

KeyReader::KeyReader(std::vector<Field> fields, std::span<const std::string> file_names)
    : fields_(std::move(fields)) {
  printed_ = static_cast<std::size_t>(std::count_if(
      fields_.begin(), fields_.end(), [](Field f) { return f.type != FieldType::none; }));
  const bool has_files = std::any_of(fields_.begin(), fields_.end(),
                                     [](Field f) { return f.type == FieldType::file; });
  if (!has_files) return;
  for (std::uint32_t i = 0; i < file_names.size(); ++i) ordinals_.emplace_back(file_names[i], i);
  std::sort(ordinals_.begin(), ordinals_.end());
}

Result<std::vector<KeyReader::Key>> KeyReader::read(std::string_view text) const {
  return encode(text, false);
}

Result<std::vector<std::string>> KeyReader::read_prefix(std::string_view text) const {
  MRUN_TRY_ASSIGN(std::vector<Key> keys, encode(text, true));
  std::vector<std::string> prefixes;
  for (Key& key : keys) prefixes.push_back(std::move(key.bytes));
  return prefixes;
}

Result<std::vector<KeyReader::Key>> KeyReader::encode(std::string_view text,
                                                      bool last_is_open) const {
  // All of them are equally long, for they differ in ordinals alone.
  std::vector<Key> keys(1);
  std::string_view rest = text;
  bool has_more = printed_ > 0;  // A field begins at `rest`, be it empty.
  std::size_t number = 0;        // Of printed fields read.
  for (std::size_t i = 0; i < fields_.size() && has_more; ++i) {
    const Field field = fields_[i];
    if (field.type == FieldType::none) continue;
    ++number;
    const bool takes_rest = number == printed_ && field.type == FieldType::bytes;
    const std::size_t tab = takes_rest ? std::string_view::npos : rest.find('\t');
    const std::string_view one = rest.substr(0, tab);
    has_more = tab != std::string_view::npos;
    rest = has_more ? rest.substr(tab + 1) : std::string_view();

    const std::size_t begin = keys.front().bytes.size();
    const bool is_open = last_is_open && !has_more;
    if (field.type == FieldType::bytes) {
      const bool is_raw = i + 1 == fields_.size() && !field.descending;
      for (Key& key : keys) {
        if (is_raw)
          key.bytes += one;
        else
          put_escaped(key.bytes, one);
        if (!is_raw && !is_open) key.bytes += std::string_view("\0\x01", 2);
      }
    } else {
      if (is_open && one.empty() && number > 1) break;
      if (!add_words(keys, field.type, one))
        return fail(Code::usage,
                    fmt::format("key '{}': field {} must be {}, and is '{}'", excerpt_text(text),
                                number, wanted_text(field.type), excerpt_text(one)));
      if (keys.size() > kKeysMost)
        return fail(Code::usage,
                    fmt::format("key '{}': so many inputs are named '{}' that it is more than {} "
                                "keys",
                                excerpt_text(text), excerpt_text(one), kKeysMost),
                    "give the fields before it alone, or the stored bytes with --hex");
    }
    if (field.descending)
      for (Key& key : keys)
        for (std::size_t at = begin; at < key.bytes.size(); ++at)
          key.bytes[at] = static_cast<char>(~key.bytes[at]);
  }
  if (has_more || (printed_ == 0 && !text.empty()))
    return fail(Code::usage,
                fmt::format("key '{}' has more fields than the {} of the output's keys",
                            excerpt_text(text), printed_));
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.bytes < b.bytes; });
  for (Key& key : keys) {
    key.is_whole = number == printed_ && !last_is_open;
    key.has_more = &key != &keys.back();
  }
  return keys;
}

std::span<const KeyReader::Ordinals::value_type> KeyReader::ordinals_of(
    std::string_view name) const {
  const auto begin =
      std::lower_bound(ordinals_.begin(), ordinals_.end(), Ordinals::value_type(name, 0));
  auto end = begin;
  while (end != ordinals_.end() && end->first == name) ++end;
  return {begin, end};
}

/// Appends a field's bytes, most significant first, to each of the keys; where it is a file that
/// several inputs have, to as many copies of each. False where the text is no value of the type.
bool KeyReader::add_words(std::vector<Key>& keys, FieldType type, std::string_view text) const {
  const auto add = [&](std::string& bytes, std::uint64_t word) {
    for (std::size_t byte = fixed_bytes(type); byte-- > 0;)
      bytes += static_cast<char>(word >> (8 * byte));
  };
  if (type != FieldType::file) {
    const std::optional<std::uint64_t> word = word_of(type, text);
    if (word)
      for (Key& key : keys) add(key.bytes, *word);
    return word.has_value();
  }
  const std::span<const Ordinals::value_type> files = ordinals_of(text);
  if (files.empty()) return false;
  std::vector<Key> more;
  for (const Key& key : keys) {
    if (more.size() > kKeysMost) break;
    for (const auto& [name, ordinal] : files) {
      more.push_back(key);
      add(more.back().bytes, ordinal);
    }
  }
  keys = std::move(more);
  return true;
}

Result<std::string> KeyReader::read_hex(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  const auto value_of = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string bytes;
  bool is_hex = digits.size() % 2 == 0;
  for (std::size_t i = 0; is_hex && i < digits.size(); i += 2) {
    const int high = value_of(digits[i]), low = value_of(digits[i + 1]);
    is_hex = high >= 0 && low >= 0;
    bytes += static_cast<char>(high << 4 | low);
  }
  if (is_hex) return bytes;
  return fail(Code::usage,
              fmt::format("key '{}' is not pairs of hexadecimal digits", excerpt_text(text)));
}

}  // namespace mrun
