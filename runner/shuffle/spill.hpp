// Spill: writes what a sort buffer holds to disk as one sorted run.
#pragma once

#include <cstdint>

#include "base/stop_flag.hpp"
#include "os/storage.hpp"
#include "shuffle/block_packing.hpp"
#include "shuffle/fold_source.hpp"
#include "shuffle/run.hpp"
#include "shuffle/sort_buffer.hpp"

namespace mrun {

/// Where and how a run is written.
struct SpillTarget {
  StorageFile& file;
  std::uint64_t offset = 0;
  std::size_t block_bytes = 0;
  MemoryBudget& budget;        ///< RunWriter::memory_bytes of it must be free.
  MemoryBudget& index_budget;  ///< For the run's index; outlives the run.
  const StopFlag& stop;
  SpillPacking packing = {};
};

/// Sorts the buffer's pairs by (partition, key, input order), combines what may be combined early,
/// and writes them. The buffer is empty afterwards. Errors: integrity, cancelled, what the writer
/// says.
Result<Run> spill(SortBuffer& buffer, SortMemory& memory, std::uint32_t partitions,
                  const SortedCombiner& combiner, const SpillTarget& target);

}  // namespace mrun
