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
  const bool is_whole = !content_.whole.empty() && !content_.whole[piece].empty();
  if (is_whole) return open_whole(piece, consumed);
  if (entries_) return open_placed(piece, consumed);
  const std::size_t count = begin_[piece + 1] - begin_[piece];
  const std::span<SortItem> items(items_.as<SortItem>() + begin_[piece], count);
  const EntryList list(content_.mixed);
  const bool fits = count * sizeof(SortItem) <= kSpareItemBytes;
  const auto spare = fits ? spare_items_.take(kSpareItemBytes) : PagePool::Lease();
  sort_items(items, list, spare && spare->buffer() ? spare->buffer().as<SortItem>() : nullptr);
  return std::unique_ptr<PairSource>(
      std::make_unique<SortedEntries>(items, list, plan_.partition_of(piece), consumed));
}

// Of entries that were copied to their piece.
Result<std::unique_ptr<PairSource>> MemoryPieces::open_placed(std::size_t piece,
                                                              EntrySum& consumed) {
  const std::size_t count = begin_[piece + 1] - begin_[piece];
  const Entry* const entries = entries_.as<Entry>() + begin_[piece];
  const EntryList list(entries, layout_of(piece, count));
  return sort_piece(
      piece, list, count,
      [&](SortItem* items) {
        for (std::size_t i = 0; i < count; ++i)
          items[i] = make_sort_item(entries[i], i, list.layout());
      },
      consumed);
}

Result<std::unique_ptr<PairSource>> MemoryPieces::open_whole(std::size_t piece,
                                                             EntrySum& consumed) {
  const std::vector<EntrySpan>& spans = content_.whole[piece];
  const std::size_t count = entry_count(spans);
  // Side by side they are read faster, and lie in the cache.
  if (auto room = piece_entries_.take(count * sizeof(Entry))) {
    auto* const copies = room->buffer().as<Entry>();
    Entry* end = copies;
    for (const EntrySpan& span : spans)
      end = std::copy(span.block->entries + span.begin, span.block->entries + span.end, end);
    const EntryList list(copies, layout_of(piece, count));
    return sort_piece(
        piece, list, count,
        [&](SortItem* items) {
          for (std::size_t i = 0; i < count; ++i)
            items[i] = make_sort_item(copies[i], i, list.layout());
        },
        consumed, *std::move(room));
  }
  const EntryList list(spans, layout_of(piece, entry_number(spans.size(), 0)));
  return sort_piece(
      piece, list, count,
      [&](SortItem* items) {
        for (std::size_t s = 0; s < spans.size(); ++s)
          for (std::uint32_t i = spans[s].begin; i < spans[s].end; ++i)
            *items++ =
                make_sort_item(spans[s].block->entries[i], entry_number(s, i), list.layout());
      },
      consumed);
}

template <typename MakeItems>
Result<std::unique_ptr<PairSource>> MemoryPieces::sort_piece(
    std::size_t piece, const EntryList& list, std::size_t count, const MakeItems& make_items,
    EntrySum& consumed, PagePool::Lease copies) {
  // With spare room to sort by digits, unless one piece is much of all: for all entries together
  // one item each is charged.
  const bool is_small = count <= small_piece_;
  const std::size_t room = is_small ? 2 * count : count;
  MRUN_TRY_ASSIGN(PagePool::Lease memory, piece_items_.take((room + 1) * sizeof(SortItem)));
  const std::span<SortItem> items(memory.buffer().as<SortItem>(), count);
  make_items(items.data());
  sort_items(items, list, is_small ? items.data() + count : nullptr);
  return std::unique_ptr<PairSource>(std::make_unique<SortedEntries>(
      items, list, plan_.partition_of(piece), consumed, std::move(memory), std::move(copies)));
}

}  // namespace mrun
