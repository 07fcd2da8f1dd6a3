// Merge plan: which runs to merge on disk first, so that the last merge has few enough sources.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mrun {

/// Merge `count` neighbouring runs, from position `first` of the list as it stands when the step's
/// pass begins; their result takes their place.
struct MergeStep {
  std::size_t first = 0;
  std::size_t count = 0;

  bool operator==(const MergeStep&) const = default;
};

/// Steps of a pass are disjoint, in order of position, and may be done at the same time. A pass
/// begins when the one before it has ended.
struct MergePlan {
  std::vector<std::vector<MergeStep>> passes;
  std::uint64_t rewritten_bytes = 0;  ///< Sum of what the steps write.
};

/// A plan after which at most `fan_in_max` (at least 2) runs are left, for the caller's own last
/// merge. No step has more than `fan_in_max` runs.
///
/// Equal keys are ordered by task and then by the runs' order, and a task's pairs may continue in
/// the next run of its worker. So only neighbours are merged, and the order of the list never
/// changes.
///
/// Step by step it merges the neighbours that hold the least bytes, and then again those that cost
/// the least for each run that vanishes, and takes the better plan. The first is Huffman's way,
/// best for runs of like sizes (Knuth, vol. 3, 5.4.9: one odd step first, all others full); the
/// second is better where sizes differ much. On random lists the mean is within a tenth of the
/// least possible.
MergePlan plan_merge(std::span<const std::uint64_t> run_bytes, std::size_t fan_in_max);

}  // namespace mrun
