// MemoryPieces: entries that fit in memory, sorted piece by piece: those of whole pieces where they
// lie, all others scattered to their pieces first.
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

/// First every slice of what is to be scattered is classified, then `place` is called once, then
/// every slice is scattered, then pieces may be opened: each of these by any threads at once. After
/// a stop the steps do nothing, and no piece may be opened. The blocks stay as they are, apart from
/// the `parts` of what is scattered, which then name pieces. Where that is wanted and the budget
/// has room, entries are copied to their piece, so that it is read from the cache, and its items
/// are made when it is opened; else items are scattered, which refer to the blocks.
class MemoryPieces {
 public:
  /// What one thread takes of SortMemory::spare_items to sort a piece whose items lie in the cache.
  static constexpr std::size_t kSpareItemBytes = std::size_t{1} << 20;

  /// Whether the pieces' pairs shall name their task: copied entries do not.
  enum class Tasks : std::uint8_t { unnamed, named };

  /// What the pieces are made of, in input order for each key.
  struct Content {
    std::vector<EntrySpan> mixed;  ///< Of any pieces but the whole ones.
    /// By piece: all entries of a piece, or none. Empty: there is no whole piece.
    std::vector<std::vector<EntrySpan>> whole;
  };
  /// Up to `at_once` pieces will be open at once. All blocks outlive them. Errors: limit.
  static Result<std::unique_ptr<MemoryPieces>> create(SortMemory& memory, Content content,
                                                      const PiecePlan& plan, bool one_partition,
                                                      Tasks tasks, std::size_t slices,
                                                      unsigned at_once, const StopFlag& stop);

  std::size_t slice_count() const { return slices_.size(); }
  void classify(std::size_t slice);
  void place();
  void scatter(std::size_t slice);

  /// Sorts the piece and reads it. `consumed` takes the sums of what is read. Errors: limit.
  Result<std::unique_ptr<PairSource>> open(std::size_t piece, EntrySum& consumed);

 private:
  struct Slice {
    std::size_t first_span = 0, end_span = 0;
    std::vector<std::uint64_t> at;  // By piece: count, then where the next item goes.
  };
  MemoryPieces(SortMemory& memory, Content content, const PiecePlan& plan, bool one_partition,
               PageBuffer items, PageBuffer entries, const StopFlag& stop)
      : content_(std::move(content)),
        plan_(plan),
        one_partition_(one_partition),
        items_(std::move(items)),
        entries_(std::move(entries)),
        stop_(stop),
        piece_items_(memory.item_memory()),
        piece_entries_(memory.budget()),
        spare_items_(memory.spare_items()) {}

  // Of a piece that is being opened.
  struct Items {
    PagePool::Lease memory;
    std::span<SortItem> all;
    SortItem* spare;  // Room for as many more, or null.
  };
  Result<Items> take_items(std::size_t count);
  Result<std::unique_ptr<PairSource>> open_entries(std::size_t piece,
                                                   std::span<const Entry> entries,
                                                   EntrySum& consumed, PagePool::Lease memory = {});
  Result<std::unique_ptr<PairSource>> open_whole(std::size_t piece, EntrySum& consumed);
  Result<std::unique_ptr<PairSource>> sorted(std::size_t piece, const EntryList& list, Items items,
                                             EntrySum& consumed, PagePool::Lease entries) const;
  ItemLayout layout_of(std::size_t piece, std::size_t numbers) const {
    return ItemLayout::of_some(numbers, plan_.piece(piece).range.shared_bytes());
  }

  Content content_;
  const PiecePlan& plan_;
  const bool one_partition_;  // Blocks do not hold partitions: all is 0.
  PageBuffer items_;          // Piece by piece; empty where the entries are.
  PageBuffer entries_;        // Piece by piece; empty where they stay in their blocks.
  const StopFlag& stop_;
  std::uint64_t small_piece_ = 0;  // Entries: of so many or fewer, spare items may be had.
  PagePool piece_items_;           // Of the pieces that are open, but for those in items_.
  PagePool piece_entries_;         // Copies of those that are open and whole, where there is room.
  PagePool spare_items_;           // Of those that are being sorted, where it has none.
  std::vector<Slice> slices_;
  // Of each piece's items or entries that were scattered, and the end.
  std::vector<std::uint64_t> begin_;
};

}  // namespace mrun
