// SortBuffer: keeps one worker's emitted entries, task by task in emit order, until they are
// sorted; in one list, or in several by the hash or the range of their keys.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/memory_budget.hpp"
#include "model/entry.hpp"
#include "shuffle/conservation.hpp"
#include "shuffle/entry_block.hpp"
#include "shuffle/entry_lists.hpp"
#include "shuffle/partitioner.hpp"
#include "shuffle/piece_plan.hpp"
#include "shuffle/sort_memory.hpp"

namespace mrun {

/// One thread at a time. What it holds is charged to SortMemory's budget.
class SortBuffer {
 public:
  SortBuffer(SortMemory& memory, const Partitioner& partitioner);
  SortBuffer(const SortBuffer&) = delete;
  SortBuffer& operator=(const SortBuffer&) = delete;
  ~SortBuffer() { clear(); }

  /// What follows belongs to `task`, all of it: a task's entries stand in one buffer.
  void begin_task(std::uint32_t task) { lists_.begin_task(task); }
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
  std::size_t list_count() const { return lists_.count(); }
  /// In emit order. What comes next goes to new blocks. Different lists by any threads at once.
  std::vector<EntrySpan> list(std::size_t index) { return lists_.spans(index); }
  /// Gives back the blocks of a list, whose pairs somebody else has; they still count as accepted.
  void drop_list(std::size_t index) { lists_.drop(index); }
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
      (sizeof(EntryBlock) + EntryLists::kItemBytesPerBlock) / EntryBlock::kEntries;
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
  enum class Choice : std::uint8_t { one, by_hash, by_range };

  bool reserve_heap(std::size_t bytes);
  bool refer(std::uint64_t bytes);
  bool accept_in_one(const EntryBatch& batch);
  std::size_t spread(const EntryBatch& batch);
  bool spread_some(const EntryBatch& some, std::optional<std::uint64_t>& heap_base);
  void choose(const EntryBatch& some, std::span<std::uint32_t> parts,
              std::span<std::uint32_t> lists) const;
  void assign_parts(const EntryBatch& some, std::span<std::uint32_t> parts) const;
  std::uint64_t keep_heap(const EntryBatch& batch);

  SortMemory& memory_;
  const Partitioner& partitioner_;
  EntryLists lists_;
  Choice choice_ = Choice::one;
  const PiecePlan* ranges_ = nullptr;  // By which it chooses.
  std::vector<std::uint8_t*> heap_blocks_;
  std::size_t heap_used_ = SortMemory::kHeapBlockBytes;  // In the last heap block.
  std::vector<PageBuffer> big_;
  std::size_t big_bytes_ = 0;
  Charge referred_charge_;
  std::shared_ptr<const void> current_owner_;
  std::vector<std::shared_ptr<const void>> owners_;  // Of all bytes that entries refer to.
  EntrySum accepted_;
};

}  // namespace mrun
