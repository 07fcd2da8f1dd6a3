// run_job: one run of a job, from its inputs to a committed output. Read job_runner.cpp first.
#pragma once

#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "engine/executor.hpp"
#include "model/run_info.hpp"
#include "model/run_options.hpp"
#include "model/user_code.hpp"
#include "os/storage.hpp"

namespace mrun {

/// What a run works with; all outlive it.
struct RunEnvironment {
  Storage& storage;
  Executor& executor;
  Progress& progress;
  StopFlag& stop;
};

/// Runs the job. On success the output is committed, durable unless `options.sync` is false. On
/// failure nothing of it is left behind. A stop by signal is Code::cancelled.
Result<RunInfo> run_job(const RunOptions& options, JobFactory& job,
                        const RunEnvironment& environment);

}  // namespace mrun
