// DiskForecast: runs, passes and bytes on disk of a run, from its memory and a sample of its maps.
//
// Pure: numbers in, numbers out. `mrun --explain`, the check of free space and the table in
// runner/README.md all come from here, and a test holds it against real runs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/map_sample.hpp"
#include "engine/memory_plan.hpp"
#include "model/job_spec.hpp"
#include "model/spill_compression.hpp"

namespace mrun {

/// Sorted runs as map leaves them.
struct RunsForecast {
  std::uint64_t runs = 0;
  std::uint64_t bytes = 0;  ///< Of all.
};

/// What merging them takes.
struct MergeForecast {
  std::uint64_t fan_in = 0;     ///< Runs that one merge may read.
  unsigned merges_at_once = 0;  ///< Side by side.
  std::uint64_t passes = 0;     ///< On disk, before the last merge.
  std::uint64_t rewritten_bytes = 0;
  std::uint64_t peak_bytes = 0;    ///< Of runs on disk at once.
  std::uint64_t peak_files = 0;    ///< That hold them: each a descriptor in every --tmp-dir.
  std::uint64_t memory_bytes = 0;  ///< For cursors and writers of all merges.
  std::uint64_t cursor_bytes = 0;  ///< Of them, for each run that a merge reads.
};

/// Runs of `held_bytes` of pairs in sort buffers, which take `stored_bytes` on disk: none where all
/// fit. All workers together spill when the sort memory is full.
RunsForecast forecast_runs(std::uint64_t held_bytes, std::uint64_t stored_bytes,
                           const MemoryPlan& plan);

/// Merges of runs of equal size, each in all the files that spills write at once.
MergeForecast forecast_merge(const RunsForecast& runs, const MemoryPlan& plan, unsigned threads,
                             SpillCompression compression);

/// Bytes of a whole run on disk.
struct DiskForecast {
  RunsForecast runs;
  MergeForecast merge;
  std::uint64_t output_bytes = 0;  ///< Of all parts and side outputs, not compressed.
  bool knows_output = false;       ///< Else a reduce of the job's own decides.
};

struct ForecastSetup {
  const JobSpec& spec;
  const MapYield& yield;          ///< Of a sample that is not empty.
  std::uint64_t input_bytes = 0;  ///< Of the whole input.
  std::uint64_t splits = 0;
  const MemoryPlan& plan;
  unsigned threads = 1;
  SpillCompression compression = SpillCompression::automatic;
};
DiskForecast forecast_disk(const ForecastSetup& setup);

}  // namespace mrun
