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

/// Neighbours of a list.
struct Window {
  std::size_t first = 0;
  std::size_t count = 0;
  std::uint64_t bytes = 0;
};

/// Above this length only full steps are planned: trying all widths would take seconds.
constexpr std::size_t kAllWidthsRunsMax = 1000;

/// The window of `count` runs that holds the least bytes; the first of several.
Window least_window(std::span<const Node> list, std::size_t count) {
  Window at{0, count, 0};
  for (std::size_t i = 0; i < count; ++i) at.bytes += list[i].bytes;
  Window least = at;
  for (; at.first + count < list.size(); ++at.first) {
    at.bytes += list[at.first + count].bytes - list[at.first].bytes;
    if (at.bytes < least.bytes) least = {at.first + 1, count, at.bytes};
  }
  return least;
}

/// The window of at most `count_max` runs that costs the least bytes for each run that it makes the
/// list shorter by; the wider of equals.
Window cheapest_window(std::span<const Node> list, std::size_t count_max) {
  Window cheapest;
  double least = 0;
  for (std::size_t count = count_max; count >= 2; --count) {
    const Window window = least_window(list, count);
    const double price = static_cast<double>(window.bytes) / static_cast<double>(count - 1);
    if (cheapest.count == 0 || price < least) {
      cheapest = window;
      least = price;
    }
  }
  return cheapest;
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

/// The steps of one plan, in the order in which they are decided.
struct Steps {
  std::vector<Node> made;
  std::uint64_t bytes = 0;
};

Steps decide_steps(std::vector<Node> list, std::size_t fan_in_max, bool any_width) {
  Steps steps;
  while (list.size() > fan_in_max) {
    // A step of c runs makes the list shorter by c - 1.
    const std::size_t excess = list.size() - fan_in_max;
    const std::size_t odd = excess % (fan_in_max - 1);
    const Window window = any_width ? cheapest_window(list, std::min(fan_in_max, excess + 1))
                                    : least_window(list, odd == 0 ? fan_in_max : odd + 1);
    const Node node = merged(std::span(list).subspan(window.first, window.count));
    const auto at = list.begin() + static_cast<std::ptrdiff_t>(window.first);
    *at = node;
    list.erase(at + 1, at + static_cast<std::ptrdiff_t>(window.count));
    steps.bytes += node.bytes;
    steps.made.push_back(node);
  }
  return steps;
}

}  // namespace

MergePlan plan_merge(std::span<const std::uint64_t> run_bytes, std::size_t fan_in_max) {
  MRUN_CHECK(fan_in_max >= 2);
  std::vector<Node> list(run_bytes.size());
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = {run_bytes[i], i, i + 1, 0};

  Steps best = decide_steps(list, fan_in_max, false);
  if (list.size() <= kAllWidthsRunsMax) {
    Steps other = decide_steps(list, fan_in_max, true);
    if (other.bytes < best.bytes) best = std::move(other);
  }
  return {into_passes(run_bytes.size(), std::move(best.made)), best.bytes};
}

}  // namespace mrun
