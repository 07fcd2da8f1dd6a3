// Range plan: the key ranges that sort buffers keep apart while maps run, so that nothing has to be
// moved between map and sort.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/map_sample.hpp"
#include "model/job_spec.hpp"
#include "shuffle/piece_plan.hpp"

namespace mrun {

struct RangePlanSetup {
  const JobSpec& spec;
  const MapYield& yield;
  std::uint64_t input_bytes = 0;
  std::size_t tasks = 1;
  std::uint32_t partitions = 1;  ///< Of the shuffle.
  std::size_t sort_bytes = 0;
  unsigned workers = 1;
};

/// Whether pieces of the reduce work are ranges of keys, and pairs of different tasks are combined
/// in any order or not at all.
bool may_have_ranges(const JobSpec& spec);

/// Whether it is worth a sample to plan ranges for so much input and so many partitions of the
/// shuffle.
bool are_ranges_worth_a_sample(const JobSpec& spec, std::uint64_t input_bytes,
                               std::uint32_t partitions);

/// Ranges of about a piece each, as the sample lets foresee them. None where it does not show that
/// all pairs fit in memory, where the job's pieces are not ranges, or where they would be so few
/// that moving entries later costs less, or so small that much of the memory would be blocks that
/// are hardly begun. Borders are cut at 16 bytes, which all of a group share if they share more.
std::optional<PiecePlan> plan_ranges(const RangePlanSetup& setup);

}  // namespace mrun
