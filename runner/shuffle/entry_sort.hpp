// Entry sort: puts entries in order of (partition, key, input order) by a column of 16-byte items.
//
// An item holds the first 88 bits of (partition, key) and the entry's index, so that comparing two
// integers decides nearly always and equal items stay in input order. Items are sorted by Highway's
// vectorised quicksort (Blacher et al., "Vectorized and performance-portable Quicksort", 2022);
// groups that are equal in those bits are refined by the next 11 key bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "os/page_pool.hpp"
#include "shuffle/conservation.hpp"
#include "shuffle/entry_block.hpp"

namespace mrun {

/// Entries by number, in input order; a view of them. In blocks, number i is slot i % kEntries of
/// block i / kEntries; blocks need not be full, so not every number is taken.
class EntryList {
 public:
  explicit EntryList(std::span<const EntryBlock* const> blocks) : blocks_(blocks) {}
  /// Side by side. Their pairs name no task.
  explicit EntryList(const Entry* entries) : entries_(entries) {}

  const Entry& entry(std::uint64_t number) const {
    return entries_ != nullptr ? entries_[number]
                               : block(number).entries[number & (EntryBlock::kEntries - 1)];
  }
  Pair pair(std::uint64_t number) const {
    return resolve(entry(number), entries_ != nullptr ? 0 : block(number).task);
  }

 private:
  const EntryBlock& block(std::uint64_t number) const {
    return *blocks_[number >> EntryBlock::kSlotBits];
  }

  std::span<const EntryBlock* const> blocks_;
  const Entry* entries_ = nullptr;
};

struct alignas(16) SortItem {
  std::uint64_t low = 0;   ///< 24 more bits, then the 40-bit index.
  std::uint64_t high = 0;  ///< The first 64 bits.

  static constexpr unsigned kIndexBits = 40;
  static constexpr unsigned kKeyBits = 128 - kIndexBits;
  std::uint64_t index() const { return low & ((std::uint64_t{1} << kIndexBits) - 1); }
  bool same_bits(const SortItem& other) const {
    return high == other.high && (low >> kIndexBits) == (other.low >> kIndexBits);
  }
};
static_assert(sizeof(SortItem) == 16);

/// The item of an entry whose partition takes the first `part_bits` (0..32) bits.
SortItem make_sort_item(const Entry& entry, std::uint32_t part, unsigned part_bits,
                        std::uint64_t index);

/// Sorts items that were all made with the same `part_bits`. Takes no memory beyond Highway's
/// fixed buffers. Afterwards only the items' indexes mean something. `spare`, if any, has room for
/// as many items: with it, as many as lie in the cache are sorted by digits, in a third of the
/// time.
void sort_items(std::span<SortItem> items, const EntryList& entries, unsigned part_bits,
                SortItem* spare = nullptr);

/// Reads sorted items as pairs. Views stay valid as long as the entries do.
class SortedEntries final : public PairSource {
 public:
  /// All referred-to objects outlive the source. `consumed` takes the entries' sums, as entries of
  /// `partition`. `memory`: where the items lie, if that is the source's to keep.
  SortedEntries(std::span<const SortItem> items, const EntryList& entries, std::uint32_t partition,
                EntrySum& consumed, PagePool::Lease memory = {})
      : memory_(std::move(memory)),
        items_(items),
        entries_(entries),
        partition_(partition),
        consumed_(consumed) {}
  Result<std::span<const Pair>> next() override;

 private:
  static constexpr std::size_t kBatch = 256;

  void prefetch_entries(std::size_t begin) const;
  void prefetch_records(std::size_t begin) const;

  const PagePool::Lease memory_;
  std::span<const SortItem> items_;
  const EntryList entries_;
  const std::uint32_t partition_;
  EntrySum& consumed_;
  std::size_t position_ = 0;
  std::vector<Pair> batch_;
};

}  // namespace mrun
