// Reduce phase: cuts the sorted data into pieces, reduces them on all threads, and writes the
// parts.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/executor.hpp"
#include "engine/part_set.hpp"
#include "engine/peak_memory.hpp"
#include "engine/piece_sources.hpp"
#include "model/run_info.hpp"
#include "os/scratch_space.hpp"
#include "output/text_format.hpp"

namespace mrun {

struct ReduceSetup {
  UserCode& job;
  const SortedCombiner& combiner;
  const PairFormatter& formatter;
  OutEnd out_end;
  PartForm main_form;           ///< Of the main output.
  MemoryBudget& record_budget;  ///< For records that become pairs and come in parts.
  PartSet& parts;
  Executor& executor;
  Progress& progress;
  const StopFlag& stop;
  PeakMemory& peak;
  /// For jobs whose reduce puts rows aside: where to, and the memory of one thread for them.
  ScratchSpace& scratch;
  std::size_t row_bytes = 0;
};

struct ReduceInfo {
  std::uint64_t groups = 0;
  std::uint64_t spilled_row_bytes = 0;
  std::vector<std::int64_t> counters;
};

/// On failure returns the error of the lowest piece that failed, whatever the schedule.
Result<ReduceInfo> run_reduce_phase(PieceSource& source, const ReduceSetup& setup);

}  // namespace mrun
