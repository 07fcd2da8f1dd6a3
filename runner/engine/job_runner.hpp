// run_job: one run of a job, from its inputs to a committed output. Read job_runner.cpp first.
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "engine/executor.hpp"
#include "model/run_info.hpp"
#include "model/run_options.hpp"
#include "model/run_plan.hpp"
#include "model/user_code.hpp"
#include "os/storage.hpp"
#include "output/part_stream.hpp"

namespace mrun {

/// What a run works with; all outlive it.
struct RunEnvironment {
  Storage& storage;
  Executor& executor;
  Progress& progress;
  StopFlag& stop;
  /// Where an output that is the standard output goes.
  PartStream::Write write_out;
  /// Takes what should be known before the run ends; may be empty.
  std::function<void(const std::string&)> warn = {};
  /// What the sample that the need of disk is estimated from may take.
  double sample_seconds_most = 1;
};

/// Runs the job. On success the output is committed, durable unless `options.sync` is false. On
/// failure nothing of it is left behind. A stop by signal is Code::cancelled.
Result<RunInfo> run_job(const RunOptions& options, JobFactory& job,
                        const RunEnvironment& environment);

/// What `run_job` would do, or why it could not. Reads the inputs' names and sizes, configures the
/// job, maps a sample of the input in a copy of the process, and looks at the output's place;
/// writes nothing but, for a moment, a MiB without a name that shows how fast the disk is.
Result<RunPlan> explain_job(const RunOptions& options, JobFactory& job,
                            const RunEnvironment& environment);

}  // namespace mrun
