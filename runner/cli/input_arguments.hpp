// Input arguments: which of a job's inputs each is, and lists of them in files.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/stop_flag.hpp"
#include "cli/raw_options.hpp"
#include "model/job_spec.hpp"
#include "model/run_options.hpp"

namespace mrun {

/// Which of the job's inputs each argument is: all are, where the job has one. Else each says so as
/// TAG=PATH (a path that holds '=' then has a '/' before it), or there is one for each, in order.
/// The result is in the order of the job's inputs. Code::usage says what is missing.
Result<std::vector<InputArgument>> resolve_inputs(const std::vector<std::string>& arguments,
                                                  const JobSpec& job);

/// Adds to the inputs what `--files-from` lists, if it was typed: a name a line, or ended by NULs;
/// empty ones are left out.
Result<void> add_listed_inputs(RawRun& raw, const StopFlag& stop);

}  // namespace mrun
