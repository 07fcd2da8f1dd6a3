// Merge plan: within the fan-in, in order, complete, and close to the least possible rewriting.
#include "shuffle/merge_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;
using Sizes = std::vector<std::uint64_t>;

/// Does what the plan says to lists of run numbers, and checks every step.
void expect_sound(const Sizes& sizes, std::size_t fan_in_max) {
  const MergePlan plan = plan_merge(sizes, fan_in_max);
  std::vector<std::vector<std::size_t>> list(sizes.size());
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = {i};
  std::uint64_t rewritten = 0;
  for (const auto& pass : plan.passes) {
    ASSERT_FALSE(pass.empty());
    std::vector<std::vector<std::size_t>> after;
    std::size_t position = 0;
    for (const MergeStep& step : pass) {
      ASSERT_GE(step.count, 2u);
      ASSERT_LE(step.count, fan_in_max);
      ASSERT_GE(step.first, position);
      ASSERT_LE(step.first + step.count, list.size());
      for (; position < step.first; ++position) after.push_back(list[position]);
      after.emplace_back();
      for (; position < step.first + step.count; ++position)
        after.back().insert(after.back().end(), list[position].begin(), list[position].end());
      for (const std::size_t run : after.back()) rewritten += sizes[run];
    }
    for (; position < list.size(); ++position) after.push_back(list[position]);
    list = std::move(after);
  }
  ASSERT_LE(list.size(), std::max<std::size_t>(fan_in_max, 1));
  if (sizes.size() >= fan_in_max) {
    ASSERT_EQ(list.size(), fan_in_max);
  }
  ASSERT_EQ(rewritten, plan.rewritten_bytes);
  std::vector<std::size_t> order;
  for (const auto& merged : list) order.insert(order.end(), merged.begin(), merged.end());
  std::vector<std::size_t> expected(sizes.size());
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  ASSERT_EQ(order, expected);
}

/// The least bytes that any plan of neighbours rewrites, by trying all.
std::uint64_t least_rewriting(const Sizes& sizes, std::size_t fan_in_max) {
  const std::size_t n = sizes.size();
  if (n <= fan_in_max) return 0;
  constexpr std::uint64_t kNever = ~std::uint64_t{0} / 4;
  Sizes sums(n + 1, 0);
  for (std::size_t i = 0; i < n; ++i) sums[i + 1] = sums[i] + sizes[i];
  // cost[i][j][m]: to turn the runs i … j-1 into m runs.
  std::vector<std::vector<Sizes>> cost(n + 1,
                                       std::vector<Sizes>(n + 1, Sizes(fan_in_max + 1, kNever)));
  for (std::size_t length = 1; length <= n; ++length) {
    for (std::size_t i = 0; i + length <= n; ++i) {
      const std::size_t j = i + length;
      auto& here = cost[i][j];
      if (length == 1) here[1] = 0;
      for (std::size_t m = 2; m <= std::min(fan_in_max, length); ++m)
        for (std::size_t k = i + 1; k < j; ++k)
          here[m] = std::min(here[m], cost[i][k][1] + cost[k][j][m - 1]);
      if (length > 1)
        for (std::size_t m = 2; m <= std::min(fan_in_max, length); ++m)
          here[1] = std::min(here[1], here[m] + sums[j] - sums[i]);
    }
  }
  return *std::min_element(cost[0][n].begin(), cost[0][n].end());
}

TEST(MergePlan, IsSoundForAllSmallLists) {
  const Sizes kinds = {0, 1, 7};
  for (std::size_t n = 0; n <= 8; ++n) {
    std::size_t lists = 1;
    for (std::size_t i = 0; i < n; ++i) lists *= kinds.size();
    for (std::size_t list = 0; list < lists; ++list) {
      Sizes sizes(n);
      for (std::size_t i = 0, rest = list; i < n; ++i, rest /= kinds.size())
        sizes[i] = kinds[rest % kinds.size()];
      for (std::size_t fan_in = 2; fan_in <= 9; ++fan_in) {
        expect_sound(sizes, fan_in);
        ASSERT_FALSE(HasFatalFailure()) << "list " << list << " of " << n << ", fan-in " << fan_in;
      }
    }
  }
}

TEST(MergePlan, IsSoundForLongLists) {
  Random random(test_support::test_seed());
  for (int i = 0; i < 100; ++i) {
    Sizes sizes(random.below(2000));
    for (auto& size : sizes) size = random.below(1000);
    expect_sound(sizes, random.between(2, 100));
    ASSERT_FALSE(HasFatalFailure())
        << "MRUN_TEST_SEED=" << test_support::test_seed() << " case " << i;
  }
}

TEST(MergePlan, OfFewRunsIsEmpty) {
  EXPECT_TRUE(plan_merge({}, 2).passes.empty());
  EXPECT_TRUE(plan_merge(Sizes{5, 6, 7}, 3).passes.empty());
}

TEST(MergePlan, MergesTheFewestAndSmallestThatSuffice) {
  const MergePlan plan = plan_merge(Sizes{9, 9, 1, 1, 9, 9}, 5);
  ASSERT_EQ(plan.passes.size(), 1u);
  EXPECT_EQ(plan.passes[0], (std::vector<MergeStep>{{2, 2}}));
  EXPECT_EQ(plan.rewritten_bytes, 2u);
}

TEST(MergePlan, OfEqualRunsIsNearlyTheBest) {
  for (std::size_t fan_in = 2; fan_in <= 6; ++fan_in)
    for (std::size_t n = 1; n <= 40; ++n)
      EXPECT_LE(plan_merge(Sizes(n, 10), fan_in).rewritten_bytes * 100,
                least_rewriting(Sizes(n, 10), fan_in) * 112)
          << n << " runs, fan-in " << fan_in;
}

TEST(MergePlan, NeedsAsManyPassesAsTheFanInDemands) {
  EXPECT_EQ(plan_merge(Sizes(1000, 1), 10).passes.size(), 2u);
  EXPECT_EQ(plan_merge(Sizes(100, 1), 10).passes.size(), 1u);
}

TEST(MergePlan, IsCloseToTheBest) {
  Random random(test_support::test_seed());
  double worst = 1, sum = 0;
  int merged = 0;
  const int cases = static_cast<int>(test_support::scaled(2000));
  for (int i = 0; i < cases; ++i) {
    Sizes sizes(random.between(3, 30));
    for (auto& size : sizes) size = 1 + (random.one_in(2) ? random.below(10) : random.below(1000));
    const std::size_t fan_in = random.between(2, 8);
    const std::uint64_t best = least_rewriting(sizes, fan_in);
    const std::uint64_t ours = plan_merge(sizes, fan_in).rewritten_bytes;
    ASSERT_GE(ours, best);
    if (best == 0) continue;
    const double ratio = static_cast<double>(ours) / static_cast<double>(best);
    worst = std::max(worst, ratio);
    sum += ratio;
    ++merged;
  }
  RecordProperty("worst_ratio", std::to_string(worst));
  RecordProperty("mean_ratio", std::to_string(sum / merged));
  EXPECT_LE(worst, 1.7);
  EXPECT_LE(sum / merged, 1.12);
}

}  // namespace
}  // namespace mrun
