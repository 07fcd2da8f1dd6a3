// merge_outputs: finished outputs of one job made one, without running the job's map again.
#pragma once

#include "engine/job_runner.hpp"
#include "engine/merge_inputs.hpp"

namespace mrun {

/// Writes `options.output`: the same parts, byte for byte, as a run of the job with as many parts
/// over the inputs of all outputs, in their order, would write. (Where a total order is combined,
/// borders between parts may lie elsewhere, for the pairs that were combined are not known.)
/// `job`: with the parameters of `inputs`. Of the options: the output and whether it is replaced,
/// synced; partitions, threads, memory. Errors: those of MergeInputs::check, of reading the
/// outputs, of the job, and of writing.
Result<RunInfo> merge_outputs(const MergeInputs& inputs, const RunOptions& options, JobFactory& job,
                              const RunEnvironment& environment);

}  // namespace mrun
