// What `--explain` prints.
#pragma once

#include <string>

#include "model/job_spec.hpp"
#include "model/run_plan.hpp"

namespace mrun {

/// A plan in words, a line each.
std::string plan_text(const RunPlan& plan, const JobSpec& job);

}  // namespace mrun
