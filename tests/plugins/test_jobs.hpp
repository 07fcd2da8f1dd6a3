// How the test jobs cut and change records; shared with the naive model, which repeats all else in
// its own way.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

namespace test_jobs {

/// A record's key is what lies before its first space, its value what lies after it.
struct Cut {
  std::string_view key;
  std::string_view value;
};
inline Cut cut(std::string_view record) {
  const std::size_t space = record.find(' ');
  if (space == std::string_view::npos) return {record, {}};
  return {record.substr(0, space), record.substr(space + 1)};
}

/// A stable hash (FNV-1a over 8-byte words), so that any bytes make numbers.
inline std::uint64_t mix(std::string_view bytes, std::uint64_t state = 14695981039346656037u) {
  constexpr std::uint64_t kPrime = 1099511628211u;
  state = (state ^ bytes.size()) * kPrime;
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = bytes.size() < 8 ? bytes.size() : 8;
    std::memcpy(&word, bytes.data(), count);
    bytes.remove_prefix(count);
    state = (state ^ word) * kPrime;
    state ^= state >> 29;
  }
  return state;
}

/// Small numbers mostly, so that keys repeat; now and then one of the type's borders.
inline std::int64_t signed_of(std::string_view bytes) {
  constexpr std::array<std::int64_t, 6> kBorders{0,
                                                 -1,
                                                 1,
                                                 std::numeric_limits<std::int64_t>::min(),
                                                 std::numeric_limits<std::int64_t>::max(),
                                                 1ll << 32};
  const std::uint64_t hash = mix(bytes);
  if (hash % 16 == 0) return kBorders[(hash >> 8) % kBorders.size()];
  return static_cast<std::int64_t>((hash >> 8) % 2001) - 1000;
}
inline std::uint64_t unsigned_of(std::string_view bytes) {
  return static_cast<std::uint64_t>(signed_of(bytes));
}
/// A multiple of 1/8 that a sum of millions still holds exactly.
inline double real_of(std::string_view bytes) {
  return (static_cast<double>(mix(bytes) % 4001) - 2000.0) / 8.0;
}

/// The value of the repetition `index` of a record: `value`, the index where there are several,
/// and, if `big` is not 0, up to `big` bytes more.
inline std::string repeated_value(std::string_view value, std::uint64_t index, std::uint64_t repeat,
                                  std::uint64_t big) {
  std::string result(value);
  if (repeat > 1) result += '#' + std::to_string(index);
  if (big == 0) return result;
  const std::size_t size = static_cast<std::size_t>(mix(result) % (big + 1));
  const std::string pattern = result + '|';
  while (result.size() < size) result.append(pattern, 0, size - result.size());
  return result;
}
/// As `repeated_value`, for keys: the same key `same` times in a row, then another.
inline std::string repeated_key(std::string_view key, std::uint64_t index, std::uint64_t same) {
  if (same == 0) return std::string(key);
  return std::string(key) + '#' + std::to_string(index / same);
}

/// Says which values came, how many and in what order, in a few bytes.
class Digest {
 public:
  void add(std::string_view value) {
    state_ = mix(value, state_);
    ++count_;
  }
  std::uint64_t count() const { return count_; }
  std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_ = 1;
  std::uint64_t count_ = 0;
};

/// x -> a * x + b mod 2^64. Composition is associative but not commutative: it shows the order of
/// folds.
struct Affine {
  std::uint64_t a = 1;
  std::uint64_t b = 0;
};
inline Affine affine_of(std::string_view bytes) {
  const std::uint64_t hash = mix(bytes);
  return {hash | 1, hash >> 7};
}
/// First `first`, then `second`.
inline Affine then(Affine first, Affine second) {
  return {first.a * second.a, first.b * second.a + second.b};
}

}  // namespace test_jobs
