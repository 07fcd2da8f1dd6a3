// EntryLists: entries in lists of blocks, which are charged before they are taken.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.hpp"
#include "base/memory_budget.hpp"
#include "shuffle/entry_block.hpp"
#include "shuffle/partitioner.hpp"
#include "shuffle/sort_memory.hpp"

namespace mrun {

/// One thread at a time, except as `spans` says. For each block the bytes of its sort items are
/// charged with it. Before anything is put, room for it must have been reserved.
class EntryLists {
 public:
  /// One list. `has_parts`: entries come with a partition. Borrows `memory`.
  EntryLists(SortMemory& memory, bool has_parts) : memory_(memory), has_parts_(has_parts) {}
  EntryLists(const EntryLists&) = delete;
  EntryLists& operator=(const EntryLists&) = delete;
  ~EntryLists() { clear(); }

  /// What follows belongs to `task`, all of it.
  void begin_task(std::uint32_t task) { task_ = task; }
  std::size_t count() const { return lists_.size(); }
  /// From now on there are so many. Nothing has been put.
  void resize(std::size_t lists) { lists_.resize(lists); }
  /// Puts what the first list holds, which is all there is and of the present task, into `lists`
  /// lists: `choose` says the partition and the list of each of at most Partitioner::kBatch
  /// entries. False, and nothing changed, where there is no room.
  template <typename Choose>
  bool spread_over(std::size_t lists, const Choose& choose);

  /// Room for `entries` more of the first list, or for one more of each that is named. False, and
  /// no spare block kept, where the budget has none.
  bool reserve(std::size_t entries);
  bool reserve(std::span<const std::uint32_t> lists);

  void put(const Entry& entry, std::uint32_t part, std::size_t index) {
    List& list = lists_[index];
    if (list.next == list.end || list.task != task_) open_block(list);
    if (has_parts_) list.open->parts[list.next - list.open->entries] = part;
    *list.next++ = entry;
  }
  /// Places for the next entries of the first list, to be filled now.
  struct Places {
    std::span<Entry> entries;
    std::span<std::uint32_t> parts;
  };
  /// At least one, at most `entries_most`.
  Places next_places(std::size_t entries_most);

  /// What a list holds, in the order in which it was put. What comes next goes to new blocks.
  /// Different lists by any threads at once.
  std::vector<EntrySpan> spans(std::size_t index);
  /// Gives back the blocks of a list.
  void drop(std::size_t index);
  /// Takes over all that the other one holds, before what is in the first list.
  void absorb(EntryLists&& other);
  /// Drops everything and gives the memory back. From now on there is one list.
  void clear();
  /// Bytes charged for what it holds.
  std::size_t size_bytes() const;

  static constexpr std::size_t kItemBytesPerBlock = std::size_t{16} * EntryBlock::kEntries;

 private:
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
  // What a mark may take, as vectors grow, and the spans that are made of it.
  static constexpr std::size_t kMarkBytes = 3 * sizeof(Mark) + 2 * sizeof(EntrySpan);

  bool reserve_blocks(std::size_t blocks, std::size_t marks);
  bool take_spare(std::size_t blocks, std::size_t marks);
  void give_spare(std::size_t kept);
  void open_block(List& list);
  static void close_block(List& list);

  SortMemory& memory_;
  const bool has_parts_;
  std::uint32_t task_ = 0;
  std::vector<List> lists_{1};
  std::size_t blocks_ = 0;  // In lists.
  // Charged and not yet in use.
  std::vector<EntryBlock*> spare_;
  std::size_t spare_marks_ = 0;
  Charge item_charge_;
  Charge mark_charge_;
};

template <typename Choose>
bool EntryLists::spread_over(std::size_t lists, const Choose& choose) {
  // A block is begun for each list at most, beside those that are there.
  if (!reserve_blocks(lists + 1, lists + blocks_ + 1)) return false;
  const std::vector<EntrySpan> all = spans(0);
  lists_ = std::vector<List>(lists);
  std::array<std::uint32_t, Partitioner::kBatch> parts, chosen;
  for (const EntrySpan& span : all) {
    MRUN_CHECK(span.task == task_ && span.begin == 0);
    for (std::uint32_t begin = 0; begin < span.end; begin += Partitioner::kBatch) {
      const std::size_t count = std::min<std::size_t>(span.end - begin, Partitioner::kBatch);
      const std::span<const Entry> some(span.block->entries + begin, count);
      choose(some, std::span(parts).first(count), std::span(chosen).first(count));
      for (std::size_t i = 0; i < count; ++i) put(some[i], parts[i], chosen[i]);
    }
    spare_.push_back(span.block);  // It is charged, and its entries have gone.
    --blocks_;
  }
  give_spare(Partitioner::kBatch);
  return true;
}

}  // namespace mrun
