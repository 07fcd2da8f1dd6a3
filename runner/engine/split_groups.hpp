// Split groups: neighbouring splits that one thread maps one after another.
//
// A split is the unit of a job's own objects and may be as small as a byte; a group is the unit of
// scheduling, of input order and of output pieces, and is large enough to be worth a thread's turn.
#pragma once

#include <cstdint>
#include <vector>

#include "input/split_planner.hpp"

namespace mrun {

struct SplitGroup {
  std::size_t first_split = 0;
  std::size_t split_count = 0;
  bool is_stream = false;  ///< One stream, cut into an unknown number of splits as it arrives.
  std::uint64_t first_byte = 0;  ///< Of the whole input, by planned sizes.
};

/// Groups in input order that cover all splits. Pure.
std::vector<SplitGroup> group_splits(const SplitPlan& plan);

}  // namespace mrun
