#include "shuffle/memory_pieces.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace mrun {

Result<std::unique_ptr<MemoryPieces>> MemoryPieces::create(SortMemory& memory,
                                                           std::vector<EntryBlock*> blocks,
                                                           const PiecePlan& plan,
                                                           bool one_partition, std::size_t slices,
                                                           const StopFlag& stop) {
  std::uint64_t entries = 0;
  for (const EntryBlock* block : blocks) entries += block->count;
  MRUN_TRY_ASSIGN(PageBuffer items,
                  PageBuffer::allocate(memory.item_memory(),
                                       std::max<std::uint64_t>(1, entries) * sizeof(SortItem)));
  auto copies = PageBuffer::allocate(memory.budget(), entries * sizeof(Entry));
  std::unique_ptr<MemoryPieces> pieces(
      new MemoryPieces(std::move(blocks), plan, one_partition, std::move(items),
                       copies ? *std::move(copies) : PageBuffer(), stop));
  slices = std::clamp<std::size_t>(slices, 1, std::max<std::size_t>(1, pieces->blocks_.size()));
  for (std::size_t i = 0; i < slices; ++i) {
    Slice slice;
    slice.first_block = pieces->blocks_.size() * i / slices;
    slice.end_block = pieces->blocks_.size() * (i + 1) / slices;
    slice.at.resize(plan.pieces().size());
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
      const std::size_t piece = plan_.piece_of(partition, resolve(block.entries[i], block.task));
      block.parts[i] = static_cast<std::uint32_t>(piece);
      ++slice.at[piece];
    }
  }
}

void MemoryPieces::place() {
  std::uint64_t position = 0;
  for (std::size_t piece = 0; piece < plan_.pieces().size(); ++piece) {
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
      const std::uint32_t piece = block.parts[i];
      const std::uint64_t place = slice.at[piece]++;
      std::uint64_t number = (std::uint64_t{b} << EntryBlock::kSlotBits) | i;
      if (copies != nullptr) {
        number = place - begin_[piece];
        copies[place] = block.entries[i];
      }
      items[place] = make_sort_item(block.entries[i], 0, 0, number);
    }
  }
}

std::unique_ptr<PairSource> MemoryPieces::open(std::size_t piece, EntrySum& consumed) {
  const std::span<SortItem> items(items_.as<SortItem>() + begin_[piece],
                                  begin_[piece + 1] - begin_[piece]);
  const EntryList entries =
      entries_ ? EntryList(entries_.as<Entry>() + begin_[piece]) : EntryList(read_blocks_);
  sort_items(items, entries, 0);
  return std::make_unique<SortedEntries>(items, entries, plan_.pieces()[piece].partition, consumed);
}

}  // namespace mrun
