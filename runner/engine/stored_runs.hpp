// Stored runs: finished outputs of which one merge cannot read all, written as sorted runs, as many
// of their parts at a time as fit the memory.
#pragma once

#include <vector>

#include "engine/memory_plan.hpp"
#include "engine/run_spill.hpp"
#include "engine/stored_pieces.hpp"
#include "os/scratch_space.hpp"

namespace mrun {

/// All outlive the runs.
struct StoredRunsSetup {
  const StoredPiecesSetup& stored;
  const MemoryPlan& memory;
  const SpillSetup& spill;
  ScratchSpace& scratch;
};

/// All pairs of the outputs, in runs in their order; what may be combined early is. Errors: those
/// of reading the outputs, and of writing.
Result<RunSet> runs_of_outputs(const std::vector<StoredOutput>& outputs,
                               const StoredRunsSetup& setup);

}  // namespace mrun
