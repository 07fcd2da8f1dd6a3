#include "shuffle/entry_sort.hpp"

#include <hwy/contrib/sort/vqsort.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace mrun {
namespace {

constexpr std::uint64_t kIndexMask = (std::uint64_t{1} << SortItem::kIndexBits) - 1;
constexpr std::size_t kRefineBytes = SortItem::kKeyBits / 8;  // Key bytes of one refinement.
constexpr std::size_t kSmallGroup = 24;  // Below this a comparison sort beats making new items.
constexpr unsigned kRadixBits = 11;
constexpr std::size_t kRadixDigits = std::size_t{1} << kRadixBits;
constexpr std::size_t kRadixLeast = 4 * kRadixDigits;  // For fewer, digits cost more than items.
constexpr std::size_t kRadixMost = UINT32_MAX;         // Places are counted in 32 bits.

void vector_sort(std::span<SortItem> items) {
  static_assert(sizeof(SortItem) == sizeof(hwy::uint128_t) && offsetof(hwy::uint128_t, hi) == 8);
  thread_local hwy::Sorter sorter;
  sorter(reinterpret_cast<hwy::uint128_t*>(items.data()), items.size(), hwy::SortAscending());
}

// Items in order by what they hold, key bits and index.
bool before(const SortItem& a, const SortItem& b) {
  return a.high != b.high ? a.high < b.high : a.low < b.low;
}

// One stable pass of a radix sort, by the digit from bit `shift` of `high` on.
void radix_pass(std::span<const SortItem> from, unsigned shift, SortItem* to) {
  std::array<std::uint32_t, kRadixDigits> place{};
  const auto digit = [shift](const SortItem& item) {
    return (item.high >> shift) & (kRadixDigits - 1);
  };
  for (const SortItem& item : from) ++place[digit(item)];
  std::uint32_t sum = 0;
  for (std::uint32_t& begin : place) sum += std::exchange(begin, sum);
  for (const SortItem& item : from) to[place[digit(item)]++] = item;
}

// Sorts by the 22 bits below those that all share, which leaves few random keys out of order, and
// what is equal in them by comparing. For as many items as the cache holds, twice.
void radix_sort(std::span<SortItem> items, SortItem* spare) {
  std::uint64_t any = 0;
  for (const SortItem& item : items) any |= item.high ^ items[0].high;
  const auto width = static_cast<unsigned>(std::bit_width(any));
  const unsigned shift = width > 2 * kRadixBits ? width - 2 * kRadixBits : 0;
  radix_pass(items, shift, spare);
  radix_pass({spare, items.size()}, shift + kRadixBits, items.data());
  for (std::size_t begin = 0; begin < items.size();) {
    std::size_t end = begin + 1;
    while (end < items.size() && items[end].high >> shift == items[begin].high >> shift) ++end;
    const std::span<SortItem> group = items.subspan(begin, end - begin);
    if (group.size() > kSmallGroup)
      vector_sort(group);
    else if (group.size() > 1)
      std::sort(group.begin(), group.end(), before);
    begin = end;
  }
}

std::uint8_t key_byte(const Pair& pair, std::size_t at) {
  if (at >= kPrefixBytes) return pair.tail[at - kPrefixBytes];
  return static_cast<std::uint8_t>((at < 8 ? pair.k0 : pair.k1) >> (56 - 8 * (at % 8)));
}

// How many of the first `most` bytes are the same.
std::size_t common_bytes(const std::uint8_t* a, const std::uint8_t* b, std::size_t most) {
  std::size_t at = 0;
  for (; at + 8 <= most; at += 8) {
    const std::uint64_t differing = load_big_endian(a + at) ^ load_big_endian(b + at);
    if (differing != 0) return at + static_cast<std::size_t>(std::countl_zero(differing)) / 8;
  }
  while (at < most && a[at] == b[at]) ++at;
  return at;
}

// How long a beginning two keys share that are equal in their first `depth` bytes; at most `most`,
// which is at least `depth`.
std::size_t common_beginning(const Pair& a, const Pair& b, std::size_t depth, std::size_t most) {
  most = std::min<std::size_t>(most, std::min(a.klen, b.klen));
  if (depth < kPrefixBytes) {
    std::size_t same = kPrefixBytes;
    if (a.k0 != b.k0)
      same = static_cast<std::size_t>(std::countl_zero(a.k0 ^ b.k0)) / 8;
    else if (a.k1 != b.k1)
      same = 8 + static_cast<std::size_t>(std::countl_zero(a.k1 ^ b.k1)) / 8;
    if (same < kPrefixBytes || most <= kPrefixBytes) return std::min(same, most);
    depth = kPrefixBytes;
  }
  if (depth >= most) return most;
  return depth + common_bytes(a.tail + (depth - kPrefixBytes), b.tail + (depth - kPrefixBytes),
                              most - depth);
}

// A sort item and the pair that it stands for.
struct ItemPair {
  ItemPair(const SortItem& item, const EntryList& entries)
      : index(item.index()), pair(entries.pair(index)) {}
  std::uint64_t index;
  Pair pair;
};

// Whether a's key is before b's, or is the same and came first. `same`: their common beginning.
bool is_before(const ItemPair& a, const ItemPair& b, std::size_t same) {
  if (same < a.pair.klen && same < b.pair.klen)
    return key_byte(a.pair, same) < key_byte(b.pair, same);
  return a.pair.klen != b.pair.klen ? a.pair.klen < b.pair.klen : a.index < b.index;
}

// What one look at a group shows, whose keys are equal in their first `depth` bytes.
struct Survey {
  bool in_order = true;
  std::size_t common = SIZE_MAX;  // Bytes of a beginning that all keys share.
};
Survey survey(std::span<const SortItem> group, const EntryList& entries, std::size_t depth) {
  Survey seen;
  ItemPair last(group[0], entries);
  for (std::size_t i = 1; i < group.size(); ++i) {
    const ItemPair now(group[i], entries);
    // Out of order once, only what is common to all is of interest.
    const std::size_t most = seen.in_order ? SIZE_MAX : seen.common;
    const std::size_t same = common_beginning(last.pair, now.pair, depth, most);
    seen.common = std::min(seen.common, same);
    if (seen.in_order)
      seen.in_order = is_before(last, now, same);
    else if (seen.common <= depth)
      break;
    last = now;
  }
  return seen;
}

// The key's bytes [depth, depth + 11), zero-padded, and the index.
SortItem item_at_depth(const Pair& pair, std::size_t depth, std::uint64_t index) {
  std::uint8_t bytes[16] = {};
  if (pair.klen > depth) {
    const std::size_t wanted = std::min(kRefineBytes, pair.klen - depth);
    std::size_t done = 0;
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

// Starts to load what a look at key bytes beyond an item's reads. Inlined by force, see
// prefetch_bytes.
[[gnu::always_inline]] inline void prefetch_tail(const Entry& entry) {
  if (entry.key_size() <= kPrefixBytes) return;
  const Pair pair = resolve(entry, 0);
  __builtin_prefetch(pair.tail, 0, 2);
}

// Refines each group with the same bits, the records of those that follow already on their way.
void refine_groups(std::span<SortItem> items, const EntryList& entries, std::size_t depth);

// Orders keys that are equal, zero-padded, up to `depth`: those that end there come first, by
// length. Returns the others.
std::span<SortItem> order_by_length(std::span<SortItem> group, const EntryList& entries,
                                    std::size_t depth) {
  const auto rank = [&](const SortItem& item) {
    return std::min<std::size_t>(entries.pair(item.index()).klen, depth + 1);
  };
  const auto is_first = [&](const SortItem& a, const SortItem& b) {
    const std::size_t rank_a = rank(a), rank_b = rank(b);
    return rank_a != rank_b ? rank_a < rank_b : a.index() < b.index();
  };
  // Mostly all are longer; and then they are in order already, as one hot key's are.
  if (!std::is_sorted(group.begin(), group.end(), is_first))
    std::sort(group.begin(), group.end(), is_first);
  const auto longer = std::find_if(group.begin(), group.end(),
                                   [&](const SortItem& item) { return rank(item) > depth; });
  return {longer, group.end()};
}

// Sorts items whose keys are equal in their first `depth` bytes. A key that all share is found
// sorted at once, so one hot key costs a look at each entry; a beginning that all share is stepped
// over at once, so it costs a look at its bytes.
void refine(std::span<SortItem> group, const EntryList& entries, std::size_t depth) {
  while (group.size() > 1) {
    const Survey seen = survey(group, entries, depth);
    if (seen.in_order) return;
    depth = seen.common;
    if (group.size() <= kSmallGroup) {
      std::sort(group.begin(), group.end(), [&](const SortItem& one, const SortItem& other) {
        const ItemPair a(one, entries), b(other, entries);
        return is_before(a, b, common_beginning(a.pair, b.pair, depth, SIZE_MAX));
      });
      return;
    }
    for (SortItem& item : group)
      item = item_at_depth(entries.pair(item.index()), depth, item.index());
    vector_sort(group);
    depth += kRefineBytes;
    // The largest of its groups is the next turn of this loop: calls are at most log2(n) deep.
    std::span<SortItem> largest;
    for_each_group(group, [&](std::span<SortItem> equal) {
      std::span<SortItem> rest = order_by_length(equal, entries, depth);
      if (rest.size() > largest.size()) std::swap(rest, largest);
      refine(rest, entries, depth);
    });
    group = largest;
  }
}

void refine_groups(std::span<SortItem> items, const EntryList& entries, std::size_t depth) {
  constexpr std::size_t kRecordsAhead = 32, kEntriesAhead = 64;
  std::size_t entries_at = 1, records_at = 1;  // Up to where loads were begun.
  const auto load = [&](std::size_t& at, std::size_t end, const auto& visit) {
    for (end = std::min(end, items.size()); at < end; ++at) {
      if (!items[at].same_bits(items[at - 1])) continue;
      visit(items[at - 1].index());
      visit(items[at].index());
    }
  };
  for_each_group(items, [&](std::span<SortItem> group) {
    const auto end = static_cast<std::size_t>(group.data() + group.size() - items.data());
    load(entries_at, end + kEntriesAhead,
         [&](std::uint64_t index) { __builtin_prefetch(&entries.entry(index), 0, 2); });
    load(records_at, end + kRecordsAhead,
         [&](std::uint64_t index) { prefetch_tail(entries.entry(index)); });
    refine(group, entries, depth);
  });
}

// Starts to load what an entry refers to. Longer records are read in order, which the processor
// foresees by itself. Inlined by force: GCC 12 takes a function that only prefetches for one
// without effects, and drops calls of it.
[[gnu::always_inline]] inline void prefetch_bytes(const Entry& entry) {
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

void sort_items(std::span<SortItem> items, const EntryList& entries, unsigned part_bits,
                SortItem* spare) {
  if (items.size() < 2) return;
  if (spare != nullptr && items.size() >= kRadixLeast && items.size() <= kRadixMost)
    radix_sort(items, spare);
  else
    vector_sort(items);
  const std::size_t depth = (SortItem::kKeyBits - part_bits) / 8;
  refine_groups(items, entries, depth);
}

// In loops of their own, so that the processor has many of these loads under way at once: beside
// the work on pairs it would look only a few pairs ahead.
void SortedEntries::prefetch_entries(std::size_t begin) const {
  const std::size_t end = std::min(begin + kBatch, items_.size());
  for (std::size_t i = begin; i < end; ++i)
    __builtin_prefetch(&entries_.entry(items_[i].index()), 0, 2);
}
void SortedEntries::prefetch_records(std::size_t begin) const {
  const std::size_t end = std::min(begin + kBatch, items_.size());
  for (std::size_t i = begin; i < end; ++i) prefetch_bytes(entries_.entry(items_[i].index()));
}

Result<std::span<const Pair>> SortedEntries::next() {
  // Two steps ahead: first the entries, then what they refer to.
  if (position_ == 0) {
    prefetch_entries(0);
    prefetch_entries(kBatch);
    prefetch_records(0);
  }
  prefetch_entries(position_ + 2 * kBatch);
  prefetch_records(position_ + kBatch);
  const std::size_t count = std::min(kBatch, items_.size() - position_);
  batch_.resize(count);
  const SortItem* const items = items_.data() + position_;
  EntrySum sum;  // Not a member: it stays in registers.
  for (std::size_t i = 0; i < count; ++i) {
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
