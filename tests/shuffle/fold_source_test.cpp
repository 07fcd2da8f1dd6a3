// Folds over what is sorted, and single states, against a map of vectors.
#include "shuffle/fold_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>

#include "shuffle/emits.hpp"
#include "shuffle/folds.hpp"

namespace mrun {
namespace {

using namespace test_support;

TEST(FoldSource, FoldsEqualNeighboursInOrder) {
  for (std::uint64_t i = 0; i < scaled(200); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    const std::vector<JobSpec> specs = {summing_spec(), wide_spec(), folding_spec(false)};
    const SpecJob job(random.pick(specs));
    const StateFold fold(job);
    Records records = random_states(random, job.spec(), random.below(3000), 1 + random.below(300));
    std::stable_sort(records.begin(), records.end(), before);
    std::uint64_t taken = 0;
    FoldSource source(std::make_unique<ListSource>(
                          records, random.pick(std::vector<std::uint64_t>{1, 3, 700}), i),
                      fold, taken);
    const Result<Records> folded = drain(source);
    ASSERT_TRUE(folded);
    const auto expected = model(records, fold);
    ASSERT_EQ(folded->size(), expected.size());
    for (const Record& record : *folded) ASSERT_EQ(record.value, expected.at(record.key));
    const auto after_end = source.next();
    ASSERT_TRUE(after_end);
    EXPECT_TRUE(after_end->empty());
    EXPECT_EQ(taken, records.size());
  }
}

TEST(UniqueSource, DropsOnlyEqualNeighboursUnderOneKey) {
  for (std::uint64_t i = 0; i < scaled(200); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    Records records;
    for (std::uint64_t n = random.below(2000); n > 0; --n)
      records.push_back({hard_key(random), std::string(random.below(3), 'v'),
                         static_cast<std::uint32_t>(random.below(3))});
    std::stable_sort(records.begin(), records.end(), before);
    const auto between =
        random.one_in(2) ? UniqueSource::Between::nothing : UniqueSource::Between::other_tasks;
    Records expected;
    const Record* last = nullptr;
    for (const Record& record : records) {
      const bool tasks_count = between == UniqueSource::Between::other_tasks;
      if (last == nullptr || last->key != record.key || last->value != record.value ||
          (tasks_count && last->task != record.task))
        expected.push_back(record);
      last = &record;
    }
    std::uint64_t taken = 0;
    UniqueSource source(std::make_unique<ListSource>(
                            records, random.pick(std::vector<std::uint64_t>{1, 3, 700}), i),
                        between, taken);
    const Result<Records> kept = drain(source);
    ASSERT_TRUE(kept);
    ASSERT_TRUE(*kept == expected);
    EXPECT_EQ(taken, records.size());
  }
}

TEST(StateFold, OrdersDoublesTotally) {
  JobSpec spec;
  spec.combine = CombineKind::lanes;
  spec.lanes = {LaneOp::min_f64, LaneOp::max_f64};
  spec.state_size = 16;
  const SpecJob job(spec);
  const StateFold fold(job);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> numbers = {0.0, -0.0, nan,
                                 1.5, -1.5, std::numeric_limits<double>::infinity()};
  std::sort(numbers.begin(), numbers.end(),
            [](double a, double b) { return std::memcmp(&a, &b, sizeof a) < 0; });
  std::array<double, 2> first{};
  bool has_first = false;
  do {
    std::array<double, 2> state{numbers[0], numbers[0]};
    for (std::size_t i = 1; i < numbers.size(); ++i) {
      const std::array<double, 2> value{numbers[i], numbers[i]};
      void* const to = state.data();
      const void* const from = value.data();
      fold.fold(std::span(&to, 1), std::span(&from, 1));
    }
    if (!has_first) first = state;
    has_first = true;
    ASSERT_EQ(std::memcmp(first.data(), state.data(), sizeof state), 0)
        << "the order of folds shows";
  } while (std::next_permutation(numbers.begin(), numbers.end(), [](double a, double b) {
    return std::memcmp(&a, &b, sizeof a) < 0;
  }));
}

}  // namespace
}  // namespace mrun
