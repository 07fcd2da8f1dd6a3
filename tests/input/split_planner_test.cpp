// Split planning: sizes alone decide, and every byte belongs to one split.
#include "input/split_planner.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/input_arguments.hpp"
#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::kLines;
using test_support::Random;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

InputList files_of(const std::vector<std::uint64_t>& sizes) {
  InputList list;
  for (const std::uint64_t size : sizes) {
    InputFile file;
    file.identity.size_bytes = size;
    list.files.push_back(file);
  }
  return list;
}

/// Whether the splits, read in order, are exactly the files' bytes in order.
void expect_exact_cover(const InputList& list, const SplitPlan& plan) {
  std::uint32_t file = 0;
  std::uint64_t at = 0;
  const auto skip_done = [&] {
    while (file < list.files.size() && !list.files[file].is_stream &&
           at == list.files[file].identity.size_bytes) {
      ++file;
      at = 0;
    }
  };
  for (const Split& split : plan.splits) {
    ASSERT_FALSE(split.ranges.empty());
    for (const SplitRange& range : split.ranges) {
      skip_done();
      ASSERT_EQ(range.file, file);
      if (split.is_stream) {
        ASSERT_EQ(split.ranges.size(), 1u);
        ASSERT_TRUE(list.files[file].is_stream);
        ++file;
        continue;
      }
      ASSERT_EQ(range.begin, at);
      ASSERT_LT(range.begin, range.end);
      at = range.end;
    }
  }
  skip_done();
  ASSERT_EQ(file, list.files.size());
}

TEST(SplitPlanner, DefaultSizeFollowsTheFormula) {
  EXPECT_EQ(default_split_bytes(0), kMiB);
  EXPECT_EQ(default_split_bytes(kMiB), kMiB);
  EXPECT_EQ(default_split_bytes(64 * kMiB), 4 * kMiB);
  EXPECT_EQ(default_split_bytes(64 * kMiB + 1), 4 * kMiB + 1);
  EXPECT_EQ(default_split_bytes(kGiB), 16 * kMiB);
  EXPECT_EQ(default_split_bytes(16 * kGiB), 16 * kMiB);
  EXPECT_EQ(default_split_bytes(64 * kGiB), 64 * kMiB);
  EXPECT_EQ(default_split_bytes(kGiB << 20), kGiB);
  EXPECT_EQ(default_split_bytes(UINT64_MAX), kGiB);
}

TEST(SplitPlanner, CoversEveryByteOnce) {
  for (std::uint64_t index = 0; index < 3000; ++index) {
    const std::uint64_t seed = test_support::case_seed(index);
    SCOPED_TRACE(seed);
    Random random(seed);
    InputList list;
    const std::uint64_t files = random.below(20);
    for (std::uint64_t i = 0; i < files; ++i) {
      InputFile file;
      file.is_stream = random.one_in(8);
      const std::uint64_t record = 8;
      if (!file.is_stream && !random.one_in(5))
        file.identity.size_bytes = record * random.below(random.one_in(2) ? 10 : 5000);
      list.files.push_back(file);
    }
    const std::uint32_t record_bytes = random.one_in(2) ? 8 : 0;
    const RecordFormat format =
        record_bytes > 0 ? RecordFormat{RecordFormat::Kind::fixed, record_bytes} : RecordFormat{};
    const SplitPlan plan = plan_splits(list, random.between(1, 10000), {&format, 1});
    ASSERT_NO_FATAL_FAILURE(expect_exact_cover(list, plan));
    for (const Split& split : plan.splits) {
      ASSERT_LE(split.size_bytes(), plan.split_bytes + record_bytes);
      for (const SplitRange& range : split.ranges)
        if (record_bytes > 0) {
          ASSERT_EQ(range.begin % record_bytes, 0u);
        }
    }
  }
}

TEST(SplitPlanner, GivesEmptyFilesNoRange) {
  EXPECT_TRUE(plan_splits(files_of({0, 0, 0}), std::nullopt, kLines).splits.empty());
  EXPECT_TRUE(plan_splits({}, std::nullopt, kLines).splits.empty());
}

TEST(SplitPlanner, LetsSmallFilesShareASplitButNotTooMany) {
  const SplitPlan some = plan_splits(files_of(std::vector<std::uint64_t>(10, 1000)), kMiB, kLines);
  EXPECT_EQ(some.splits.size(), 1u);
  // A file costs time to open, whatever its size: 10,000 files of one byte are work for many cores.
  const SplitPlan many = plan_splits(files_of(std::vector<std::uint64_t>(10000, 1)), kMiB, kLines);
  EXPECT_GE(many.splits.size(), 16u);
}

TEST(SplitPlanner, NeverCutsAFileThatFitsASplit) {
  const SplitPlan plan = plan_splits(files_of({600000, 600000, 600000}), kMiB, kLines);
  ASSERT_EQ(plan.splits.size(), 3u);
  for (const Split& split : plan.splits) EXPECT_EQ(split.ranges.size(), 1u);
}

TEST(SplitPlanner, NeverCutsWholeFilesNorJoinsThoseOfDifferentInputs) {
  InputList list = files_of({10, 5'000'000, 10, 10});
  list.files[2].input = list.files[3].input = 1;
  const std::vector<RecordFormat> formats = {{RecordFormat::Kind::whole, 0}, {}};
  const SplitPlan plan = plan_splits(list, kMiB, formats);
  expect_exact_cover(list, plan);
  ASSERT_EQ(plan.splits.size(), 3u);
  EXPECT_EQ(plan.splits[1].size_bytes(), 5'000'000u);
  EXPECT_EQ(plan.splits[2].ranges.size(), 2u);
}

TEST(SplitPlanner, KeepsTheNumberOfSplitsBounded) {
  const SplitPlan plan = plan_splits(files_of({8 * kGiB}), 1, kLines);
  EXPECT_LE(plan.splits.size(), kMiB);
}

TEST(SplitPlanner, CountsAStreamAs256MiB) {
  InputList list = files_of({1000});
  list.files.push_back({"-", "-", 1, 0, true, {}});
  EXPECT_EQ(list.planned_bytes(), 1000 + 256 * kMiB);
  EXPECT_EQ(plan_splits(list, std::nullopt, kLines).split_bytes,
            default_split_bytes(1000 + 256 * kMiB));
}

TEST(SplitPlanner, HandlesSizesNearTheEndOfTheirType) {
  const SplitPlan plan = plan_splits(files_of({std::uint64_t{1} << 62}), UINT64_MAX, kLines);
  EXPECT_EQ(plan.splits.size(), 1u);
  const RecordFormat fixed{RecordFormat::Kind::fixed, 100};
  expect_exact_cover(files_of({kGiB << 20}),
                     plan_splits(files_of({kGiB << 20}), std::nullopt, {&fixed, 1}));
}

}  // namespace
}  // namespace mrun
