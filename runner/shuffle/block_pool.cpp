#include "shuffle/block_pool.hpp"

#include <algorithm>
#include <functional>

#include "base/check.hpp"

namespace mrun {

BlockPool::BlockPool(MemoryBudget& budget, std::size_t block_bytes, std::size_t slab_bytes)
    : block_bytes_(block_bytes),
      slab_bytes_(std::max(slab_bytes, block_bytes)),
      blocks_per_slab_(slab_bytes_ / block_bytes),
      budget_(budget) {
  MRUN_CHECK(block_bytes % 64 == 0);
}

std::uint8_t* BlockPool::take() {
  const std::scoped_lock lock(mutex_);
  if (free_.empty()) {
    auto slab = PageBuffer::allocate(budget_, slab_bytes_);
    if (!slab) return nullptr;
    // Last block first, so that blocks are handed out in rising address order.
    for (std::size_t i = blocks_per_slab_; i-- > 0;)
      free_.push_back(slab->bytes() + i * block_bytes_);
    slabs_.push_back(*std::move(slab));
  }
  std::uint8_t* const block = free_.back();
  free_.pop_back();
  return block;
}

void BlockPool::give(std::uint8_t* block) {
  const std::scoped_lock lock(mutex_);
  free_.push_back(block);
}

void BlockPool::trim() {
  const std::scoped_lock lock(mutex_);
  if (free_.size() < blocks_per_slab_) return;
  std::sort(free_.begin(), free_.end(), std::greater<>());
  std::erase_if(slabs_, [&](const PageBuffer& slab) {
    // Descending: the slab's last block comes first. Its end may be the next slab's first block.
    const auto from =
        std::upper_bound(free_.begin(), free_.end(), slab.bytes() + slab.size(), std::greater<>());
    const auto to = std::upper_bound(from, free_.end(), slab.bytes(), std::greater<>());
    if (static_cast<std::size_t>(to - from) != blocks_per_slab_) return false;
    free_.erase(from, to);
    return true;
  });
}

}  // namespace mrun
