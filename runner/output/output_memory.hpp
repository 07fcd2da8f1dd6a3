// OutputMemory: the buffers that parts are written through, charged, and used again while warm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/memory_budget.hpp"

namespace mrun {

/// A buffer of output bytes and the charge it stands for.
struct OutputChunk {
  std::unique_ptr<std::uint8_t[]> bytes;
  std::size_t capacity = 0;
  std::size_t size = 0;
  Charge charge;
};

/// What one thread gives back the next one takes: fresh memory costs a page fault every 4 KiB. Any
/// thread may call any member.
class OutputMemory {
 public:
  /// Large enough that a write costs little more than its copy.
  static constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

  /// `budget` outlives this.
  explicit OutputMemory(MemoryBudget& budget) : budget_(budget) {}

  /// A chunk of kChunkBytes; an empty one where the budget or the system has no more.
  OutputChunk take();
  void give(OutputChunk chunk);
  /// Moves what a chunk holds to memory of that size: many chunks that wait must not hold a whole
  /// buffer each. Does nothing where it would not save half, or where there is no memory for it.
  void shrink(OutputChunk& chunk);
  /// Returns the chunks that nobody uses to the system and the budget.
  void trim();

 private:
  MemoryBudget& budget_;
  std::mutex mutex_;  // Guards spare_.
  std::vector<OutputChunk> spare_;
};

}  // namespace mrun
