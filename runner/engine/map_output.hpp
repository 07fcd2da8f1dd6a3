// MapOutput: where map tasks put what they emit, and who spills when the memory is used up.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/stop_flag.hpp"
#include "engine/executor.hpp"
#include "engine/memory_plan.hpp"
#include "engine/team.hpp"
#include "engine/worker_output.hpp"
#include "model/run_info.hpp"
#include "model/user_code.hpp"
#include "os/scratch_space.hpp"
#include "shuffle/block_packing.hpp"
#include "shuffle/combine_table.hpp"
#include "shuffle/fold_source.hpp"
#include "shuffle/key_borders.hpp"
#include "shuffle/partitioner.hpp"
#include "shuffle/run.hpp"
#include "shuffle/sort_buffer.hpp"

namespace mrun {

/// Shared by all workers. Borrows all it is made with.
class MapOutput {
 public:
  struct Setup {
    const UserCode& job;
    std::uint32_t partitions;
    const MemoryPlan& plan;
    unsigned workers;
    ScratchSpace& scratch;  ///< Where runs are written.
    const StopFlag& stop;
    std::uint64_t hash_seed;  ///< Of combine tables whose fold is exact: others must not show it.
    Progress* progress = nullptr;  ///< Told what is spilled.
    SpillPacking packing = {};
    /// Ranges of keys, none cut between tasks, that sort buffers keep apart until the first spill;
    /// outlives the output. Null: they do not.
    const PiecePlan* ranges = nullptr;
  };
  /// Errors: limit.
  static Result<std::unique_ptr<MapOutput>> create(const Setup& setup);

  /// An idle worker for the calling thread, until `give_back`. There are as many as threads.
  Result<WorkerOutput*> take();
  void give_back(WorkerOutput* worker);

  /// After the last task: empties the table of worker `index`. Different workers at once.
  Result<void> flush_table(std::size_t index);
  /// After all tables are empty: folds the pairs that lists hold, list by list in a table that fits
  /// the cache, so that each key is sorted once. Where there is little memory, all stays as it is.
  /// Code::integrity where a pair was lost or doubled.
  Result<void> fold_lists(Executor& executor);
  /// What list `list` by hash of all workers holds.
  std::vector<EntrySpan> hash_list(std::size_t list) const;
  /// Whether there is anything to fold.
  bool has_lists() const;
  /// After all tables are empty and where anything was spilled: spills what is left.
  Result<void> spill_rest(Executor& executor);
  /// After all spills: gives the memory of buffers back.
  void release_memory() { memory_.trim(); }

  std::size_t worker_count() const { return workers_.size(); }
  bool has_runs() const { return !runs_.empty(); }
  /// After all tables are empty: Code::integrity where of `emitted_pairs`, which is what the maps
  /// counted, some did not arrive in the sort buffers, or arrived twice.
  Result<void> check_arrived(std::uint64_t emitted_pairs) const;
  /// Runs in the order that merges must keep, and the files they lie in.
  std::vector<SortedRun> take_runs(std::vector<std::unique_ptr<StorageFile>>& files);
  /// What the sort buffers of all workers hold.
  HeldEntries held() const;
  KeySample united_sample() const;
  /// The most that was charged for tables, buffers and spills together, at most.
  std::uint64_t peak_bytes() {
    return sort_budget_.peak_bytes() + table_budget_.peak_bytes() + spill_budget_.peak_bytes() +
           index_budget_.peak_bytes() + memory_.spare_items().peak_bytes();
  }
  std::uint64_t spilled_bytes() const { return spilled_bytes_; }
  std::uint64_t spilled_runs() const { return spilled_runs_; }
  std::uint64_t spilled_pairs() const { return spilled_pairs_; }  ///< That runs hold.

  SortMemory& memory() { return memory_; }
  MemoryBudget& index_budget() { return index_budget_; }
  const SortedCombiner& combiner() const { return combiner_; }
  const Partitioner& partitioner() const { return partitioner_; }
  const PiecePlan* ranges() const { return setup_.ranges; }

 private:
  friend class WorkerOutput;
  explicit MapOutput(const Setup& setup);

  // A worker that is not idle, and is again when this dies.
  struct Return {
    MapOutput* output;
    void operator()(WorkerOutput* worker) const { output->give_back(worker); }
  };
  using Hold = std::unique_ptr<WorkerOutput, Return>;

  Result<Hold> hold(WorkerOutput& worker);
  // What one thread folded.
  struct Folded {
    EntrySum read;
    CombineTable::Totals totals;
  };
  Result<Folded> fold_some(std::atomic<std::size_t>& next_list);
  void drop_list(std::size_t list);

  // Workers that need memory meet, and together spill what they and the idle ones hold.
  struct Meeting {
    explicit Meeting(unsigned width) : team(width) {}
    std::vector<WorkerOutput*> workers;
    std::chrono::steady_clock::time_point deadline;  // Then it begins without the others.
    bool begun = false, ended = false;
    Result<void> outcome;  // The leader's, until it has ended.
    Team team;
  };
  Result<void> make_room(WorkerOutput& worker, unsigned waits);
  bool may_begin(const Meeting& meeting) const;
  bool are_all_in(const Meeting& meeting) const;
  std::uint64_t spillable_bytes(const Meeting& meeting) const;
  Result<void> help(Meeting& meeting, std::unique_lock<std::mutex>& lock);
  Result<void> lead(Meeting& meeting, std::unique_lock<std::mutex>& lock);
  Result<void> spill(std::span<WorkerOutput* const> workers, Executor& executor);
  void make_index_room();
  static HeldEntries held_by(std::span<WorkerOutput* const> workers);
  std::vector<WorkerOutput*> all_workers() const;

  Setup setup_;
  MemoryBudget sort_budget_;
  MemoryBudget table_budget_;
  MemoryBudget spill_budget_;
  MemoryBudget index_budget_;
  SortMemory memory_;
  Partitioner partitioner_;
  StateFold fold_;
  SortedCombiner combiner_;
  std::size_t list_count_ = 0;  // Of each worker; 0: none spreads.
  /// Some worker waits for memory: the others come to the meeting when they next accept. Relaxed: a
  /// hint.
  std::atomic<bool> pressure_{false};

  mutable std::mutex mutex_;  // Guards what follows.
  std::condition_variable room_;
  std::vector<std::unique_ptr<WorkerOutput>> workers_;
  std::vector<WorkerOutput*> idle_;
  std::shared_ptr<Meeting> meeting_;    // That has not ended.
  std::optional<Error> spill_failure_;  // Of a meeting: there will be no other.

  // Of whoever leads the meeting that has begun, and after map of the caller.
  std::vector<RunLane> lanes_;
  std::vector<SortedRun> runs_;
  std::uint64_t spilled_bytes_ = 0;
  std::uint64_t spilled_runs_ = 0;
  std::uint64_t spilled_pairs_ = 0;
};

}  // namespace mrun
