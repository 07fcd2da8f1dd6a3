#include "shuffle/entry_sort.hpp"

#include <hwy/contrib/sort/vqsort.h>

#include <algorithm>

namespace mrun {
namespace {

constexpr std::uint64_t kIndexMask = (std::uint64_t{1} << SortItem::kIndexBits) - 1;
constexpr std::uint32_t kRefineBytes =
    SortItem::kKeyBits / 8;              // Key bytes that one refinement compares.
constexpr std::size_t kSmallGroup = 24;  // Below this a comparison sort beats making new items.

void vector_sort(std::span<SortItem> items) {
  static_assert(sizeof(SortItem) == sizeof(hwy::uint128_t) && offsetof(hwy::uint128_t, hi) == 8);
  thread_local hwy::Sorter sorter;
  sorter(reinterpret_cast<hwy::uint128_t*>(items.data()), items.size(), hwy::SortAscending());
}

bool less(const EntryList& entries, const SortItem& a, const SortItem& b) {
  const int order = compare_keys(entries.pair(a.index()), entries.pair(b.index()));
  return order != 0 ? order < 0 : a.index() < b.index();
}

bool is_sorted(std::span<const SortItem> items, const EntryList& entries) {
  Pair before = entries.pair(items[0].index());
  for (std::size_t i = 1; i < items.size(); ++i) {
    const Pair now = entries.pair(items[i].index());
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

void refine(std::span<SortItem> group, const EntryList& entries, std::uint32_t depth);

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
void split_by_length(std::span<SortItem> group, const EntryList& entries, std::uint32_t depth) {
  const auto rank = [&](const SortItem& item) {
    return std::min(entries.pair(item.index()).klen, depth + 1);
  };
  std::sort(group.begin(), group.end(), [&](const SortItem& a, const SortItem& b) {
    const std::uint32_t rank_a = rank(a), rank_b = rank(b);
    return rank_a != rank_b ? rank_a < rank_b : a.index() < b.index();
  });
  const auto longer = std::find_if(group.begin(), group.end(),
                                   [&](const SortItem& item) { return rank(item) > depth; });
  const std::span<SortItem> rest(longer, group.end());
  if (rest.size() > 1) refine(rest, entries, depth);
}

// Sorts items whose keys are equal in their first `depth` bytes. A key that all share is found
// sorted at once, so one hot key costs a look at each entry.
void refine(std::span<SortItem> group, const EntryList& entries, std::uint32_t depth) {
  if (is_sorted(group, entries)) return;
  if (group.size() <= kSmallGroup) {
    std::sort(group.begin(), group.end(),
              [&](const SortItem& a, const SortItem& b) { return less(entries, a, b); });
    return;
  }
  for (SortItem& item : group) {
    item = item_at_depth(entries.pair(item.index()), depth, item.index());
  }
  vector_sort(group);
  for_each_group(group, [&](std::span<SortItem> equal) {
    split_by_length(equal, entries, depth + kRefineBytes);
  });
}

// Starts to load what an entry refers to. Longer records are read in order, which the processor
// foresees by itself.
void prefetch_bytes(const Entry& entry) {
  constexpr std::size_t kLine = 64, kMost = 4 * kLine;
  if (entry.kind() == EntryKind::inline_value) return;
  const std::uint8_t* const bytes = address_of(entry.v & Entry::kAddressMask);
  const std::size_t size = std::min(kMost, std::size_t{entry.key_size()} + entry.value_size());
  for (std::size_t at = 0; at < size; at += kLine) __builtin_prefetch(bytes + at, 0, 2);
  __builtin_prefetch(bytes + size, 0, 2);
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

void sort_items(std::span<SortItem> items, const EntryList& entries, unsigned part_bits) {
  if (items.size() < 2) return;
  vector_sort(items);
  const std::uint32_t depth = (SortItem::kKeyBits - part_bits) / 8;
  for_each_group(items, [&](std::span<SortItem> group) { refine(group, entries, depth); });
}

Result<std::span<const Pair>> SortedEntries::next() {
  // Two steps ahead: first the entry, then what it refers to.
  constexpr std::size_t kEntryAhead = 48;
  constexpr std::size_t kBytesAhead = 24;
  const std::size_t count = std::min(kBatch, items_.size() - position_);
  batch_.resize(count);
  const SortItem* const items = items_.data() + position_;
  const std::size_t left = items_.size() - position_;
  EntrySum sum;  // Not a member: it stays in registers.
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kEntryAhead < left) __builtin_prefetch(&entries_.entry(items[i + kEntryAhead].index()));
    if (i + kBytesAhead < left) prefetch_bytes(entries_.entry(items[i + kBytesAhead].index()));
    const std::uint64_t index = items[i].index();
    const Entry& entry = entries_.entry(index);
    batch_[i] = entries_.pair(index);
    sum.add(entry, content_of(entry, batch_[i]), partition_);
  }
  consumed_.add(sum);
  position_ += count;
  return std::span<const Pair>(batch_);
}

}  // namespace mrun
