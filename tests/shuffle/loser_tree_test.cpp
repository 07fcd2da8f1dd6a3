// Loser tree: the winner is always the least, at log2(n) comparisons a step.
#include "shuffle/loser_tree.hpp"

#include <gtest/gtest.h>

#include <bit>

#include "support/random.hpp"

namespace mrun {
namespace {

struct Head {
  std::uint64_t value;
  std::uint32_t source;

  void take_if(bool condition, const Head& other) {
    if (condition) *this = other;
  }
};

struct Counting {
  std::size_t* comparisons;
  bool operator()(const Head& a, const Head& b) const {
    ++*comparisons;
    return a.value != b.value ? a.value < b.value : a.source < b.source;
  }
};

TEST(LoserTree, NamesTheLeastOfAnyNumberOfSources) {
  test_support::Random random(test_support::test_seed());
  for (std::uint32_t count = 1; count <= 100; ++count) {
    SCOPED_TRACE(count);
    std::vector<Head> heads(count);
    for (std::uint32_t i = 0; i < count; ++i) heads[i] = {random.below(20), i};
    std::size_t comparisons = 0;
    LoserTree<Head, Counting> tree(Counting{&comparisons});
    tree.build(heads);
    EXPECT_EQ(comparisons, count - 1);
    for (int step = 0; step < 500; ++step) {
      const auto least =
          std::min_element(heads.begin(), heads.end(),
                           [](const Head& a, const Head& b) { return a.value < b.value; });
      ASSERT_EQ(tree.winner(), least->source);
      least->value += random.below(4);
      comparisons = 0;
      tree.replay(*least);
      ASSERT_LE(comparisons, static_cast<std::size_t>(std::bit_width(count - 1)));
    }
  }
}

TEST(LoserTree, CanBeBuiltAgain) {
  std::size_t comparisons = 0;
  LoserTree<Head, Counting> tree(Counting{&comparisons});
  tree.build(std::vector<Head>{{5, 0}, {4, 1}, {3, 2}});
  EXPECT_EQ(tree.winner(), 2u);
  tree.build(std::vector<Head>{{1, 0}, {1, 1}});
  EXPECT_EQ(tree.winner(), 0u);
}

}  // namespace
}  // namespace mrun
