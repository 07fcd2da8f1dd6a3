// Plans which neighbouring runs to merge first.
#include "shuffle/merge_plan.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace mrun {
namespace {

/// A run of the list, or what a step makes of some of them.
struct Node {
  std::uint64_t bytes = 0;
  std::size_t first = 0;  // Of the runs it was made of, in the original list.
  std::size_t last = 0;   // One past them.
  std::size_t pass = 0;   // After how many passes it exists.
};

/// Where the `count` neighbours begin that hold the least bytes; the first of several.
std::size_t least_window(std::span<const Node> list, std::size_t count) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += list[i].bytes;
  std::uint64_t least = sum;
  std::size_t best = 0;
  for (std::size_t i = count; i < list.size(); ++i) {
    sum += list[i].bytes - list[i - count].bytes;
    if (sum < least) {
      least = sum;
      best = i - count + 1;
    }
  }
  return best;
}

/// What a step of `window` leaves in its place.
Node merged(std::span<const Node> window) {
  Node node{0, window.front().first, window.back().last, 0};
  for (const Node& part : window) {
    node.bytes += part.bytes;
    node.pass = std::max(node.pass, part.pass + 1);
  }
  return node;
}

/// Turns ranges of the original list into positions of the list at the beginning of each pass.
std::vector<std::vector<MergeStep>> into_passes(std::size_t run_count, std::vector<Node> made) {
  std::sort(made.begin(), made.end(), [](const Node& a, const Node& b) {
    return a.pass != b.pass ? a.pass < b.pass : a.first < b.first;
  });
  std::vector<std::vector<MergeStep>> passes;
  std::vector<std::size_t> ends(run_count);  // Of each run of the list, in the original one.
  for (std::size_t i = 0; i < run_count; ++i) ends[i] = i + 1;
  for (std::size_t i = 0; i < made.size();) {
    std::vector<MergeStep> steps;
    std::vector<std::size_t> kept;
    std::size_t position = 0;
    for (const std::size_t pass = made[i].pass; i < made.size() && made[i].pass == pass; ++i) {
      for (; ends[position] <= made[i].first; ++position) kept.push_back(ends[position]);
      const std::size_t first = position;
      while (ends[position] != made[i].last) ++position;
      kept.push_back(ends[position++]);
      steps.push_back({first, position - first});
    }
    kept.insert(kept.end(), ends.begin() + static_cast<std::ptrdiff_t>(position), ends.end());
    ends = std::move(kept);
    passes.push_back(std::move(steps));
  }
  return passes;
}

}  // namespace

MergePlan plan_merge(std::span<const std::uint64_t> run_bytes, std::size_t fan_in_max) {
  MRUN_CHECK(fan_in_max >= 2);
  std::vector<Node> list(run_bytes.size());
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = {run_bytes[i], i, i + 1, 0};

  MergePlan plan;
  std::vector<Node> made;
  while (list.size() > fan_in_max) {
    // A step of c runs makes the list shorter by c - 1.
    const std::size_t odd = (list.size() - fan_in_max) % (fan_in_max - 1);
    const std::size_t count = odd == 0 ? fan_in_max : odd + 1;
    const std::size_t first = least_window(list, count);
    const Node node = merged(std::span(list).subspan(first, count));
    const auto at = list.begin() + static_cast<std::ptrdiff_t>(first);
    *at = node;
    list.erase(at + 1, at + static_cast<std::ptrdiff_t>(count));
    plan.rewritten_bytes += node.bytes;
    made.push_back(node);
  }
  plan.passes = into_passes(run_bytes.size(), std::move(made));
  return plan;
}

}  // namespace mrun
