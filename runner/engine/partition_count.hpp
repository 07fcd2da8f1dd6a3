// How many parts an output has.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "model/job_spec.hpp"
#include "model/run_options.hpp"

namespace mrun {

/// What the job fixes, or else what the user asks for, or else one for each 64 MiB of input, 1024
/// at most.
std::uint32_t partition_count(const JobSpec& spec, const RunOptions& options,
                              std::uint64_t input_bytes);
/// Code::usage where the user asks for another number than `count`, which the job fixes.
Result<void> check_partitions(const JobSpec& spec, const RunOptions& options, std::uint32_t count);

}  // namespace mrun
