// WorkerOutput: what one worker's map tasks have emitted.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/memory_budget.hpp"
#include "base/result.hpp"
#include "model/user_code.hpp"
#include "shuffle/combine_table.hpp"
#include "shuffle/key_borders.hpp"
#include "shuffle/sort_buffer.hpp"

namespace mrun {

class MapOutput;

/// Entries that workers hold.
struct HeldEntries {
  /// Each in input order: one, or one for each of the ranges of MapOutput::Setup.
  std::vector<std::vector<EntrySpan>> lists;
  EntrySum sum;
  std::uint64_t bytes = 0;  ///< Charged for them.

  bool are_ranges() const { return lists.size() > 1; }
};

/// What one worker has emitted: a combine table, where the job combines, and a sort buffer behind
/// it; where the fold is exact and more and more pairs leave the table, lists by hash between the
/// two. Used by one thread at a time; an idle one may be spilled by others.
class WorkerOutput final : public EntrySink {
 public:
  explicit WorkerOutput(MapOutput& shared);

  void begin_task(std::uint32_t task);
  /// After a task that succeeded: what may not be combined across tasks leaves the table.
  Result<void> end_task();

  void begin_batch(const std::shared_ptr<const void>& owner) override;
  Result<void> accept(const EntryBatch& batch) override;
  Result<void> accept_big(Slice key, Slice value) override;
  Result<void> hold(std::uint64_t bytes) override;
  /// After the attempt's own memory is gone.
  void end_attempt() { held_.reset(); }

 private:
  friend class MapOutput;

  // What stands behind the combine table, or takes emits directly.
  class Store final : public EntrySink {
   public:
    explicit Store(WorkerOutput& worker) : worker_(worker) {}
    void begin_batch(const std::shared_ptr<const void>&) override {}
    Result<void> accept(const EntryBatch& batch) override;
    Result<void> accept_big(Slice key, Slice value) override;
    Result<void> hold(std::uint64_t bytes) override { return worker_.hold(bytes); }

   private:
    WorkerOutput& worker_;
  };

  Result<void> check_fits(std::size_t pair_bytes) const;
  // Whether pairs go to lists by hash: see `fold_lists`.
  bool spreads();
  // From now on all goes to the sort buffer, where what lists hold is put, too.
  Result<void> end_spreading();
  // What a spill would free.
  std::size_t spillable_bytes() const {
    return buffer_.size_bytes() + (spreading_ == Spreading::now ? lists_.size_bytes() : 0);
  }
  void sample(const EntryBatch& batch);

  MapOutput& shared_;
  Store store_{*this};
  SortBuffer buffer_;
  SortBuffer lists_;  // Where many pairs leave the table: in lists by hash, until `fold_lists`.
  enum class Spreading : std::uint8_t { not_yet, now, no_more } spreading_ = Spreading::not_yet;
  std::unique_ptr<CombineTable> table_;
  Charge held_;  // What the job itself holds, for as long as an attempt has this worker.
  KeySample sample_;
  std::uint64_t emitted_pairs_ = 0;
  std::uint64_t stored_pairs_ = 0;    // Of all, what went to the sort buffer.
  std::uint64_t unloaded_pairs_ = 0;  // Of those, what has left it for a run.
};

}  // namespace mrun
