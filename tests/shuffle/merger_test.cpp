// Merger: the same as a stable sort of all sources, one after another, by key and task.
#include "shuffle/merger.hpp"

#include <gtest/gtest.h>

#include "shuffle/records.hpp"

namespace mrun {
namespace {

using namespace test_support;

constexpr std::size_t kPlenty = std::size_t{1} << 30;

std::unique_ptr<Merger> merge(MemoryBudget& budget, const std::vector<Records>& lists,
                              std::uint64_t batch_max) {
  std::vector<std::unique_ptr<PairSource>> sources;
  for (const Records& list : lists)
    sources.push_back(std::make_unique<ListSource>(list, batch_max, sources.size()));
  auto merger = Merger::create(budget, std::move(sources));
  EXPECT_TRUE(merger);
  return *std::move(merger);
}

void expect_sorted_merge(const std::vector<Records>& lists, std::uint64_t batch_max) {
  Records expected;
  for (const Records& list : lists) expected.insert(expected.end(), list.begin(), list.end());
  std::stable_sort(expected.begin(), expected.end(), before);
  MemoryBudget budget(Merger::memory_bytes(lists.size()));
  {
    const auto merger = merge(budget, lists, batch_max);
    const Result<Records> merged = drain(*merger);
    ASSERT_TRUE(merged);
    ASSERT_EQ(merged->size(), expected.size());
    ASSERT_TRUE(*merged == expected);
    EXPECT_EQ(merger->pairs_delivered(), expected.size());
    const auto after_end = merger->next();
    ASSERT_TRUE(after_end);
    EXPECT_TRUE(after_end->empty());
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(Merger, EqualsAStableSort) {
  for (std::uint64_t i = 0; i < scaled(400); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    std::vector<Records> lists(random.below(30));
    const std::uint32_t tasks = random.one_in(2) ? 1 : 4;
    const std::size_t longest = random.pick(std::vector<std::size_t>{3, 40, 1500});
    for (Records& list : lists) {
      list = random_records(random, random.below(longest + 1), 0, tasks);
      // Who is not in order shows by its value.
      for (std::size_t k = 0; k < list.size(); ++k)
        list[k].value = std::to_string(&list - lists.data()) + "." + std::to_string(k);
    }
    expect_sorted_merge(lists, random.pick(std::vector<std::uint64_t>{1, 5, 1000}));
  }
}

TEST(Merger, OfNothingIsEmpty) {
  expect_sorted_merge({}, 1);
  expect_sorted_merge({{}}, 1);
  expect_sorted_merge({{}, {}, {}}, 1);
}

TEST(Merger, KeepsSourceOrderAmongEqualKeysAndTasks) {
  const Records same = {{"key", "first", 7}, {"key", "second", 7}};
  MemoryBudget budget(kPlenty);
  const auto merger = merge(budget, {same, {{"key", "third", 7}}, {{"key", "earlier task", 3}}}, 1);
  EXPECT_EQ(*drain(*merger), (Records{{"key", "earlier task", 3},
                                      {"key", "first", 7},
                                      {"key", "second", 7},
                                      {"key", "third", 7}}));
}

TEST(Merger, DoesNotTakeAKeyOfAllOnesForTheEnd) {
  const std::string ones(16, '\xff');
  expect_sorted_merge({{{ones, "1", 0}}, {}, {{ones, "2", 0}, {ones + '\xff', "3", 0}}, {}}, 1);
}

TEST(Merger, PassesOnASourcesError) {
  class Failing final : public PairSource {
   public:
    explicit Failing(int good) : good_(good) {}
    Result<std::span<const Pair>> next() override {
      if (good_-- == 0) return fail(Code::integrity, "broken");
      return std::span<const Pair>(&pair_, 1);
    }

   private:
    int good_;
    Pair pair_;
  };
  for (int good = 0; good < 3; ++good) {
    MemoryBudget budget(kPlenty);
    std::vector<std::unique_ptr<PairSource>> sources;
    sources.push_back(std::make_unique<ListSource>(Records{{"x", "", 0}}, 1, 1));
    sources.push_back(std::make_unique<Failing>(good));
    const auto merger = *Merger::create(budget, std::move(sources));
    const auto drained = drain(*merger);
    ASSERT_FALSE(drained);
    EXPECT_EQ(drained.error().message, "broken");
  }
}

TEST(Merger, NeedsItsMemory) {
  MemoryBudget budget(1000);
  const auto merger = Merger::create(budget, {});
  ASSERT_FALSE(merger);
  EXPECT_EQ(merger.error().code, Code::limit);
}

}  // namespace
}  // namespace mrun
