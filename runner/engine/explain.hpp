// explain_run: what `--explain` tells of a run before its first map.
#pragma once

#include <cstdint>
#include <span>

#include "engine/memory_plan.hpp"
#include "input/input_list.hpp"
#include "input/split_planner.hpp"
#include "model/job_spec.hpp"
#include "model/run_options.hpp"
#include "model/run_plan.hpp"

namespace mrun {

/// What is fixed before the first map.
struct FixedRun {
  const RunOptions& options;
  const JobSpec& spec;
  const InputList& inputs;
  const SplitPlan& splits;
  std::span<const RecordFormat> formats;  ///< By the job's inputs.
  std::uint32_t partitions;
  unsigned threads;
  const MemoryPlan& memory;
};

/// All of the plan but the estimate of what goes to disk.
RunPlan explain_run(const FixedRun& run);

}  // namespace mrun
