// BlockPool: equal blocks of memory for many threads, charged to the budget slab by slab.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/memory_budget.hpp"
#include "os/page_buffer.hpp"

namespace mrun {

/// Blocks keep the contents of their last use. Any thread may call any member; a lock is taken per
/// block, never per entry. All blocks must be given back, or be forgotten, before the pool dies.
class BlockPool {
 public:
  /// `block_bytes` must be a multiple of 64; slabs of about `slab_bytes` are charged to `budget`.
  BlockPool(MemoryBudget& budget, std::size_t block_bytes, std::size_t slab_bytes);

  /// A block, 64-aligned; null where the budget has no room.
  std::uint8_t* take();
  void give(std::uint8_t* block);
  /// Returns every slab of which no block is in use to the system and the budget.
  void trim();

  std::size_t block_bytes() const { return block_bytes_; }

 private:
  const std::size_t block_bytes_;
  const std::size_t slab_bytes_;
  const std::size_t blocks_per_slab_;
  MemoryBudget& budget_;

  std::mutex mutex_;  // Guards all below.
  std::vector<PageBuffer> slabs_;
  std::vector<std::uint8_t*> free_;
};

}  // namespace mrun
