// SortBuffer: keeps one worker's emitted entries, task by task in emit order, until they are
// sorted; in one list, or in several by the hash or the range of their keys.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/memory_budget.hpp"
#include "model/entry.hpp"
#include "shuffle/block_pool.hpp"
#include "shuffle/conservation.hpp"
#include "shuffle/entry_block.hpp"
#include "shuffle/partitioner.hpp"
#include "shuffle/piece_plan.hpp"

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

  /// The largest heap of a batch that `try_accept` takes.
  static constexpr std::size_t kHeapBlockBytes = std::size_t{128} << 10;

 private:
  MemoryBudget& budget_;
  BlockPool entry_blocks_;
  BlockPool heap_blocks_;
  MemoryBudget item_memory_;
  MemoryBudget spare_items_;
};

/// One thread at a time. What it holds is charged to SortMemory's budget.
class SortBuffer {
 public:
  SortBuffer(SortMemory& memory, const Partitioner& partitioner);
  SortBuffer(const SortBuffer&) = delete;
  SortBuffer& operator=(const SortBuffer&) = delete;
  ~SortBuffer() { clear(); }

  /// What follows belongs to `task`, all of it: a task's entries stand in one buffer.
  void begin_task(std::uint32_t task) { task_ = task; }
  /// `ref` entries of coming batches point into bytes that `owner` keeps in place.
  void pin(const std::shared_ptr<const void>& owner);

  /// How many of the first `entries` refer to at most `bytes_most` together; at least one, if any.
  static std::size_t fitting(std::span<const Entry> entries, std::uint64_t bytes_most);
  /// Takes over the first entries of a batch, as many as the budget has room for, and returns how
  /// many: all or none, but for several lists.
  std::size_t accept(const EntryBatch& batch);
  /// From now on each entry goes to the list that its key's hash chooses, and has no partition yet.
  void start_lists(std::size_t lists);
  /// From now on each entry goes to the list of the piece that it belongs to, as do those that are
  /// there, which are of the present task; where there is no room for that, nothing changes.
  /// Borrows `ranges`, which cut no key between tasks, until `clear`.
  void start_ranges(const PiecePlan& ranges);
  std::size_t list_count() const { return lists_.size(); }
  /// In emit order. What comes next goes to new blocks. Different lists by any threads at once.
  std::vector<EntrySpan> list(std::size_t index);
  /// Gives back the blocks of a list, whose pairs somebody else has; they still count as accepted.
  void drop_list(std::size_t index);
  /// Takes over what lists of the other one hold. Code::integrity where that is not what was
  /// accepted.
  Result<void> absorb_lists(SortBuffer&& other);
  /// The sums of entries; without their partitions, as long as they are in lists by hash.
  static EntrySum sum_of(const EntrySpan& span, bool has_parts);

  /// Takes over one pair of any size, or changes nothing and returns false where the budget has no
  /// room for it. Not into lists by hash.
  bool try_accept_big(Slice key, Slice value);
  /// About what is charged for an entry of a batch, and for the entry alone.
  static std::size_t bytes_of(const Entry& entry);
  static constexpr std::size_t kBytesPerEntry =
      (sizeof(EntryBlock) + 16 * std::size_t{EntryBlock::kEntries}) / EntryBlock::kEntries;
  /// Budget bytes that a big pair needs.
  static std::size_t big_bytes(Slice key, Slice value);

  bool empty() const { return accepted_.count() == 0; }
  /// Whether entries refer to bytes that it keeps in place.
  bool refers() const { return !owners_.empty(); }
  /// Of it, what heaps take, whatever becomes of the lists.
  std::size_t heap_bytes() const { return heap_blocks_.size() * SortMemory::kHeapBlockBytes; }
  /// Bytes charged for what it holds.
  std::size_t size_bytes() const;
  const EntrySum& accepted() const { return accepted_; }
  /// Drops everything and gives the memory back. From now on there is one list.
  void clear();

 private:
  static constexpr std::size_t kItemBytesPerBlock = std::size_t{16} * EntryBlock::kEntries;
  // What a mark may take, as vectors grow, and the spans that are made of it.
  static constexpr std::size_t kMarkBytes = 3 * 16 + 2 * sizeof(EntrySpan);
  static constexpr std::size_t kSpareKept = Partitioner::kBatch;

  // From where on a block's entries are of a task.
  struct Mark {
    EntryBlock* block;
    std::uint32_t begin;
    std::uint32_t task;
  };
  struct List {
    Entry* next = nullptr;  // Where the next entry goes: up to there the open block is filled.
    Entry* end = nullptr;
    EntryBlock* open = nullptr;
    std::uint32_t task = 0;  // Of the last mark.
    std::vector<Mark> marks;

    std::size_t room() const { return static_cast<std::size_t>(end - next); }
  };
  enum class Choice : std::uint8_t { one, by_hash, by_range };

  bool reserve(std::size_t entries, std::size_t heap_bytes, std::size_t referred_bytes);
  bool reserve_blocks(std::size_t blocks, std::size_t marks);
  bool try_reserve_blocks(std::size_t blocks, std::size_t marks);
  void give_spare(std::size_t kept);
  bool accept_in_one(const EntryBatch& batch);
  std::size_t spread(const EntryBatch& batch);
  bool spread_some(const EntryBatch& some, std::optional<std::uint64_t>& heap_base);
  bool reserve_for(std::span<const std::uint32_t> lists);
  void choose(const EntryBatch& some, std::span<std::uint32_t> parts,
              std::span<std::uint32_t> lists) const;
  void assign_parts(const EntryBatch& some, std::span<std::uint32_t> parts) const;
  void put(const Entry& entry, std::uint32_t part, List& list) {
    if (list.next == list.end || list.task != task_) open_block(list);
    if (!partitioner_.is_trivial()) list.open->parts[list.next - list.open->entries] = part;
    *list.next++ = entry;
  }
  std::uint64_t keep_heap(const EntryBatch& batch);
  bool try_reserve(std::size_t entries, std::size_t heap_bytes, std::size_t referred_bytes);
  void open_block(List& list);
  void drop_blocks(List& list);

  SortMemory& memory_;
  const Partitioner& partitioner_;
  std::uint32_t task_ = 0;
  Choice choice_ = Choice::one;
  const PiecePlan* ranges_ = nullptr;
  std::vector<List> lists_{1};
  std::size_t blocks_ = 0;          // In lists.
  std::vector<EntryBlock*> spare_;  // Charged and not yet in use.
  std::vector<std::uint8_t*> heap_blocks_;
  std::size_t heap_used_ = SortMemory::kHeapBlockBytes;  // In the last heap block.
  std::vector<PageBuffer> big_;
  std::size_t big_bytes_ = 0;
  Charge item_charge_;
  Charge mark_charge_;
  std::size_t spare_marks_ = 0;  // Charged and not yet in use.
  Charge referred_charge_;
  std::shared_ptr<const void> current_owner_;
  std::vector<std::shared_ptr<const void>> owners_;  // Of all bytes that entries refer to.
  EntrySum accepted_;
};

}  // namespace mrun
