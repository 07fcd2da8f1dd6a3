// Conservation: order-free sums that show no hand-over lost or doubled a pair.
//
// The sum of one entry is the full 128-bit product (k0 ^ s0 ^ rotl(content, 23)) * (k1 ^ s1 ^ odd *
// lengths ^ partition); sums add mod 2^128, so they do not depend on order or on how work was cut.
// The content is the value where the entry holds it, the address of input bytes that stay in place,
// or the hash of bytes that were copied.
#pragma once

#include <bit>
#include <cstdint>

#include "model/entry.hpp"

namespace mrun {

/// A count and a sum of entries. Not for two threads at once: each has its own, and they are added.
class EntrySum {
 public:
  void add(const Entry& entry, std::uint64_t content, std::uint32_t partition) {
    const std::uint64_t lengths = entry.klen | (std::uint64_t{entry.vlen} << 32);
    const std::uint64_t left = entry.k0 ^ kSeed0 ^ std::rotl(content, 23);
    const std::uint64_t right = entry.k1 ^ kSeed1 ^ (kOdd * lengths) ^ (kPartitionOdd * partition);
    sum_ += static_cast<Wide>(left) * right;
    ++count_;
  }
  void add(const EntrySum& other) {
    sum_ += other.sum_;
    count_ += other.count_;
  }
  std::uint64_t count() const { return count_; }
  bool operator==(const EntrySum&) const = default;

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr std::uint64_t kSeed0 = 0x9e3779b97f4a7c15;
  static constexpr std::uint64_t kSeed1 = 0xc2b2ae3d27d4eb4f;
  static constexpr std::uint64_t kOdd = 0x165667b19e3779f9;
  static constexpr std::uint64_t kPartitionOdd = 0x27d4eb2f165667c5;

  Wide sum_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace mrun
