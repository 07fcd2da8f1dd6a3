#include "shuffle/sort_memory.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "shuffle/entry_block.hpp"

namespace mrun {
namespace {

// Big enough that taking a slab is rare, small enough that one does not matter in a small budget.
std::size_t slab_bytes(const MemoryBudget& budget) {
  constexpr std::size_t kLeast = std::size_t{256} << 10, kMost = std::size_t{8} << 20;
  return std::bit_floor(std::clamp(budget.limit_bytes() / 128, kLeast, kMost));
}

}  // namespace

SortMemory::SortMemory(MemoryBudget& budget, std::size_t spare_item_bytes)
    : budget_(budget),
      entry_blocks_(budget, sizeof(EntryBlock), slab_bytes(budget)),
      heap_blocks_(budget, kHeapBlockBytes, slab_bytes(budget)),
      item_memory_(std::numeric_limits<std::size_t>::max()),
      spare_items_(spare_item_bytes) {}

void SortMemory::trim() {
  entry_blocks_.trim();
  heap_blocks_.trim();
}

}  // namespace mrun
