// Goal: groups cover every split once, in order, streams alone. Method: random plans.
#include "engine/split_groups.hpp"

#include <gtest/gtest.h>

#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;

SplitPlan plan_of(const std::vector<std::uint64_t>& sizes, const std::vector<bool>& streams = {}) {
  SplitPlan plan;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Split split;
    split.ranges.push_back({static_cast<std::uint32_t>(i), 0, sizes[i]});
    split.is_stream = i < streams.size() && streams[i];
    plan.splits.push_back(std::move(split));
  }
  return plan;
}

void check_groups(const SplitPlan& plan) {
  const std::vector<SplitGroup> groups = group_splits(plan);
  std::size_t next = 0;
  std::uint64_t position = 0;
  for (const SplitGroup& group : groups) {
    ASSERT_EQ(group.first_split, next);
    ASSERT_GE(group.split_count, 1u);
    ASSERT_EQ(group.first_byte, position);
    for (std::size_t i = 0; i < group.split_count; ++i) {
      const Split& split = plan.splits[next + i];
      ASSERT_EQ(split.is_stream, group.is_stream);
      position += split.is_stream ? InputList::kStreamPlannedBytes : split.size_bytes();
    }
    if (group.is_stream) {
      ASSERT_EQ(group.split_count, 1u);
    }
    next += group.split_count;
  }
  ASSERT_EQ(next, plan.splits.size());
}

TEST(SplitGroups, CoverEverySplitOnceInOrder) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Random random(test_support::case_seed(seed));
    std::vector<std::uint64_t> sizes(random.below(300));
    std::vector<bool> streams;
    const std::uint64_t most = std::uint64_t{1} << random.below(30);
    for (std::uint64_t& size : sizes) {
      size = random.below(most + 1);
      streams.push_back(random.one_in(20));
    }
    check_groups(plan_of(sizes, streams));
  }
}

TEST(SplitGroups, OfNoSplitsAreNone) { EXPECT_TRUE(group_splits(SplitPlan()).empty()); }

TEST(SplitGroups, LeaveStreamsAlone) {
  const auto groups = group_splits(plan_of({1, 0, 1, 0, 0, 1}, {false, true, false, true, true}));
  ASSERT_EQ(groups.size(), 6u);
  for (std::size_t i = 0; i < groups.size(); ++i) EXPECT_EQ(groups[i].split_count, 1u);
}

TEST(SplitGroups, OfManyTinySplitsAreFewAndEnoughForAllThreads) {
  for (const std::size_t count : {1000u, 10'000u, 1'000'000u}) {
    const SplitPlan plan = plan_of(std::vector<std::uint64_t>(count, 3));
    check_groups(plan);
    const std::size_t groups = group_splits(plan).size();
    EXPECT_GE(groups, 60u);
    EXPECT_LE(groups, 70u);
  }
}

TEST(SplitGroups, OfSplitsOfTheUsualSizeHoldOneEach) {
  EXPECT_EQ(group_splits(plan_of(std::vector<std::uint64_t>(500, std::uint64_t{1} << 20))).size(),
            500u);
}

}  // namespace
}  // namespace mrun
