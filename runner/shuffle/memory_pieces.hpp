// MemoryPieces: entries that fit in memory, scattered to pieces and sorted piece by piece.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/stop_flag.hpp"
#include "os/page_pool.hpp"
#include "shuffle/entry_sort.hpp"
#include "shuffle/piece_plan.hpp"
#include "shuffle/sort_buffer.hpp"

namespace mrun {

/// First every slice is classified, then `place` is called once, then every slice is scattered,
/// then pieces may be opened: each of these by any threads at once. After a stop the steps do
/// nothing, and no piece may be opened. The blocks stay as they are,
/// apart from their `parts`, which then name pieces. Where that is wanted and the budget has room,
/// entries are copied to their piece, so that it is read from the cache, and its items are made
/// when it is opened; else items are scattered, which refer to the blocks.
class MemoryPieces {
 public:
  /// What one thread takes of SortMemory::spare_items to sort a piece whose items lie in the cache.
  static constexpr std::size_t kSpareItemBytes = std::size_t{1} << 20;

  /// Whether the pieces' pairs shall name their task: copied entries do not.
  enum class Tasks : std::uint8_t { unnamed, named };

  /// `blocks` in input order. All outlive the pieces. Errors: limit.
  static Result<std::unique_ptr<MemoryPieces>> create(SortMemory& memory,
                                                      std::vector<EntryBlock*> blocks,
                                                      const PiecePlan& plan, bool one_partition,
                                                      Tasks tasks, std::size_t slices,
                                                      const StopFlag& stop);

  std::size_t slice_count() const { return slices_.size(); }
  void classify(std::size_t slice);
  void place();
  void scatter(std::size_t slice);

  /// Sorts the piece and reads it. `consumed` takes the sums of what is read. Errors: limit.
  Result<std::unique_ptr<PairSource>> open(std::size_t piece, EntrySum& consumed);

 private:
  struct Slice {
    std::size_t first_block = 0, end_block = 0;
    std::vector<std::uint64_t> at;  // By piece: count, then where the next item goes.
  };
  MemoryPieces(SortMemory& memory, std::vector<EntryBlock*> blocks, const PiecePlan& plan,
               bool one_partition, PageBuffer items, PageBuffer entries, const StopFlag& stop)
      : blocks_(std::move(blocks)),
        read_blocks_(blocks_.begin(), blocks_.end()),
        plan_(plan),
        one_partition_(one_partition),
        items_(std::move(items)),
        entries_(std::move(entries)),
        stop_(stop),
        piece_items_(memory.item_memory()),
        spare_items_(memory.spare_items()) {}

  std::vector<EntryBlock*> blocks_;
  std::vector<const EntryBlock*> read_blocks_;
  const PiecePlan& plan_;
  const bool one_partition_;  // Blocks do not hold partitions: all is 0.
  PageBuffer items_;          // Piece by piece; empty where the entries are.
  PageBuffer entries_;        // Piece by piece; empty where they stay in their blocks.
  const StopFlag& stop_;
  PagePool piece_items_;  // Of the pieces that are open, where entries_ has entries.
  PagePool spare_items_;  // Of those that are being sorted, where it has none.
  std::vector<Slice> slices_;
  std::vector<std::uint64_t> begin_;  // Of each piece's items or entries, and the end.
};

}  // namespace mrun
