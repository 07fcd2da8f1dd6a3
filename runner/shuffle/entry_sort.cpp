#include "shuffle/entry_sort.hpp"

#include <hwy/contrib/sort/vqsort.h>

#include <algorithm>

namespace mrun {
namespace {

constexpr std::uint64_t kIndexMask = (std::uint64_t{1} << SortItem::kIndexBits) - 1;
constexpr std::uint32_t kRefineBytes =
    SortItem::kKeyBits / 8;              // Key bytes that one refinement compares.
constexpr std::size_t kSmallGroup = 24;  // Below this a comparison sort beats making new items.

const Entry& entry_at(const BlockList& blocks, std::uint64_t index) {
  return blocks[index >> EntryBlock::kSlotBits]->entries[index & (EntryBlock::kEntries - 1)];
}
Pair pair_at(const BlockList& blocks, std::uint64_t index) {
  const EntryBlock& block = *blocks[index >> EntryBlock::kSlotBits];
  return resolve(block.entries[index & (EntryBlock::kEntries - 1)], block.task);
}

void vector_sort(std::span<SortItem> items) {
  static_assert(sizeof(SortItem) == sizeof(hwy::uint128_t) && offsetof(hwy::uint128_t, hi) == 8);
  thread_local hwy::Sorter sorter;
  sorter(reinterpret_cast<hwy::uint128_t*>(items.data()), items.size(), hwy::SortAscending());
}

bool less(const BlockList& blocks, const SortItem& a, const SortItem& b) {
  const int order = compare_keys(pair_at(blocks, a.index()), pair_at(blocks, b.index()));
  return order != 0 ? order < 0 : a.index() < b.index();
}

bool is_sorted(std::span<const SortItem> items, const BlockList& blocks) {
  Pair before = pair_at(blocks, items[0].index());
  for (std::size_t i = 1; i < items.size(); ++i) {
    const Pair now = pair_at(blocks, items[i].index());
    const int order = compare_keys(before, now);
    if (order > 0 || (order == 0 && items[i - 1].index() > items[i].index())) return false;
    before = now;
  }
  return true;
}

// The key's bytes [depth, depth + 11), zero-padded, and the index.
SortItem item_at_depth(const Pair& pair, std::uint32_t depth, std::uint64_t index) {
  std::uint8_t bytes[16] = {};
  if (pair.klen > depth) {
    const std::uint32_t wanted = std::min(kRefineBytes, pair.klen - depth);
    std::uint32_t done = 0;
    if (depth < kPrefixBytes) {
      std::uint8_t head[kPrefixBytes];
      store_big_endian(head, pair.k0);
      store_big_endian(head + 8, pair.k1);
      done = std::min(wanted, kPrefixBytes - depth);
      std::memcpy(bytes, head + depth, done);
    }
    if (done < wanted)
      std::memcpy(bytes + done, pair.tail + (depth + done - kPrefixBytes), wanted - done);
  }
  return {(load_big_endian(bytes + 8) & ~kIndexMask) | index, load_big_endian(bytes)};
}

void refine(std::span<SortItem> group, const BlockList& blocks, std::uint32_t depth);

// Calls `visit` for each group of two or more items with the same bits.
template <typename Visit>
void for_each_group(std::span<SortItem> items, const Visit& visit) {
  for (std::size_t begin = 0; begin < items.size();) {
    std::size_t end = begin + 1;
    while (end < items.size() && items[end].same_bits(items[begin])) ++end;
    if (end - begin > 1) visit(items.subspan(begin, end - begin));
    begin = end;
  }
}

// Orders keys that are equal, zero-padded, up to `depth`: those that end there come first, by
// length.
void split_by_length(std::span<SortItem> group, const BlockList& blocks, std::uint32_t depth) {
  const auto rank = [&](const SortItem& item) {
    return std::min(pair_at(blocks, item.index()).klen, depth + 1);
  };
  std::sort(group.begin(), group.end(), [&](const SortItem& a, const SortItem& b) {
    const std::uint32_t rank_a = rank(a), rank_b = rank(b);
    return rank_a != rank_b ? rank_a < rank_b : a.index() < b.index();
  });
  const auto longer = std::find_if(group.begin(), group.end(),
                                   [&](const SortItem& item) { return rank(item) > depth; });
  const std::span<SortItem> rest(longer, group.end());
  if (rest.size() > 1) refine(rest, blocks, depth);
}

// Sorts items whose keys are equal in their first `depth` bytes. A key that all share is found
// sorted at once, so one hot key costs a look at each entry.
void refine(std::span<SortItem> group, const BlockList& blocks, std::uint32_t depth) {
  if (is_sorted(group, blocks)) return;
  if (group.size() <= kSmallGroup) {
    std::sort(group.begin(), group.end(),
              [&](const SortItem& a, const SortItem& b) { return less(blocks, a, b); });
    return;
  }
  for (SortItem& item : group) {
    item = item_at_depth(pair_at(blocks, item.index()), depth, item.index());
  }
  vector_sort(group);
  for_each_group(group, [&](std::span<SortItem> equal) {
    split_by_length(equal, blocks, depth + kRefineBytes);
  });
}

}  // namespace

SortItem make_sort_item(const Entry& entry, std::uint32_t part, unsigned part_bits,
                        std::uint64_t index) {
  std::uint64_t high = entry.k0, low = entry.k1;
  if (part_bits != 0) {
    low = (low >> part_bits) | (high << (64 - part_bits));
    high = (high >> part_bits) | (std::uint64_t{part} << (64 - part_bits));
  }
  return {(low & ~kIndexMask) | index, high};
}

void sort_items(std::span<SortItem> items, const BlockList& blocks, unsigned part_bits) {
  if (items.size() < 2) return;
  vector_sort(items);
  const std::uint32_t depth = (SortItem::kKeyBits - part_bits) / 8;
  for_each_group(items, [&](std::span<SortItem> group) { refine(group, blocks, depth); });
}

Result<std::span<const Pair>> SortedEntries::next() {
  constexpr std::size_t kEntryAhead =
      32;  // Two steps ahead: first the entry, then what it refers to.
  constexpr std::size_t kBytesAhead = 16;
  batch_.clear();
  const std::size_t end = std::min(position_ + kBatch, items_.size());
  for (std::size_t i = position_; i < end; ++i) {
    if (i + kEntryAhead < items_.size()) {
      __builtin_prefetch(&entry_at(blocks_, items_[i + kEntryAhead].index()));
    }
    if (i + kBytesAhead < items_.size()) {
      const Entry& ahead = entry_at(blocks_, items_[i + kBytesAhead].index());
      if (ahead.kind() != EntryKind::inline_value) {
        const std::uint8_t* const bytes = address_of(ahead.v & 0xffffffffffff);
        __builtin_prefetch(bytes);
        __builtin_prefetch(bytes + 64);
      }
    }
    const std::uint64_t index = items_[i].index();
    batch_.push_back(pair_at(blocks_, index));
    if (consumed_ != nullptr) consumed_->add(entry_at(blocks_, index));
  }
  position_ = end;
  return std::span<const Pair>(batch_);
}

}  // namespace mrun
