#include "engine/explain.hpp"

#include <algorithm>

namespace mrun {

RunPlan explain_run(const FixedRun& run) {
  RunPlan plan;
  for (const InputFile& file : run.inputs.files)
    ++(file.is_stream ? plan.input_streams : plan.input_files);
  plan.compressed_files = static_cast<std::uint64_t>(
      std::count_if(run.inputs.files.begin(), run.inputs.files.end(),
                    [](const InputFile& f) { return f.is_compressed(); }));
  plan.input_bytes = run.inputs.planned_bytes();
  plan.skipped_files = run.inputs.skipped_files;
  plan.excluded_files = run.inputs.excluded_files;
  for (std::size_t i = 0; i < run.formats.size(); ++i)
    if (!run.formats[i].can_be_cut()) plan.uncut_inputs.push_back(run.spec.inputs[i].tag);
  plan.splits = run.splits.splits.size();
  plan.split_bytes = run.splits.split_bytes;
  plan.partitions = run.partitions;
  plan.threads = run.threads;
  plan.memory_bytes = run.options.memory_bytes;
  plan.sort_bytes = run.memory.sort_bytes;
  plan.table_bytes = run.memory.table_bytes;
  plan.input_buffer_bytes = run.memory.input_bytes;
  plan.output_buffer_bytes = run.memory.output_bytes;
  plan.spill_buffer_bytes =
      run.memory.spill_bytes + run.memory.index_bytes + run.memory.spare_item_bytes;
  plan.row_bytes = run.memory.row_share_bytes * run.threads;
  plan.map_only = run.spec.map_only;
  plan.combines = run.spec.folds();
  return plan;
}

}  // namespace mrun
