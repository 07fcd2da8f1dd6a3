// resolve: from what was typed to what a run needs. Pure: the machine is a parameter.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "cli/raw_options.hpp"
#include "model/job_spec.hpp"
#include "model/run_options.hpp"

namespace mrun {

/// More threads than any machine of today has cores; a larger number is a slip.
constexpr unsigned kThreadsMost = 1024;

/// The machine as far as defaults depend on it.
struct MachineFacts {
  unsigned threads = 1;
  std::uint64_t memory_total_bytes = 0;
  std::uint64_t memory_available_bytes = 0;
};
MachineFacts read_machine();

/// The smaller of 60 % of all memory and 80 % of what is free.
std::uint64_t default_memory_bytes(const MachineFacts& machine);

/// The output and how it is written, threads, memory and number of parts: all but what says what is
/// read and how its records are written. Code::usage as of `resolve`.
Result<RunOptions> resolve_output(const RawRun& raw, const MachineFacts& machine);

/// Code::usage names the option that cannot work, and what it may be.
Result<RunOptions> resolve(const RawRun& raw, const JobSpec& job, const MachineFacts& machine);

}  // namespace mrun
