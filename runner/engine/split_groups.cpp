#include "engine/split_groups.hpp"

#include <algorithm>

namespace mrun {
namespace {

constexpr std::uint64_t kGroupBytesMost = std::uint64_t{1}
                                          << 20;  // A split of the usual size is a group.
constexpr std::uint64_t kGroupsLeast = 64;        // Small inputs still give every thread some.

std::uint64_t planned_bytes(const Split& split) {
  return split.is_stream ? InputList::kStreamPlannedBytes : split.size_bytes();
}

}  // namespace

std::vector<SplitGroup> group_splits(const SplitPlan& plan) {
  std::uint64_t total = 0;
  for (const Split& split : plan.splits) total += planned_bytes(split);
  const std::uint64_t wanted = std::clamp<std::uint64_t>(total / kGroupsLeast, 1, kGroupBytesMost);

  std::vector<SplitGroup> groups;
  std::uint64_t position = 0;
  std::uint64_t group_bytes = wanted;  // As if full: the first split opens a group.
  for (std::size_t i = 0; i < plan.splits.size(); ++i) {
    const Split& split = plan.splits[i];
    if (split.is_stream || group_bytes >= wanted || groups.back().is_stream) {
      groups.push_back({i, 0, split.is_stream, position});
      group_bytes = 0;
    }
    ++groups.back().split_count;
    group_bytes += planned_bytes(split);
    position += planned_bytes(split);
  }
  return groups;
}

}  // namespace mrun
