// Run merge: from runs on disk to the pieces of reduce work.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/piece_sources.hpp"
#include "model/run_info.hpp"

namespace mrun {

/// All but the sample outlive the pieces.
struct RunMergeSetup {
  const UserCode& job;
  std::uint32_t partitions;
  std::uint32_t part_count;
  const std::vector<WeightedKey>& sample;  ///< See `pieces_in_runs`.
  const SortedCombiner& combiner;
  const MemoryPlan& plan;
  unsigned threads;
  Executor& executor;
  ScratchSpace& scratch;
  MemoryBudget& budget;  ///< Of `plan.merge_bytes()`: lowered by what the output's queue gets.
  MemoryBudget& index_budget;
  MemoryBudget& output_budget;
  const StopFlag& stop;
  SpillPacking packing;  ///< With a tally.
};

/// Merges runs on disk until one merge can read all, and cuts that into pieces. `info` gets what
/// was written for it. Errors: limit, integrity, output.
Result<std::unique_ptr<PieceSource>> merge_to_pieces(RunSet runs, const RunMergeSetup& setup,
                                                     RunInfo& info);

}  // namespace mrun
