// DiskRoom: whether what a run will put on its disks finds room there, and what to say where not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace mrun {

/// A file system, as far as a run is concerned.
struct Disk {
  std::uint64_t device = 0;
  std::string folder;  ///< One of the run's that lies there.
  std::uint64_t free_bytes = 0;
};

/// Where a run writes: folders of scratch files, and the output's, where it is a folder.
struct RunDisks {
  std::vector<Disk> scratch;  ///< Each device once.
  std::optional<Disk> output;
  std::uint64_t scratch_limit_bytes = UINT64_MAX;  ///< --tmp-limit.

  /// Looks at the file systems. Errors: output.
  static Result<RunDisks> look(const std::vector<std::string>& scratch_folders,
                               const std::optional<std::string>& output_folder);
  /// The least of what is free on any of them.
  std::uint64_t free_least() const;
};

/// Expected bytes. Scratch files stay until the output is written.
struct DiskNeeds {
  std::uint64_t scratch_bytes = 0;
  std::uint64_t output_bytes = 0;
};

/// Needs are estimates: what exceeds the room although a quarter is taken off fails, what exceeds
/// it with a quarter on top is worth a warning, which is returned; else empty. Errors: output where
/// disks are too small, limit where --tmp-limit is. Pure.
Result<std::string> judge_room(const RunDisks& disks, const DiskNeeds& needs);

}  // namespace mrun
