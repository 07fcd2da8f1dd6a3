// SortMemory: what all sort buffers of a run take their memory from.
#pragma once

#include <cstddef>

#include "base/memory_budget.hpp"
#include "shuffle/block_pool.hpp"

namespace mrun {

/// The memory that all sort buffers of a run share. For each block of entries the bytes of its sort
/// items are charged with it, so that sorting never has to ask for more.
class SortMemory {
 public:
  /// Uses at most what is free in `budget`, which outlives it, and `spare_item_bytes` more.
  explicit SortMemory(MemoryBudget& budget, std::size_t spare_item_bytes = 0);

  MemoryBudget& budget() { return budget_; }
  BlockPool& entry_blocks() { return entry_blocks_; }
  BlockPool& heap_blocks() { return heap_blocks_; }
  /// Where sort items are allocated: their bytes are charged already, block by block.
  MemoryBudget& item_memory() { return item_memory_; }
  /// For those that sort by digits beside the items; where it is used up, they do without.
  MemoryBudget& spare_items() { return spare_items_; }
  void trim();
  /// What `take` says, which is asked again after a trim where it finds no room: what one purpose
  /// gave back may lie idle in its pool while another needs it.
  template <typename Take>
  auto take_or_trim(const Take& take) {
    auto taken = take();
    if (taken) return taken;
    trim();
    return take();
  }

  /// The largest heap of a batch that a sort buffer takes.
  static constexpr std::size_t kHeapBlockBytes = std::size_t{128} << 10;

 private:
  MemoryBudget& budget_;
  BlockPool entry_blocks_;
  BlockPool heap_blocks_;
  MemoryBudget item_memory_;
  MemoryBudget spare_items_;
};

}  // namespace mrun
