// Pair: one key and value in a sorted stream, and the order of pairs that the whole shuffle keeps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/entry.hpp"

namespace mrun {

/// The first 16 bytes of a key, big-endian and zero-padded, and its length: what comparisons touch
/// first. Its bytes from 16 on are the key's tail.
struct KeyPrefix {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};
constexpr std::uint32_t kPrefixBytes = 16;

/// A view: dies with the batch it came in.
struct Pair {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
  std::uint32_t klen = 0;  ///< Bytes of the key, below 4 GiB.
  std::uint32_t vlen = 0;  ///< Bytes of the value, below 4 GiB.
  const std::uint8_t* tail =
      nullptr;  ///< The key's bytes from 16 on; unspecified where there are none.
  const std::uint8_t* value = nullptr;
  std::uint32_t task = 0;  ///< Map task that emitted it, in input order.

  std::uint32_t tail_size() const { return klen > kPrefixBytes ? klen - kPrefixBytes : 0; }
};

inline std::uint64_t load_big_endian(const std::uint8_t* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return __builtin_bswap64(word);
}
inline void store_big_endian(std::uint8_t* bytes, std::uint64_t word) {
  word = __builtin_bswap64(word);
  std::memcpy(bytes, &word, sizeof word);
}

/// Prefix of any key; reads no byte past it.
inline KeyPrefix key_prefix(Slice key) {
  std::uint8_t head[kPrefixBytes] = {};
  if (key.size != 0) std::memcpy(head, key.data, std::min<std::size_t>(key.size, kPrefixBytes));
  return {load_big_endian(head), load_big_endian(head + 8)};
}

/// A view of a key and a value that lie in one place each.
inline Pair pair_view(Slice key, Slice value = {}, std::uint32_t task = 0) {
  const KeyPrefix prefix = key_prefix(key);
  return {prefix.k0,
          prefix.k1,
          static_cast<std::uint32_t>(key.size),
          static_cast<std::uint32_t>(value.size),
          key.size > kPrefixBytes ? key.data + kPrefixBytes : nullptr,
          value.data,
          task};
}
/// Of a key alone.
inline Pair key_view(std::string_view key, std::uint32_t task = 0) {
  return pair_view({reinterpret_cast<const std::uint8_t*>(key.data()), key.size()}, {}, task);
}

/// Below zero, zero, above zero, as a's key is before, equal to, after b's in byte order.
inline int compare_keys(const Pair& a, const Pair& b) {
  if (a.k0 != b.k0) return a.k0 < b.k0 ? -1 : 1;
  if (a.k1 != b.k1) return a.k1 < b.k1 ? -1 : 1;
  if (a.klen > kPrefixBytes && b.klen > kPrefixBytes) {
    const int tails = std::memcmp(a.tail, b.tail, std::min(a.klen, b.klen) - kPrefixBytes);
    if (tails != 0) return tails;
  }
  if (a.klen == b.klen) return 0;
  return a.klen < b.klen ? -1 : 1;
}
inline bool same_key(const Pair& a, const Pair& b) {
  return a.k0 == b.k0 && a.k1 == b.k1 && a.klen == b.klen &&
         (a.klen <= kPrefixBytes || std::memcmp(a.tail, b.tail, a.klen - kPrefixBytes) == 0);
}

/// Writes all klen bytes of the key to `out`; the 16 bytes from `out` on must be writable.
inline void copy_key(const Pair& pair, std::uint8_t* out) {
  store_big_endian(out, pair.k0);
  store_big_endian(out + 8, pair.k1);
  if (pair.klen > kPrefixBytes)
    std::memcpy(out + kPrefixBytes, pair.tail, pair.klen - kPrefixBytes);
}

/// Pairs in order: by key, then by task, then by emit order within the task.
class PairSource {
 public:
  virtual ~PairSource() = default;
  /// The next pairs; empty at the end. All views of a batch die with the next call.
  virtual Result<std::span<const Pair>> next() = 0;
};

/// Before in the order of pairs, as far as key and task tell.
inline bool is_before(const Pair& a, const Pair& b) {
  const int order = compare_keys(a, b);
  return order != 0 ? order < 0 : a.task < b.task;
}

/// The pairs of a piece of work: [low, high) in byte order of the keys; without a bound where that
/// is unset. Of the keys `low` and `high` themselves the tasks decide: those from `low_task` on,
/// and those below `high_task`.
struct KeyRange {
  std::string low, high;
  bool has_low = false, has_high = false;
  std::uint32_t low_task = 0, high_task = 0;

  /// Bytes of a beginning that all keys of the range surely share.
  std::size_t shared_bytes() const {
    if (!has_low || !has_high) return 0;
    return static_cast<std::size_t>(
        std::mismatch(low.begin(), low.end(), high.begin(), high.end()).first - low.begin());
  }
};

}  // namespace mrun
