// Loser tree: the winner is always the least, at log2(n) comparisons a step.
#include "shuffle/loser_tree.hpp"

#include <gtest/gtest.h>

#include <bit>

#include "support/random.hpp"

namespace mrun {
namespace {

struct Counting {
  const std::vector<std::uint64_t>* heads;
  std::size_t* comparisons;
  bool operator()(std::uint32_t a, std::uint32_t b) const {
    ++*comparisons;
    return (*heads)[a] != (*heads)[b] ? (*heads)[a] < (*heads)[b] : a < b;
  }
};

TEST(LoserTree, NamesTheLeastOfAnyNumberOfSources) {
  test_support::Random random(test_support::test_seed());
  for (std::uint32_t count = 1; count <= 100; ++count) {
    SCOPED_TRACE(count);
    std::vector<std::uint64_t> heads(count);
    for (auto& head : heads) head = random.below(20);
    std::size_t comparisons = 0;
    LoserTree<Counting> tree({&heads, &comparisons});
    tree.build(count);
    EXPECT_EQ(comparisons, count - 1);
    for (int step = 0; step < 500; ++step) {
      const auto least = std::min_element(heads.begin(), heads.end()) - heads.begin();
      ASSERT_EQ(tree.winner(), static_cast<std::uint32_t>(least));
      heads[tree.winner()] += random.below(4);
      comparisons = 0;
      tree.replay();
      ASSERT_LE(comparisons, static_cast<std::size_t>(std::bit_width(count - 1)));
    }
  }
}

TEST(LoserTree, CanBeBuiltAgain) {
  std::vector<std::uint64_t> heads = {5, 4, 3};
  std::size_t comparisons = 0;
  LoserTree<Counting> tree({&heads, &comparisons});
  tree.build(3);
  EXPECT_EQ(tree.winner(), 2u);
  heads = {1, 1};
  tree.build(2);
  EXPECT_EQ(tree.winner(), 0u);
}

}  // namespace
}  // namespace mrun
