// RunInfo: what a run did, for the summary, `--stats` and the manifest; Progress: what it is doing.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace mrun {

struct PhaseInfo {
  std::string name;  ///< "plan", "map", "merge", "reduce", "commit".
  double seconds = 0;
  double cpu_seconds = 0;
  std::uint64_t peak_budget_bytes = 0;  ///< Highest charge so far at the phase's end.
  std::uint64_t peak_memory_bytes = 0;  ///< Highest anonymous memory of the process seen so far.
};

struct CounterValue {
  std::string name;
  std::int64_t value = 0;
};

struct SideOutputInfo {
  std::string name;
  std::uint64_t files = 0, bytes = 0, records = 0;
};

/// What a run was expected to put on disk, from a sample of its maps before they began.
struct DiskEstimate {
  bool is_known = false;
  std::string why_not;              ///< Where a sample would have been of use, and there is none.
  std::uint64_t sampled_bytes = 0;  ///< Of the input.
  std::uint64_t runs = 0, run_bytes = 0, fan_in = 0, merges_at_once = 0, passes = 0;
  std::uint64_t scratch_bytes = 0;  ///< The most at once.
  bool packs_spill = false;         ///< What `auto` will do with most of it.
  std::uint64_t output_bytes = 0;
  bool knows_output = false;  ///< Else a reduce of the job's own, or compression, decides.
};

/// By how many percent of `real` an estimate is above it.
inline double estimate_error(std::uint64_t estimated, std::uint64_t real) {
  if (real == 0) return 0;
  return 100 * (static_cast<double>(estimated) / static_cast<double>(real) - 1);
}

struct RunInfo {
  std::uint64_t input_files = 0;
  std::uint64_t skipped_files = 0;   ///< Hidden names, and side outputs of a finished output.
  std::uint64_t excluded_files = 0;  ///< Names that --include and --exclude leave out.
  std::uint64_t input_bytes = 0;
  std::uint64_t input_records = 0;
  std::uint64_t emitted_pairs = 0;
  std::uint64_t groups = 0;
  std::uint64_t largest_part_bytes = 0;  ///< Of the main output.
  double part_skew = 0;                  ///< The largest part against the mean; 0: one part.
  std::uint64_t output_records = 0;      ///< These three of the main output, too.
  std::uint64_t output_bytes = 0;
  std::uint64_t output_parts = 0;
  std::vector<SideOutputInfo> side_outputs;
  std::uint64_t spilled_runs = 0;
  std::uint64_t spilled_bytes = 0;       ///< As written, compressed.
  std::uint64_t spilled_raw_bytes = 0;   ///< Of the blocks of sorted runs, uncompressed.
  std::uint64_t spill_packed_bytes = 0;  ///< Of those, raw bytes of blocks that were compressed.
  std::uint64_t scratch_peak_bytes = 0;  ///< The most that was on disk at once.
  DiskEstimate estimate;
  std::uint64_t merge_passes = 0;  ///< Passes over runs on disk beyond the last.
  std::uint64_t splits = 0;
  unsigned threads = 0;
  unsigned threads_asked = 0;
  bool threads_refused = false;  ///< The system started fewer than were asked of it.
  std::uint64_t memory_bytes = 0;
  std::vector<CounterValue> counters;
  std::vector<PhaseInfo> phases;
  double seconds = 0;
  std::string warning;  ///< Something to tell although the run succeeded; else empty.

  /// Highest anonymous memory of the process; 0: not known.
  std::uint64_t peak_memory_bytes() const {
    std::uint64_t peak = 0;
    for (const PhaseInfo& phase : phases) peak = std::max(peak, phase.peak_memory_bytes);
    return peak;
  }
};

/// Written by tasks once per batch, read by whoever shows progress. Relaxed counts: only shown.
struct Progress {
  std::atomic<const char*> phase{"plan"};
  std::atomic<std::chrono::steady_clock::time_point> phase_began{std::chrono::steady_clock::now()};
  std::atomic<std::uint64_t> done{0};           ///< Bytes mapped, or pieces reduced.
  std::atomic<std::uint64_t> total{0};          ///< Of the phase; 0: not known.
  std::atomic<std::uint64_t> spilled_bytes{0};  ///< Of the run.
};

}  // namespace mrun
