// Memory that grows and shrinks in place, against what it holds, and what it is charged.
#include "os/growing_pages.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>

#include "os/machine.hpp"

namespace mrun {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

bool are_all(const GrowingPages& pages, std::size_t begin, std::size_t end, std::uint8_t byte) {
  return std::all_of(pages.bytes() + begin, pages.bytes() + end,
                     [&](std::uint8_t found) { return found == byte; });
}

TEST(GrowingPages, KeepWhatTheyHoldAndGrowByZeros) {
  MemoryBudget budget(16 * kMiB);
  auto pages = GrowingPages::reserve(budget, 16 * kMiB, 16 * kMiB);
  ASSERT_TRUE(pages);
  EXPECT_EQ(0u, budget.used_bytes());
  ASSERT_TRUE(pages->resize(kMiB));
  const std::uint8_t* const at = pages->bytes();
  for (std::size_t size = kMiB; size < 16 * kMiB; size *= 2) {
    std::fill_n(pages->bytes(), size, std::uint8_t{7});
    ASSERT_TRUE(pages->resize(2 * size));
    EXPECT_EQ(at, pages->bytes());
    EXPECT_EQ(2 * size, budget.used_bytes());
    EXPECT_TRUE(are_all(*pages, 0, size, 7));
    EXPECT_TRUE(are_all(*pages, size, 2 * size, 0));
  }
}

TEST(GrowingPages, ForgetWhatIsCutOff) {
  MemoryBudget budget(kMiB);
  auto pages = GrowingPages::reserve(budget, kMiB, kMiB);
  ASSERT_TRUE(pages);
  ASSERT_TRUE(pages->resize(kMiB));
  std::fill_n(pages->bytes(), kMiB, std::uint8_t{7});
  const std::size_t page = page_bytes();
  ASSERT_TRUE(pages->resize(page + 100));
  EXPECT_EQ(2 * page, budget.used_bytes());
  ASSERT_TRUE(pages->resize(kMiB));
  EXPECT_TRUE(are_all(*pages, 0, page + 100, 7));
  EXPECT_TRUE(are_all(*pages, page + 100, kMiB, 0));
  ASSERT_TRUE(pages->resize(0));
  EXPECT_EQ(0u, budget.used_bytes());
}

TEST(GrowingPages, StayAsTheyAreWhereTheBudgetHasNoRoom) {
  MemoryBudget budget(kMiB);
  auto pages = GrowingPages::reserve(budget, 4 * kMiB, 4 * kMiB);
  ASSERT_TRUE(pages);
  ASSERT_TRUE(pages->resize(kMiB));
  pages->bytes()[0] = 7;
  const auto grown = pages->resize(2 * kMiB);
  ASSERT_FALSE(grown);
  EXPECT_EQ(Code::limit, grown.error().code);
  EXPECT_EQ(kMiB, pages->size());
  EXPECT_EQ(kMiB, budget.used_bytes());
  EXPECT_EQ(7, pages->bytes()[0]);
}

TEST(GrowingPages, MoveWithTheirChargeAndGiveItBack) {
  MemoryBudget budget(4 * kMiB);
  {
    GrowingPages one = *GrowingPages::reserve(budget, kMiB, kMiB);
    ASSERT_TRUE(one.resize(kMiB));
    GrowingPages other(std::move(one));
    EXPECT_EQ(kMiB, budget.used_bytes());
    one = std::move(other);
    one.bytes()[kMiB - 1] = 1;
    EXPECT_EQ(kMiB, budget.used_bytes());
  }
  EXPECT_EQ(0u, budget.used_bytes());
}

// Goal: little address space is no failure for who can do with little. Method: the process's limit.
TEST(GrowingPages, AreFewerWhereTheSystemHasLessAddressSpace) {
  MemoryBudget budget(64 * kMiB);
  std::uint64_t pages_now = 0;
  std::ifstream("/proc/self/statm") >> pages_now;
  ASSERT_GT(pages_now, 0u);
  rlimit before{};
  ASSERT_EQ(0, getrlimit(RLIMIT_AS, &before));
  rlimit low = before;
  low.rlim_cur = pages_now * page_bytes() + 12 * kMiB;
  ASSERT_EQ(0, setrlimit(RLIMIT_AS, &low));
  const auto none = GrowingPages::reserve(budget, 64 * kMiB, 64 * kMiB);
  auto some = GrowingPages::reserve(budget, kMiB, 64 * kMiB);
  ASSERT_EQ(0, setrlimit(RLIMIT_AS, &before));
  EXPECT_FALSE(none);
  ASSERT_TRUE(some);
  ASSERT_TRUE(some->resize(kMiB));
  EXPECT_FALSE(some->resize(64 * kMiB));
  EXPECT_EQ(kMiB, some->size());
  EXPECT_EQ(kMiB, budget.used_bytes());
}

TEST(GrowingPages, FailBeyondTheAddressSpace) {
  MemoryBudget budget(kMiB);
  const auto pages = GrowingPages::reserve(budget, SIZE_MAX / 2, SIZE_MAX / 2);
  ASSERT_FALSE(pages);
  EXPECT_EQ(Code::limit, pages.error().code);
}

}  // namespace
}  // namespace mrun
