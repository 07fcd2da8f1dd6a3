// Parameters of a job as the command line gives them (-D), checked against what the job declares.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/job_spec.hpp"

namespace mrun {

struct JobParams {
  std::vector<std::vector<std::string>> values;  ///< By declared index; empty: the default.
  std::vector<std::pair<std::string, std::string>> given;  ///< Name and value, in typed order.
};

/// `definitions`: "name=value", or "name", which means "name=true". Code::usage names the parameter
/// that is unknown, missing, given too often, or no value of its type.
Result<JobParams> check_params(std::span<const std::string> definitions, const JobSpec& job);

}  // namespace mrun
