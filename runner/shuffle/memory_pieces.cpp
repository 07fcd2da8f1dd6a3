#include "shuffle/memory_pieces.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace mrun {

Result<std::unique_ptr<MemoryPieces>> MemoryPieces::create(
    SortMemory& memory, std::vector<EntryBlock*> blocks, const PiecePlan& plan, bool one_partition,
    Tasks tasks, std::size_t slices, const StopFlag& stop) {
  std::uint64_t entries = 0;
  for (const EntryBlock* block : blocks) entries += block->count;
  PageBuffer items, copies;
  if (tasks == Tasks::unnamed) {
    if (auto room = PageBuffer::allocate(memory.budget(), entries * sizeof(Entry)))
      copies = *std::move(room);
  }
  if (!copies) {
    MRUN_TRY_ASSIGN(items,
                    PageBuffer::allocate(memory.item_memory(),
                                         std::max<std::uint64_t>(1, entries) * sizeof(SortItem)));
  }
  std::unique_ptr<MemoryPieces> pieces(new MemoryPieces(
      memory, std::move(blocks), plan, one_partition, std::move(items), std::move(copies), stop));
  slices = std::clamp<std::size_t>(slices, 1, std::max<std::size_t>(1, pieces->blocks_.size()));
  for (std::size_t i = 0; i < slices; ++i) {
    Slice slice;
    slice.first_block = pieces->blocks_.size() * i / slices;
    slice.end_block = pieces->blocks_.size() * (i + 1) / slices;
    slice.at.resize(plan.size());
    pieces->slices_.push_back(std::move(slice));
  }
  return pieces;
}

void MemoryPieces::classify(std::size_t index) {
  Slice& slice = slices_[index];
  for (std::size_t b = slice.first_block; b < slice.end_block && !stop_.stopped(); ++b) {
    EntryBlock& block = *blocks_[b];
    for (std::uint32_t i = 0; i < block.count; ++i) {
      const std::uint32_t partition = one_partition_ ? 0 : block.parts[i];
      const std::size_t piece = plan_.piece_of(partition, block.entries[i], block.task);
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
  for (std::size_t b = slice.first_block; b < slice.end_block && !stop_.stopped(); ++b) {
    const EntryBlock& block = *blocks_[b];
    for (std::uint32_t i = 0; i < block.count; ++i) {
      const std::uint64_t place = slice.at[block.parts[i]]++;
      if (copies != nullptr) {
        copies[place] = block.entries[i];
      } else {
        const std::uint64_t number = (std::uint64_t{b} << EntryBlock::kSlotBits) | i;
        items[place] = make_sort_item(block.entries[i], number);
      }
    }
  }
}

Result<std::unique_ptr<PairSource>> MemoryPieces::open(std::size_t piece, EntrySum& consumed) {
  const std::size_t count = begin_[piece + 1] - begin_[piece];
  const std::uint32_t partition = plan_.partition_of(piece);
  if (!entries_) {
    const std::span<SortItem> items(items_.as<SortItem>() + begin_[piece], count);
    const EntryList entries(read_blocks_);
    const bool fits = count * sizeof(SortItem) <= kSpareItemBytes;
    const auto spare = fits ? spare_items_.take(kSpareItemBytes) : PagePool::Lease();
    sort_items(items, entries, spare && spare->buffer() ? spare->buffer().as<SortItem>() : nullptr);
    return std::unique_ptr<PairSource>(
        std::make_unique<SortedEntries>(items, entries, partition, consumed));
  }
  // With spare room to sort by digits, unless one piece is much of all: for all entries together
  // one item each is charged.
  const bool is_small = count * slices_.size() <= begin_.back();
  const std::size_t room = is_small ? 2 * count : count;
  MRUN_TRY_ASSIGN(PagePool::Lease memory, piece_items_.take((room + 1) * sizeof(SortItem)));
  const std::span<SortItem> items(memory.buffer().as<SortItem>(), count);
  const Entry* const entries = entries_.as<Entry>() + begin_[piece];
  const EntryList list(entries,
                       ItemLayout::of_some(count, plan_.piece(piece).range.shared_bytes()));
  for (std::size_t i = 0; i < count; ++i) items[i] = make_sort_item(entries[i], i, list.layout());
  sort_items(items, list, is_small ? items.data() + count : nullptr);
  return std::unique_ptr<PairSource>(
      std::make_unique<SortedEntries>(items, list, partition, consumed, std::move(memory)));
}

}  // namespace mrun
