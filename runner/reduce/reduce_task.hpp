// Reduce task: runs a job's reduce over the groups of one piece of a partition.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "model/user_code.hpp"
#include "reduce/group_cursor.hpp"

namespace mrun {

/// One attempt; returns the number of groups. Errors: those of the source, the job and its sinks;
/// cancelled.
Result<std::uint64_t> run_reduce_task(UserCode& job, std::uint64_t task, GroupSource& source,
                                      const AttemptContext& context);

}  // namespace mrun
