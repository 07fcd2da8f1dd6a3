// Page pools: buffers are used again, and there are never more than were in use at once.
#include "os/page_pool.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "os/machine.hpp"

namespace mrun {
namespace {

class PagePoolTest : public testing::Test {
 protected:
  PagePool::Lease take(std::size_t pages) {
    Result<PagePool::Lease> lease = pool_.take(pages * page_bytes());
    EXPECT_TRUE(lease);
    return *std::move(lease);
  }
  std::size_t used_pages() const { return budget_.used_bytes() / page_bytes(); }

  MemoryBudget budget_{16 * page_bytes()};
  PagePool pool_{budget_};
};

TEST_F(PagePoolTest, AFreeBufferThatIsLargeEnoughIsUsedAgain) {
  const std::byte* first = nullptr;
  {
    const PagePool::Lease lease = take(4);
    first = lease.buffer().data();
  }
  EXPECT_EQ(used_pages(), 4u) << "it stays charged";
  const PagePool::Lease smaller = take(3);
  EXPECT_EQ(smaller.buffer().data(), first);
  const PagePool::Lease other = take(3);
  EXPECT_NE(other.buffer().data(), first);
  EXPECT_EQ(used_pages(), 7u);
}

TEST_F(PagePoolTest, ALargerBufferTakesThePlaceOfAFreeOne) {
  { const PagePool::Lease lease = take(9); }
  const PagePool::Lease larger = take(12);
  EXPECT_GE(larger.buffer().size(), 12 * page_bytes());
  EXPECT_EQ(used_pages(), 12u);
}

TEST_F(PagePoolTest, HoldsNoMoreBuffersThanWereInUseAtOnce) {
  for (int round = 0; round < 10; ++round) {
    std::vector<PagePool::Lease> leases;
    for (std::size_t i = 0; i < 3; ++i) leases.push_back(take(i + 1));
  }
  EXPECT_LE(used_pages(), 9u);
}

TEST_F(PagePoolTest, SaysWhereTheBudgetHasNoRoom) {
  const PagePool::Lease lease = take(10);
  const Result<PagePool::Lease> more = pool_.take(7 * page_bytes());
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Code::limit);
  EXPECT_EQ(used_pages(), 10u);
}

TEST(PagePool, GivesAllBackWhenItDies) {
  MemoryBudget budget(16 * page_bytes());
  {
    PagePool pool(budget);
    EXPECT_TRUE(pool.take(5 * page_bytes()));
    EXPECT_NE(budget.used_bytes(), 0u);
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

}  // namespace
}  // namespace mrun
