// Map task: runs a job's map over the records of one split.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "model/record_batch.hpp"
#include "model/run_info.hpp"
#include "model/user_code.hpp"

namespace mrun {

struct MapTaskInfo {
  std::uint64_t records = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t emitted_pairs = 0;
};

/// One attempt: opens the job's object, maps every batch of `source`, finishes. What it emits goes
/// to the context's sinks. Errors: those of the source, the job and the sinks; cancelled.
Result<MapTaskInfo> run_map_task(UserCode& job, std::uint64_t task, BatchSource& source,
                                 const AttemptContext& context, Progress& progress);

}  // namespace mrun
