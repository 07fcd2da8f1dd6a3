#include "engine/run_merge.hpp"

#include <algorithm>
#include <utility>

namespace mrun {

Result<std::unique_ptr<PieceSource>> merge_to_pieces(RunSet runs, const RunMergeSetup& setup,
                                                     RunInfo& info) {
  std::size_t block_bytes = setup.plan.block_bytes;
  for (const SortedRun& run : runs.runs)
    block_bytes = std::max(block_bytes, run.block_bytes_largest());
  const MergeMemory memory = MergeMemory::for_runs(setup.plan, setup.threads, block_bytes,
                                                   setup.packing.compression, runs.runs.size());
  MRUN_TRY_ASSIGN(const MergeInfo merged,
                  merge_down(runs, {setup.partitions, setup.combiner, setup.executor, setup.scratch,
                                    setup.budget, setup.index_budget, memory,
                                    setup.plan.block_bytes, setup.stop, setup.packing}));
  info.merge_passes = merged.passes;
  info.spilled_bytes += merged.written_bytes;
  info.spilled_raw_bytes = setup.packing.tally->raw_bytes;
  info.spill_packed_bytes = setup.packing.tally->packed_bytes;
  // Half of what the last merge leaves may hold output whose turn to be written has not come.
  const std::size_t queue_bytes = memory.left_by_last(runs.runs.size()) / 2;
  setup.budget.lower_limit(queue_bytes);
  setup.output_budget.raise_limit(queue_bytes);
  return pieces_in_runs(std::move(runs), setup.partitions, setup.sample, setup.job,
                        setup.part_count, setup.budget, memory, setup.output_budget.limit_bytes());
}

}  // namespace mrun
