// RunPlan: what a run would do, before anything is read or written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/run_info.hpp"

namespace mrun {

/// Sizes in bytes.
struct RunPlan {
  std::uint64_t input_files = 0, input_streams = 0, input_bytes = 0;
  std::uint64_t compressed_files = 0;  ///< Of the files, those that are known to be.
  std::uint64_t skipped_files = 0, excluded_files = 0;
  std::vector<std::string> uncut_inputs;  ///< Of the job's inputs, whose files are not cut.
  std::uint64_t splits = 0, split_bytes = 0;
  std::uint32_t partitions = 0;
  unsigned threads = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t sort_bytes = 0, table_bytes = 0, input_buffer_bytes = 0, output_buffer_bytes = 0,
                spill_buffer_bytes = 0, row_bytes = 0;
  bool map_only = false;
  bool combines = false;
  DiskEstimate estimate;
  std::string compress_spill;
};

}  // namespace mrun
