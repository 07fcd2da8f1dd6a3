// Limits that the control groups of this process set (versions 1 and 2).
#pragma once

#include <cstdint>
#include <string>

namespace mrun {

/// The tightest of all levels above this process. What no level limits is at its "none" value.
struct CgroupLimits {
  double cpus = 0;                                ///< CPU quota in cores; 0: none.
  std::uint64_t memory_limit_bytes = UINT64_MAX;  ///< UINT64_MAX: none.
  std::uint64_t memory_free_bytes = UINT64_MAX;   ///< Limit less use; file cache counts as free.
};

/// `membership`: contents of /proc/self/cgroup; `root`: where cgroup file systems are mounted,
/// normally "/sys/fs/cgroup". What cannot be read limits nothing.
CgroupLimits read_cgroup_limits(const std::string& membership, const std::string& root);

}  // namespace mrun
