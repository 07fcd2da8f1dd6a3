// Random values of declared types, encoded by a slow encoder written from the contract, with their
// texts.
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "model/job_spec.hpp"

namespace mrun::test_support {

inline std::string big_endian(std::uint64_t word, int size) {
  std::string bytes;
  for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>(word >> (8 * i));
  return bytes;
}
inline std::string little_endian(std::uint64_t word, int size) {
  std::string bytes = big_endian(word, size);
  std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

/// One field's value, as text and in both encodings.
struct Sample {
  std::string text, key, value;
};

inline constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

inline Sample sample_u64(std::uint64_t v) {
  return {std::to_string(v), big_endian(v, 8), little_endian(v, 8)};
}
inline Sample sample_i64(std::int64_t v) {
  const auto bits = static_cast<std::uint64_t>(v);
  return {std::to_string(v), big_endian(bits ^ kSign, 8), little_endian(bits, 8)};
}
inline Sample sample_f64(double v) {
  const auto bits = std::bit_cast<std::uint64_t>(v);
  const std::uint64_t ordered = (bits & kSign) != 0 ? ~bits : bits ^ kSign;
  char text[64];
  return {{text, std::to_chars(text, text + sizeof text, v).ptr},
          big_endian(ordered, 8),
          little_endian(bits, 8)};
}
inline Sample sample_bool(bool v) {
  return {v ? "true" : "false", std::string(1, v ? '\1' : '\0'), std::string(1, v ? '\1' : '\0')};
}
/// `key` is the escaped form, `value` the raw one.
inline Sample sample_bytes(const std::string& v) {
  std::string escaped;
  for (const char c : v) escaped += c == 0 ? std::string("\0\xFF", 2) : std::string(1, c);
  return {v, escaped + std::string("\0\1", 2), v};
}

inline const std::vector<std::string> kNames = {"a", "input/some file", std::string(300, 'n'), ""};

class Samples {
 public:
  explicit Samples(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  Sample of(FieldType type) {
    switch (type) {
      case FieldType::none:
        return {};
      case FieldType::u64:
        return sample_u64(number());
      case FieldType::i64:
        return sample_i64(static_cast<std::int64_t>(number()));
      case FieldType::f64:
        return sample_f64(real());
      case FieldType::boolean:
        return sample_bool(below(2) != 0);
      case FieldType::bytes:
        return sample_bytes(bytes());
      case FieldType::file: {
        const std::uint64_t ordinal = below(kNames.size());
        return {kNames[ordinal], big_endian(ordinal, 4), little_endian(ordinal, 4)};
      }
    }
    return {};
  }

 private:
  std::uint64_t number() {
    static constexpr std::uint64_t kEdges[] = {0, 1, 9, 10, kSign - 1, kSign, ~std::uint64_t{0}};
    if (below(4) == 0) return kEdges[below(std::size(kEdges))];
    return random_() >> below(64);
  }
  double real() {
    static constexpr double kEdges[] = {0.0,
                                        1.0,
                                        -1.5,
                                        0.1,
                                        1e300,
                                        -5e-324,
                                        1e16,
                                        std::numeric_limits<double>::infinity(),
                                        -std::numeric_limits<double>::infinity()};
    if (below(2) == 0) return kEdges[below(std::size(kEdges))];
    const double v = std::bit_cast<double>(random_());
    return std::isfinite(v) ? v : 2.5;
  }
  std::string bytes() {
    static constexpr std::size_t kSizes[] = {0, 1, 7, 15, 16, 17, 40, 5000};
    std::string text(kSizes[below(std::size(kSizes))], 'x');
    const bool zeros = below(2) == 0;
    for (char& c : text) c = zeros && below(3) == 0 ? '\0' : static_cast<char>(random_());
    return text;
  }

  std::mt19937_64 random_;
};

/// A key of the given fields, encoded and as text.
inline Sample key_of(Samples& samples, const std::vector<Field>& fields) {
  Sample key;
  bool is_first = true;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Sample part = samples.of(fields[i].type);
    const bool raw =
        fields[i].type == FieldType::bytes && i + 1 == fields.size() && !fields[i].descending;
    std::string encoded = raw ? part.value : part.key;
    if (fields[i].descending)
      for (char& c : encoded) c = static_cast<char>(~c);
    key.key += encoded;
    if (fields[i].type == FieldType::none) continue;
    key.text += (is_first ? "" : "\t") + part.text;
    is_first = false;
  }
  return key;
}

}  // namespace mrun::test_support
