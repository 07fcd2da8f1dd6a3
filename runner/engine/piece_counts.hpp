// PieceCounts: in how many pieces of a sample each key occurs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/distinct_curve.hpp"

namespace mrun {

/// What it takes is bounded by the sample's size. One thread.
class PieceCounts {
 public:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t number = 0;  // Of the key in the packing trial; 0: it is not there.
    std::uint16_t pieces = 0;  // 0: an empty slot.
    std::uint16_t last_piece = 0;
  };
  PieceCounts() : slots_(std::size_t{1} << 16) {}
  /// What a key is counted by: its hash, with its length for the last bits.
  static std::uint64_t hash_of(std::uint64_t hash, std::size_t length) {
    return hash / SampledKeys::kLengths * SampledKeys::kLengths +
           std::min(length, SampledKeys::kLengths - 1);
  }
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[place_of(hash)], 1); }
  /// The slot of a key, until the next one is looked for. New ones have no pieces.
  Slot& slot_of(std::uint64_t hash) {
    if (used_ * 2 >= slots_.size()) grow();
    Slot& slot = find(hash);
    used_ += slot.pieces == 0 ? 1 : 0;
    slot.hash = hash;
    return slot;
  }
  std::array<KeyCounts, SampledKeys::kLengths> counts() const {
    std::array<KeyCounts, SampledKeys::kLengths> counts{};
    for (const Slot& slot : slots_)
      if (slot.pieces != 0) counts[slot.hash % SampledKeys::kLengths].add(slot.pieces);
    return counts;
  }

 private:
  std::size_t place_of(std::uint64_t hash) const {
    return hash / SampledKeys::kLengths & (slots_.size() - 1);
  }
  Slot& find(std::uint64_t hash) {
    std::size_t at = place_of(hash);
    while (slots_[at].pieces != 0 && slots_[at].hash != hash) at = (at + 1) & (slots_.size() - 1);
    return slots_[at];
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.pieces != 0) find(slot.hash) = slot;
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace mrun
