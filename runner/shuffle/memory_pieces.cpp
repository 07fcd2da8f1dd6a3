#include "shuffle/memory_pieces.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace mrun {

Result<std::unique_ptr<MemoryPieces>> MemoryPieces::create(SortMemory& memory, Content content,
                                                           const PiecePlan& plan,
                                                           bool one_partition, Tasks tasks,
                                                           std::size_t slices, unsigned at_once,
                                                           const StopFlag& stop) {
  const std::uint64_t entries = entry_count(content.mixed);
  PageBuffer items, copies;
  if (tasks == Tasks::unnamed && entries > 0) {
    if (auto room = PageBuffer::allocate(memory.budget(), entries * sizeof(Entry)))
      copies = *std::move(room);
  }
  if (!copies && entries > 0) {
    MRUN_TRY_ASSIGN(items, PageBuffer::allocate(memory.item_memory(), entries * sizeof(SortItem)));
  }
  std::unique_ptr<MemoryPieces> pieces(new MemoryPieces(
      memory, std::move(content), plan, one_partition, std::move(items), std::move(copies), stop));
  // What is charged for items and does not lie in items_.
  std::uint64_t charged = pieces->items_ ? 0 : entries;
  for (const std::vector<EntrySpan>& whole : pieces->content_.whole) charged += entry_count(whole);
  pieces->small_piece_ = charged / (4 * at_once);
  const std::size_t spans = pieces->content_.mixed.size();
  slices = std::clamp<std::size_t>(slices, 1, std::max<std::size_t>(1, spans));
  for (std::size_t i = 0; i < slices; ++i) {
    Slice slice;
    slice.first_span = spans * i / slices;
    slice.end_span = spans * (i + 1) / slices;
    slice.at.resize(plan.size());
    pieces->slices_.push_back(std::move(slice));
  }
  return pieces;
}

void MemoryPieces::classify(std::size_t index) {
  Slice& slice = slices_[index];
  for (std::size_t s = slice.first_span; s < slice.end_span && !stop_.stopped(); ++s) {
    const EntrySpan& span = content_.mixed[s];
    EntryBlock& block = *span.block;
    for (std::uint32_t i = span.begin; i < span.end; ++i) {
      const std::uint32_t partition = one_partition_ ? 0 : block.parts[i];
      const std::size_t piece = plan_.piece_of(
          partition, block.entries[i].k0, [&] { return resolve(block.entries[i], span.task); });
      block.parts[i] = static_cast<std::uint32_t>(piece);
      ++slice.at[piece];
    }
  }
}

void MemoryPieces::place() {
  std::uint64_t position = 0;
  begin_.reserve(plan_.size() + 1);
  for (std::size_t piece = 0; piece < plan_.size(); ++piece) {
    begin_.push_back(position);
    for (Slice& slice : slices_) position += std::exchange(slice.at[piece], position);
  }
  begin_.push_back(position);
}

void MemoryPieces::scatter(std::size_t index) {
  Slice& slice = slices_[index];
  SortItem* const items = items_.as<SortItem>();
  Entry* const copies = entries_.as<Entry>();
  for (std::size_t s = slice.first_span; s < slice.end_span && !stop_.stopped(); ++s) {
    const EntrySpan& span = content_.mixed[s];
    const EntryBlock& block = *span.block;
    for (std::uint32_t i = span.begin; i < span.end; ++i) {
      const std::uint64_t place = slice.at[block.parts[i]]++;
      if (copies != nullptr)
        copies[place] = block.entries[i];
      else
        items[place] = make_sort_item(block.entries[i], entry_number(s, i));
    }
  }
}

Result<std::unique_ptr<PairSource>> MemoryPieces::open(std::size_t piece, EntrySum& consumed) {
  if (!content_.whole.empty() && !content_.whole[piece].empty()) return open_whole(piece, consumed);
  const std::size_t count = begin_[piece + 1] - begin_[piece];
  if (entries_) return open_entries(piece, {entries_.as<Entry>() + begin_[piece], count}, consumed);
  const std::span<SortItem> items(items_.as<SortItem>() + begin_[piece], count);
  const EntryList list(content_.mixed);
  const bool fits = count * sizeof(SortItem) <= kSpareItemBytes;
  const auto spare = fits ? spare_items_.take(kSpareItemBytes) : PagePool::Lease();
  sort_items(items, list, spare && spare->buffer() ? spare->buffer().as<SortItem>() : nullptr);
  return std::unique_ptr<PairSource>(
      std::make_unique<SortedEntries>(items, list, plan_.partition_of(piece), consumed));
}

// Of entries side by side. `memory`: where they lie, if that is the source's to keep.
Result<std::unique_ptr<PairSource>> MemoryPieces::open_entries(std::size_t piece,
                                                               std::span<const Entry> entries,
                                                               EntrySum& consumed,
                                                               PagePool::Lease memory) {
  const EntryList list(entries.data(), layout_of(piece, entries.size()));
  MRUN_TRY_ASSIGN(Items items, take_items(entries.size()));
  for (std::size_t i = 0; i < entries.size(); ++i)
    items.all[i] = make_sort_item(entries[i], i, list.layout());
  return sorted(piece, list, std::move(items), consumed, std::move(memory));
}

Result<std::unique_ptr<PairSource>> MemoryPieces::open_whole(std::size_t piece,
                                                             EntrySum& consumed) {
  const std::vector<EntrySpan>& spans = content_.whole[piece];
  const std::size_t count = entry_count(spans);
  // Side by side they are read faster, and lie in the cache.
  if (auto memory = piece_entries_.take(count * sizeof(Entry))) {
    auto* const copies = memory->buffer().as<Entry>();
    Entry* end = copies;
    for (const EntrySpan& span : spans)
      end = std::copy(span.block->entries + span.begin, span.block->entries + span.end, end);
    return open_entries(piece, {copies, count}, consumed, *std::move(memory));
  }
  const EntryList list(spans, layout_of(piece, entry_number(spans.size(), 0)));
  MRUN_TRY_ASSIGN(Items items, take_items(count));
  SortItem* item = items.all.data();
  for (std::size_t s = 0; s < spans.size(); ++s)
    for (std::uint32_t i = spans[s].begin; i < spans[s].end; ++i)
      *item++ = make_sort_item(spans[s].block->entries[i], entry_number(s, i), list.layout());
  return sorted(piece, list, std::move(items), consumed, {});
}

// With spare room to sort by digits, unless the piece is much of all: for all entries together one
// item each is charged.
Result<MemoryPieces::Items> MemoryPieces::take_items(std::size_t count) {
  const bool is_small = count <= small_piece_;
  const std::size_t room = is_small ? 2 * count : count;
  MRUN_TRY_ASSIGN(PagePool::Lease memory, piece_items_.take((room + 1) * sizeof(SortItem)));
  SortItem* const items = memory.buffer().as<SortItem>();
  return Items{std::move(memory), {items, count}, is_small ? items + count : nullptr};
}

Result<std::unique_ptr<PairSource>> MemoryPieces::sorted(std::size_t piece, const EntryList& list,
                                                         Items items, EntrySum& consumed,
                                                         PagePool::Lease entries) const {
  sort_items(items.all, list, items.spare);
  return std::unique_ptr<PairSource>(
      std::make_unique<SortedEntries>(items.all, list, plan_.partition_of(piece), consumed,
                                      std::move(items.memory), std::move(entries)));
}

}  // namespace mrun
