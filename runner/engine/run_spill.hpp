// Run spill: writes sorted pieces of entries to disk as one run, on all threads.
#pragma once

#include <cstdint>
#include <span>

#include "base/stop_flag.hpp"
#include "engine/executor.hpp"
#include "engine/piece_sources.hpp"
#include "shuffle/block_packing.hpp"
#include "shuffle/fold_source.hpp"
#include "shuffle/run.hpp"

namespace mrun {

/// Segments of a run for each lane: so many that threads end at about one time, and no more, since
/// each has an index.
constexpr std::size_t kSegmentsPerLane = 2;

/// How a run is written. All outlive it.
struct SpillSetup {
  const SortedCombiner& combiner;
  std::size_t block_bytes = 0;
  MemoryBudget& budget;        ///< RunWriter::memory_bytes for each lane must be free.
  MemoryBudget& index_budget;  ///< For the run's index; outlives the run.
  const StopFlag& stop;
  SpillPacking packing = {};
};

/// Writes the pieces, of which one has pairs, in order, as segments that threads write side by
/// side, each in a lane. Combines what may be combined early. Errors: integrity, cancelled, what
/// the writer says.
Result<SortedRun> spill_run(PieceSource& pieces, std::span<RunLane> lanes, const SpillSetup& setup,
                            Executor& executor);

}  // namespace mrun
