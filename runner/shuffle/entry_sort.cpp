#include "shuffle/entry_sort.hpp"

#include <hwy/contrib/sort/vqsort.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace mrun {
namespace {

constexpr std::size_t kSmallGroup = 24;  // Below this comparing one by one beats vectors.
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
      : index(entries.number(item)), pair(entries.pair(index)) {}
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

__extension__ using Wide = unsigned __int128;

// Up to 8 bytes as the highest of a number.
std::uint64_t load_some(const std::uint8_t* bytes, std::size_t size) {
  if (size == 8) return load_big_endian(bytes);
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return __builtin_bswap64(word);
}

// The key's bytes from `depth` on, zero-padded, and the entry's number.
SortItem item_at_depth(const Pair& pair, std::size_t depth, std::uint64_t number,
                       const ItemLayout& layout) {
  Wide bits = 0;
  std::size_t held = 0;  // Bytes of the key's first 16.
  if (depth < kPrefixBytes) {
    bits = (static_cast<Wide>(pair.k0) << 64 | pair.k1) << (8 * depth);
    held = kPrefixBytes - depth;
  }
  const std::size_t at = depth + held - kPrefixBytes;  // In the tail.
  const std::size_t tail = pair.tail_size();
  if (tail > at && held < layout.key_bytes()) {
    const std::size_t size = std::min<std::size_t>(tail - at, kPrefixBytes - held);
    const std::size_t first = std::min<std::size_t>(size, 8);
    Wide more = static_cast<Wide>(load_some(pair.tail + at, first)) << 64;
    if (size > 8) more |= load_some(pair.tail + at + 8, size - 8);
    bits |= more >> (8 * held);
  }
  return {(static_cast<std::uint64_t>(bits) & ~layout.index_mask()) | number,
          static_cast<std::uint64_t>(bits >> 64)};
}

// Calls `visit` for each group of two or more items with the same bits.
template <typename Visit>
void for_each_group(std::span<SortItem> items, const ItemLayout& layout, const Visit& visit) {
  for (std::size_t begin = 0; begin < items.size();) {
    std::size_t end = begin + 1;
    while (end < items.size() && layout.same_key_bytes(items[end], items[begin])) ++end;
    if (end - begin > 1) visit(items.subspan(begin, end - begin));
    begin = end;
  }
}

// Orders keys that are equal, zero-padded, up to `depth`: those that end there come first, by
// length. Returns the others.
std::span<SortItem> order_by_length(std::span<SortItem> group, const EntryList& entries,
                                    std::size_t depth) {
  const auto rank = [&](const SortItem& item) {
    return std::min<std::size_t>(entries.pair(entries.number(item)).klen, depth + 1);
  };
  const auto is_first = [&](const SortItem& a, const SortItem& b) {
    const std::size_t rank_a = rank(a), rank_b = rank(b);
    return rank_a != rank_b ? rank_a < rank_b : entries.number(a) < entries.number(b);
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
    if (group.size() == 2) return std::swap(group[0], group[1]);
    for (SortItem& item : group) {
      const std::uint64_t number = entries.number(item);
      item = item_at_depth(entries.pair(number), depth, number, entries.layout());
    }
    if (group.size() <= kSmallGroup)
      std::sort(group.begin(), group.end(), before);
    else
      vector_sort(group);
    depth += entries.layout().key_bytes();
    // The largest of its groups is the next turn of this loop: calls are at most log2(n) deep.
    std::span<SortItem> largest;
    for_each_group(group, entries.layout(), [&](std::span<SortItem> equal) {
      std::span<SortItem> rest = order_by_length(equal, entries, depth);
      if (rest.size() > largest.size()) std::swap(rest, largest);
      refine(rest, entries, depth);
    });
    group = largest;
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
void refine_groups(std::span<SortItem> items, const EntryList& entries, std::size_t depth) {
  constexpr std::size_t kRecordsAhead = 32, kEntriesAhead = 64;
  std::size_t entries_at = 1, records_at = 1;  // Up to where loads were begun.
  const auto load = [&](std::size_t& at, std::size_t end, const auto& visit) {
    for (end = std::min(end, items.size()); at < end; ++at) {
      if (!entries.layout().same_key_bytes(items[at], items[at - 1])) continue;
      visit(entries.number(items[at - 1]));
      visit(entries.number(items[at]));
    }
  };
  for_each_group(items, entries.layout(), [&](std::span<SortItem> group) {
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

void sort_items(std::span<SortItem> items, const EntryList& entries, SortItem* spare) {
  if (items.size() < 2) return;
  if (spare != nullptr && items.size() >= kRadixLeast && items.size() <= kRadixMost)
    radix_sort(items, spare);
  else
    vector_sort(items);
  const ItemLayout& layout = entries.layout();
  // Items are made of the key's first 16 bytes alone.
  refine_groups(items, entries, std::min(kPrefixBytes, layout.shared_bytes + layout.key_bytes()));
}

// In loops of their own, so that the processor has many of these loads under way at once: beside
// the work on pairs it would look only a few pairs ahead.
void SortedEntries::prefetch_entries(std::size_t begin) const {
  const std::size_t end = std::min(begin + kBatch, items_.size());
  for (std::size_t i = begin; i < end; ++i)
    __builtin_prefetch(&entries_.entry(entries_.number(items_[i])), 0, 2);
}
void SortedEntries::prefetch_records(std::size_t begin) const {
  const std::size_t end = std::min(begin + kBatch, items_.size());
  for (std::size_t i = begin; i < end; ++i)
    prefetch_bytes(entries_.entry(entries_.number(items_[i])));
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
    const std::uint64_t index = entries_.number(items[i]);
    const Entry& entry = entries_.entry(index);
    batch_[i] = entries_.pair(index);
    sum.add(entry, content_of(entry, batch_[i]), partition_);
  }
  consumed_.add(sum);
  position_ += count;
  return std::span<const Pair>(batch_);
}

}  // namespace mrun
