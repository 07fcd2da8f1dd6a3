// DiskCheck: what a run will put on disk, from a sample of its maps, and whether it finds room.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/disk_room.hpp"
#include "engine/map_sample.hpp"
#include "engine/memory_plan.hpp"
#include "model/run_info.hpp"

namespace mrun {

struct DiskCheckSetup {
  const RunOptions& options;
  MapSampleSetup sample;
  const MemoryPlan& memory;
  unsigned threads = 1;
};

/// One thread. Borrows what it is made with.
class DiskCheck {
 public:
  explicit DiskCheck(const DiskCheckSetup& setup) : setup_(setup) {}

  /// Maps the sample, if that was not done yet.
  DiskEstimate estimate(SpillCompression compression);

  struct Verdict {
    DiskEstimate estimate;         ///< Not known where all surely fits: then nothing was mapped.
    SpillCompression compression;  ///< As asked for, except that `auto` packs where room is short.
    std::string warning;           ///< Empty where there is plenty of room.
  };
  /// Errors: those of `judge_room`.
  Result<Verdict> check(const RunDisks& disks);
  /// What maps gave for the sample of a check, or give for a few pieces of an input that surely
  /// fits in memory. Empty where the input is not to be sampled.
  const MapYield& yield();

 private:
  bool is_plenty(const RunDisks& disks) const;
  bool is_needed(const RunDisks& disks) const;
  const MapYield& mapped();

  DiskCheckSetup setup_;
  std::optional<MapYield> yield_;
};

}  // namespace mrun
