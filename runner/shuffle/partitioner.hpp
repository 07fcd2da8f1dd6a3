// Partitioner: which partition of the shuffle a key belongs to.
//
// partition = high 64 bits of XXH3-64(key or group prefix, seed 0) x partitions. This is documented
// for users and fixed for good: the same key lands in the same part on any machine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/user_code.hpp"
#include "shuffle/pair.hpp"

namespace mrun {

/// Shared by all threads, read-only.
class Partitioner {
 public:
  /// `job` outlives the partitioner. Jobs of total order, and a single partition, put all in 0
  /// here: the parts of a total order are key ranges that are known only after map.
  Partitioner(const UserCode& job, std::uint32_t partitions);

  /// True where every key goes to partition 0, so that `assign` need not be called.
  bool is_trivial() const { return trivial_; }
  std::uint32_t partitions() const { return partitions_; }

  /// Sets `parts[i]` to the partition of `pairs[i]`. At most kBatch pairs.
  static constexpr std::size_t kBatch = 64;
  void assign(std::span<const Pair> pairs, std::span<std::uint32_t> parts) const;

  static std::uint32_t of_hash(std::uint64_t hash, std::uint32_t partitions) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint32_t>((static_cast<Wide>(hash) * partitions) >> 64);
  }

 private:
  const UserCode& job_;
  const std::uint32_t partitions_;
  const bool trivial_;
  const bool plain_;  // Whole keys, our hash.
};

/// Whole keys of some pairs as contiguous bytes: short ones are rebuilt, long ones joined.
class KeyBytes {
 public:
  /// The keys of `pairs`; views live until the next call.
  std::span<const Slice> of(std::span<const Pair> pairs);

 private:
  std::vector<std::uint8_t> bytes_;
  std::vector<Slice> keys_;
};

}  // namespace mrun
