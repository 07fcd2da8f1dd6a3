// KeyBorders: sorted pairs of key and task that cut the order of pairs; KeySample finds good keys
// for a total order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/user_code.hpp"
#include "shuffle/pair.hpp"

namespace mrun {

/// Where a range of pairs begins: with the first pair of `key` that is of `task` or a later one.
struct KeyBorder {
  std::string key;
  std::uint32_t task = 0;

  auto operator<=>(const KeyBorder&) const = default;
};

/// Distinct borders in rising order of (key, task). Range i holds the pairs from border i - 1
/// (included) to border i. Only a border whose task is not 0 cuts the pairs of one key in two.
class KeyBorders {
 public:
  KeyBorders() = default;
  /// `keys` may come in any order and repeat.
  explicit KeyBorders(std::vector<std::string> keys);
  explicit KeyBorders(std::vector<KeyBorder> borders);
  KeyBorders(KeyBorders&&) = default;  // Not copied: comparisons point into the keys' own memory.
  KeyBorders& operator=(KeyBorders&&) = default;

  std::size_t count() const { return borders_.size(); }
  const KeyBorder& border(std::size_t index) const { return borders_[index]; }
  const std::string& key(std::size_t border) const { return borders_[border].key; }
  /// The range a pair lies in: the number of borders that are not above it.
  std::size_t range_of(const Pair& pair) const;
  /// That of the key's first pair.
  std::size_t range_of(const std::string& key) const;
  /// Sets `range` to that of all keys whose first 8 bytes are `head`, if they share one and it is
  /// found at a glance: nearly always, and without a call.
  bool find_by_head(std::uint64_t head, std::size_t& range) const {
    if (heads_.empty() || head < heads_.front()) {
      range = 0;
      return true;
    }
    if (head > heads_.back()) {
      range = heads_.size();
      return true;
    }
    const std::uint64_t step = (head - heads_.front()) >> step_;
    range = below_[step];
    return range == below_[step + 1] && heads_[range] != head;
  }

 private:
  std::size_t count_below(std::uint64_t head) const;
  void build_buckets();

  std::vector<KeyBorder> borders_;
  std::vector<Pair> pairs_;           // The same, ready to compare; tails point into borders_.
  std::vector<std::uint64_t> heads_;  // Their first 8 bytes: what decides nearly always.
  // The span from the first head to the last in equal steps of 2^step_: how many heads lie below
  // each step. Keys that are spread evenly find their place with hardly a comparison.
  std::vector<std::uint32_t> below_;
  unsigned step_ = 0;
};

/// A key, or its pairs from a task on, and how much of the data it stands for.
struct WeightedKey {
  std::string key;
  std::uint64_t weight = 0;
  std::uint32_t task = 0;
};

/// At most `ranges` - 1 borders that cut the samples into ranges of about equal weight. They are
/// keys and tasks of samples: where all tasks are 0, no key is cut.
KeyBorders balanced_borders(std::vector<WeightedKey> samples, std::size_t ranges);

/// The 4,096 distinct key prefixes of smallest hash, with the exact bytes of all pairs that have
/// them: a bottom-k sample (Cohen and Kaplan, 2007). The union of samples is the sample of the
/// union, so borders do not depend on how pairs met which sample. One thread at a time.
class KeySample {
 public:
  static constexpr std::size_t kKept = 4096;
  static constexpr std::uint32_t kPrefixKept =
      64;  ///< Bytes of a key that are kept and counted by.

  /// Whether a pair whose key is all in its prefix words, as `emitted_pair` makes them, would not
  /// be counted: what is true of nearly all pairs, told without making the pair.
  bool surely_skips(std::uint64_t k0, std::uint64_t k1, std::uint32_t key_size) const {
    return prefix_hash(k0, k1, key_size) > highest_;
  }
  /// Counts a pair under `key_size` first bytes of its key (a group prefix, or klen).
  void add(const Pair& pair, std::uint32_t key_size);
  /// Counts each pair under its group's prefix.
  void add(const UserCode& job, std::span<const Pair> pairs);
  void add(const KeySample& other);
  /// The kept prefixes, in no order.
  std::vector<WeightedKey> keys() const;

 private:
  // Of a key of at most 16 bytes. As wyhash folds two words (Wang Yi, 2019): some ns less than a
  // hash of 16 bytes in memory.
  static std::uint64_t prefix_hash(std::uint64_t k0, std::uint64_t k1, std::uint32_t size) {
    __extension__ using Wide = unsigned __int128;
    const Wide product =
        static_cast<Wide>(k0 ^ 0xa0761d6478bd642f ^ size) * (k1 ^ 0xe7037ed1a0b428db);
    return static_cast<std::uint64_t>(product ^ (product >> 64));
  }
  static std::uint64_t hash_of(const Pair& pair, std::uint32_t size);
  void count(std::uint64_t hash, std::string_view prefix, std::uint64_t weight);
  void prune();

  std::unordered_map<std::uint64_t, WeightedKey> kept_;  // By hash.
  std::uint64_t highest_ = ~std::uint64_t{0};            // Hashes above it are not of the sample.
};

}  // namespace mrun
