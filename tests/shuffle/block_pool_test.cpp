// BlockPool: blocks never overlap, a trim takes no block that is in use, and all memory comes back.
#include "shuffle/block_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "support/random.hpp"

namespace mrun {
namespace {

using namespace test_support;

// Goal: whatever is taken, given and trimmed, blocks in use keep their contents. Method: random
// steps; each block in use is filled with a byte of its own and looked at in the end. Slabs of two
// blocks lie side by side in memory, so that a slab's end is another's beginning.
TEST(BlockPool, TrimTakesNoBlockThatIsInUse) {
  constexpr std::size_t kBlock = 4096;
  for (std::uint64_t i = 0; i < scaled(200); ++i) {
    SCOPED_TRACE("MRUN_TEST_SEED=" + std::to_string(test_seed()) + " case " + std::to_string(i));
    Random random(case_seed(i));
    MemoryBudget budget(kBlock * 64);
    BlockPool pool(budget, kBlock, kBlock * random.between(1, 5));
    std::map<std::uint8_t*, int> used;
    for (int step = 0; step < 300; ++step) {
      if (random.one_in(10)) {
        pool.trim();
      } else if (random.one_in(2) && !used.empty()) {
        auto block = used.begin();
        std::advance(block, static_cast<std::ptrdiff_t>(random.below(used.size())));
        ASSERT_EQ(block->first[kBlock - 1], block->second);
        pool.give(block->first);
        used.erase(block);
      } else if (std::uint8_t* const block = pool.take(); block != nullptr) {
        ASSERT_EQ(used.count(block), 0u);
        used[block] = step % 251;
        std::memset(block, step % 251, kBlock);
      }
      ASSERT_LE(budget.used_bytes(), budget.limit_bytes());
    }
    for (const auto& [block, byte] : used) {
      for (std::size_t k = 0; k < kBlock; ++k) ASSERT_EQ(block[k], byte);
      pool.give(block);
    }
    pool.trim();
    EXPECT_EQ(budget.used_bytes(), 0u);
  }
}

}  // namespace
}  // namespace mrun
