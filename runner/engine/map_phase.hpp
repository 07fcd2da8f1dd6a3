// Map phase: maps every split, on all threads, into what the job's output goes to.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/executor.hpp"
#include "engine/map_target.hpp"
#include "engine/peak_memory.hpp"
#include "engine/split_groups.hpp"
#include "input/input_reader.hpp"
#include "model/run_info.hpp"
#include "model/user_code.hpp"

namespace mrun {

struct MapPhaseInfo {
  std::uint64_t records = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t emitted_pairs = 0;
  std::uint64_t splits = 0;
  std::vector<std::int64_t> counters;
};

struct MapPhaseSetup {
  UserCode& job;
  const SplitPlan& plan;
  InputReader& reader;
  MapTarget& target;
  Executor& executor;
  Progress& progress;
  const StopFlag& stop;
  PeakMemory& peak;
  std::size_t first_ordinal = 0;  ///< Of the first group.
};

/// On failure returns the error of the lowest group that failed, whatever the schedule; limit where
/// an ordinal has more than 32 bits.
Result<MapPhaseInfo> run_map_phase(const MapPhaseSetup& setup,
                                   const std::vector<SplitGroup>& groups);

}  // namespace mrun
