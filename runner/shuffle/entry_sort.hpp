// Entry sort: puts entries in order of (key, input order) by a column of 16-byte items.
//
// An item holds as many of the key's first bytes as its entry's index leaves room for, so that
// comparing two integers decides nearly always and equal items stay in input order. Items are
// sorted by Highway's vectorised quicksort (Blacher et al., "Vectorized and performance-portable
// Quicksort", 2022); groups that are equal in those bits are refined by the next bytes of their
// keys.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "os/page_pool.hpp"
#include "shuffle/conservation.hpp"
#include "shuffle/entry_block.hpp"

namespace mrun {

/// 16 bytes that are compared as one number: key bytes, then the number of the entry.
struct alignas(16) SortItem {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};
static_assert(sizeof(SortItem) == 16);

/// What the items of one sort hold.
struct ItemLayout {
  static constexpr unsigned kIndexBits = 40;       ///< For entries in blocks.
  static constexpr unsigned kSmallIndexBits = 24;  ///< For some entries side by side.
  static constexpr std::uint32_t kSharedMost = 8;

  std::uint32_t shared_bytes = 0;  ///< Of the keys' beginnings, that all share: left out.
  unsigned index_bits = kIndexBits;

  /// For `count` entries side by side.
  static ItemLayout of_some(std::size_t count, std::size_t shared_bytes) {
    return {static_cast<std::uint32_t>(std::min<std::size_t>(shared_bytes, kSharedMost)),
            count >> kSmallIndexBits == 0 ? kSmallIndexBits : kIndexBits};
  }
  /// Bytes of the key that an item holds.
  unsigned key_bytes() const { return (128 - index_bits) / 8; }
  std::uint64_t index_mask() const { return (std::uint64_t{1} << index_bits) - 1; }
  bool same_key_bytes(const SortItem& a, const SortItem& b) const {
    return a.high == b.high && (a.low ^ b.low) >> index_bits == 0;
  }
};

/// Entries by number, in input order; a view of them. In blocks, number i is slot i % kEntries of
/// the block of span i / kEntries, so not every number is taken.
class EntryList {
 public:
  explicit EntryList(std::span<const EntrySpan> spans, ItemLayout layout = {})
      : spans_(spans), layout_(layout) {}
  /// Side by side. Their pairs name no task.
  explicit EntryList(const Entry* entries, ItemLayout layout = {})
      : entries_(entries), layout_(layout) {}

  /// Of the items that stand for these entries.
  const ItemLayout& layout() const { return layout_; }
  std::uint64_t number(const SortItem& item) const { return item.low & layout_.index_mask(); }

  const Entry& entry(std::uint64_t number) const {
    return entries_ != nullptr ? entries_[number]
                               : span(number).block->entries[number % EntryBlock::kEntries];
  }
  Pair pair(std::uint64_t number) const {
    return resolve(entry(number), entries_ != nullptr ? 0 : span(number).task);
  }

 private:
  const EntrySpan& span(std::uint64_t number) const {
    return spans_[number >> EntryBlock::kSlotBits];
  }

  std::span<const EntrySpan> spans_;
  const Entry* entries_ = nullptr;
  ItemLayout layout_;
};

/// The number of the entry in a slot of a span's block.
inline std::uint64_t entry_number(std::size_t span, std::uint32_t slot) {
  return std::uint64_t{span} << EntryBlock::kSlotBits | slot;
}

/// The item of an entry, which is number `number` of its list.
inline SortItem make_sort_item(const Entry& entry, std::uint64_t number,
                               const ItemLayout& layout = {}) {
  std::uint64_t high = entry.k0, low = entry.k1;
  if (const unsigned shared_bits = 8 * layout.shared_bytes; shared_bits == 64) {
    high = low;
    low = 0;
  } else if (shared_bits != 0) {
    high = high << shared_bits | low >> (64 - shared_bits);
    low <<= shared_bits;
  }
  return {(low & ~layout.index_mask()) | number, high};
}

/// Sorts items that were made with the layout of `entries`. Takes no memory beyond Highway's
/// fixed buffers. Afterwards only the items' numbers mean something. `spare`, if any, has room for
/// as many items: with it, as many as lie in the cache are sorted by digits, in a third of the
/// time.
void sort_items(std::span<SortItem> items, const EntryList& entries, SortItem* spare = nullptr);

/// Reads sorted items as pairs. Views stay valid as long as the entries do.
class SortedEntries final : public PairSource {
 public:
  /// All referred-to objects outlive the source. `consumed` takes the entries' sums, as entries of
  /// `partition`. `memory`, `more`: where items and entries lie, if that is the source's to keep.
  SortedEntries(std::span<const SortItem> items, const EntryList& entries, std::uint32_t partition,
                EntrySum& consumed, PagePool::Lease memory = {}, PagePool::Lease more = {})
      : memory_(std::move(memory)),
        more_(std::move(more)),
        items_(items),
        entries_(entries),
        partition_(partition),
        consumed_(consumed) {}
  Result<std::span<const Pair>> next() override;

 private:
  static constexpr std::size_t kBatch = 256;

  void prefetch_entries(std::size_t begin) const;
  void prefetch_records(std::size_t begin) const;

  const PagePool::Lease memory_, more_;
  std::span<const SortItem> items_;
  const EntryList entries_;
  const std::uint32_t partition_;
  EntrySum& consumed_;
  std::size_t position_ = 0;
  std::vector<Pair> batch_;
};

}  // namespace mrun
