// Range plan: ranges are about a piece each where a sample shows that all fits, and none elsewhere.
#include "engine/range_plan.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/piece_sources.hpp"

namespace mrun {
namespace {

constexpr std::size_t kSortBytes = std::size_t{4} << 30;

/// As a hundredth of 10 million records would give, whose keys are numbers of 8 digits.
MapYield numbers_yield() {
  MapYield yield;
  yield.input_bytes = 10'000'000;
  yield.emitted.pairs = 100'000;
  yield.emitted.held_bytes = 100'000 * 52;
  yield.surely_fits = true;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const Pair key = key_view(std::to_string(10'000'000 + i * 7919 % 4000 * 20'000));
    yield.border_keys[yield.border_key_count++] = {key.k0, key.k1, 100, key.klen};
  }
  return yield;
}

RangePlanSetup setup_of(const JobSpec& spec, const MapYield& yield) {
  return {spec, yield, 1'000'000'000, 60, 1, kSortBytes, 2};
}

TEST(RangePlan, MakesRangesOfAboutAPiece) {
  const JobSpec spec;
  const MapYield yield = numbers_yield();
  const auto plan = plan_ranges(setup_of(spec, yield));
  ASSERT_TRUE(plan);
  const std::uint64_t unit = piece_entries(yield.emitted.pairs, yield.emitted.held_bytes);
  const std::uint64_t ranges = 10'000'000 / unit + 1;
  EXPECT_EQ(plan->size(), ranges);
  std::vector<std::uint64_t> counts(plan->size());
  for (std::uint64_t key = 10'000'000; key < 90'000'000; key += 97)
    ++counts[plan->piece_of(0, key_view(std::to_string(key)))];
  const std::uint64_t mean = 80'000'000 / 97 / ranges;
  for (const std::uint64_t count : counts) {
    EXPECT_GT(count, mean / 3);
    EXPECT_LT(count, mean * 2);
  }
}

TEST(RangePlan, CutsEveryPartition) {
  const JobSpec spec;
  const MapYield yield = numbers_yield();
  RangePlanSetup setup = setup_of(spec, yield);
  setup.partitions = 16;
  const auto plan = plan_ranges(setup);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->size() % 16, 0u);
  EXPECT_NE(plan->piece_of(3, key_view("20000000")), plan->piece_of(3, key_view("80000000")));
  EXPECT_EQ(plan->partition_of(plan->piece_of(3, key_view("80000000"))), 3u);
}

TEST(RangePlan, MakesNoneWhereTheyDoNotPay) {
  const JobSpec spec;
  const MapYield yield = numbers_yield();
  MapYield unsure = yield;
  unsure.surely_fits = false;
  EXPECT_FALSE(plan_ranges(setup_of(spec, unsure)));
  MapYield keyless = yield;
  keyless.border_key_count = 0;
  EXPECT_FALSE(plan_ranges(setup_of(spec, keyless)));
  MapYield of_one_key = yield;
  of_one_key.border_key_count = 1;
  EXPECT_FALSE(plan_ranges(setup_of(spec, of_one_key)));

  RangePlanSetup short_input = setup_of(spec, yield);
  short_input.input_bytes = 10'000'000;  // Two pieces.
  EXPECT_FALSE(plan_ranges(short_input));
  RangePlanSetup many_parts = setup_of(spec, yield);
  many_parts.partitions = 3000;  // More lists than may be open.
  EXPECT_FALSE(plan_ranges(many_parts));
  many_parts.partitions = 1500;  // Few entries in each.
  EXPECT_FALSE(plan_ranges(many_parts));
  EXPECT_TRUE(are_ranges_worth_a_sample(spec, 1'000'000'000, 1500));
  EXPECT_FALSE(are_ranges_worth_a_sample(spec, 1'000'000'000, 3000));
  RangePlanSetup many_workers = setup_of(spec, yield);
  many_workers.workers = 64;  // Mostly blocks that are hardly begun.
  EXPECT_FALSE(plan_ranges(many_workers));
  RangePlanSetup many_tasks = setup_of(spec, yield);
  many_tasks.tasks = 10'000;  // Few entries of each in a range.
  EXPECT_FALSE(plan_ranges(many_tasks));
  RangePlanSetup small = setup_of(spec, yield);
  small.sort_bytes = 4 << 20;  // Blocks that are hardly begun would take all.
  EXPECT_FALSE(plan_ranges(small));
}

}  // namespace
}  // namespace mrun
