// Merge phase: reads sorted runs back as one stream, after passes that bring their number down.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/stop_flag.hpp"
#include "engine/executor.hpp"
#include "engine/memory_plan.hpp"
#include "os/scratch_space.hpp"
#include "shuffle/block_packing.hpp"
#include "shuffle/fold_source.hpp"
#include "shuffle/run.hpp"
#include "shuffle/run_cursors.hpp"

namespace mrun {

/// Runs in the order that ties are broken by, and the files that hold them.
struct RunSet {
  std::vector<std::unique_ptr<StorageFile>> files;
  std::vector<SortedRun> runs;
  std::uint64_t pairs = 0;  ///< That all runs together must hold: counted as they were written.

  /// Code::integrity where they hold another number.
  Result<void> check() const;
  std::uint64_t raw_bytes() const;
};

/// Counts what cursors deliver, so that no pair of a run is lost or read twice unnoticed.
using PairTally = std::atomic<std::uint64_t>;

/// The pairs of one partition and key range of all runs, merged: fastest where partitions come in
/// rising order. `tally` takes what was read when the source dies; all else outlives it too.
/// Errors: limit.
Result<std::unique_ptr<PairSource>> open_merge(MemoryBudget& budget, RunCursors& runs,
                                               std::uint32_t partition, const KeyRange& range,
                                               PairTally& tally);

struct MergeSetup {
  std::uint32_t partitions;
  const SortedCombiner& combiner;
  Executor& executor;
  ScratchSpace& scratch;
  MemoryBudget& budget;
  MemoryBudget& index_budget;  ///< For the indexes of merged runs.
  const MergeMemory& memory;
  std::size_t block_bytes;
  const StopFlag& stop;
  SpillPacking packing = {};
};

struct MergeInfo {
  std::uint64_t passes = 0;
  std::uint64_t written_bytes = 0;
};

/// Merges neighbouring runs on disk until one merge can read all. Errors: limit, integrity, output.
Result<MergeInfo> merge_down(RunSet& set, const MergeSetup& setup);

}  // namespace mrun
