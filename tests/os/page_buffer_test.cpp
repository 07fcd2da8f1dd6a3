// Page buffers: charged before they exist, zero-filled, given back.
#include "os/page_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "os/anonymous_pages.hpp"
#include "os/machine.hpp"

namespace mrun {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

TEST(PageBuffer, ChargesWholePagesAndGivesThemBack) {
  MemoryBudget budget(16 * kMiB);
  {
    const Result<PageBuffer> buffer = PageBuffer::allocate(budget, 1);
    ASSERT_TRUE(buffer);
    EXPECT_EQ(buffer->size(), page_bytes());
    EXPECT_EQ(budget.used_bytes(), page_bytes());
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(PageBuffer, IsZeroFilledAndWritable) {
  MemoryBudget budget(16 * kMiB);
  const Result<PageBuffer> buffer = PageBuffer::allocate(budget, 5 * kMiB);
  ASSERT_TRUE(buffer);
  EXPECT_TRUE(std::all_of(buffer->bytes(), buffer->bytes() + buffer->size(),
                          [](auto byte) { return byte == 0; }));
  std::fill(buffer->bytes(), buffer->bytes() + buffer->size(), std::uint8_t{7});
  EXPECT_EQ(buffer->bytes()[5 * kMiB - 1], 7);
}

TEST(PageBuffer, FailsWithoutAChargeBeyondTheBudget) {
  MemoryBudget budget(kMiB);
  const Result<PageBuffer> buffer = PageBuffer::allocate(budget, kMiB + 1);
  ASSERT_FALSE(buffer);
  EXPECT_EQ(buffer.error().code, Code::limit);
  EXPECT_NE(buffer.error().hint.find("--memory"), std::string::npos);
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(PageBuffer, FailsWithoutAChargeBeyondTheAddressSpace) {
  MemoryBudget budget(SIZE_MAX);
  for (const std::size_t size : {SIZE_MAX, SIZE_MAX - page_bytes(), std::size_t{1} << 60}) {
    const Result<PageBuffer> buffer = PageBuffer::allocate(budget, size);
    ASSERT_FALSE(buffer);
    EXPECT_EQ(buffer.error().code, Code::limit);
    EXPECT_EQ(budget.used_bytes(), 0u);
  }
}

TEST(PageBuffer, MovesWithItsCharge) {
  MemoryBudget budget(16 * kMiB);
  PageBuffer one = *PageBuffer::allocate(budget, kMiB);
  PageBuffer other = std::move(one);
  EXPECT_EQ(budget.used_bytes(), kMiB);
  other = PageBuffer();
  EXPECT_EQ(budget.used_bytes(), 0u);
  EXPECT_FALSE(PageBuffer());
  EXPECT_FALSE(*PageBuffer::allocate(budget, 0));
}

TEST(AnonymousPages, AreHugeUnlessBlocksAsLargeAreGivenToTheHost) {
  EXPECT_TRUE(gives_huge_pages_back("9\n"));
  EXPECT_TRUE(gives_huge_pages_back("0\n"));
  for (const char* none : {"10\n", "11\n", "4294967295\n", "-1\n", "", "\n"})
    EXPECT_FALSE(gives_huge_pages_back(none)) << none;
}

}  // namespace
}  // namespace mrun
