// Goal: a slip of the fingers finds its name, and anything else finds none.
#include "cli/suggest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace mrun {
namespace {

/// The same distance, by trying everything.
std::size_t slow_distance(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  std::size_t best = std::min({slow_distance(a.substr(1), b) + 1, slow_distance(a, b.substr(1)) + 1,
                               slow_distance(a.substr(1), b.substr(1)) + (a[0] == b[0] ? 0 : 1)});
  if (a.size() > 1 && b.size() > 1 && a[0] == b[1] && a[1] == b[0])
    best = std::min(best, slow_distance(a.substr(2), b.substr(2)) + 1);
  return best;
}

TEST(EditDistance, AgreesWithAnExhaustiveSearch) {
  constexpr unsigned kSeed = 3;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 2000; ++round) {
    std::string a, b;
    for (auto i = random() % 6; i > 0; --i) a += static_cast<char>('a' + random() % 3);
    for (auto i = random() % 6; i > 0; --i) b += static_cast<char>('a' + random() % 3);
    ASSERT_EQ(edit_distance(a, b), slow_distance(a, b)) << a << ' ' << b;
  }
}

TEST(Suggest, FindsTheNameThatWasMeant) {
  const std::vector<std::string> names = {"wordcount", "sort",   "grep", "--threads",
                                          "--memory",  "number", "k"};
  const auto meant = [&](const char* typed) { return suggest(typed, names); };
  EXPECT_EQ(meant("wordcont"), "did you mean 'wordcount'?");
  EXPECT_EQ(meant("srot"), "did you mean 'sort'?");
  EXPECT_EQ(meant("gerp"), "did you mean 'grep'?");
  EXPECT_EQ(meant("--thread"), "did you mean '--threads'?");
  EXPECT_EQ(meant("--mem"), "did you mean '--memory'?");
  EXPECT_EQ(meant("numbr"), "did you mean 'number'?");
}

TEST(Suggest, IsSilentWhereNothingIsNear) {
  const std::vector<std::string> names = {"wordcount", "sort", "k"};
  for (const char* typed : {"", "x", "nosuchjob", "books", "/data/in"})
    EXPECT_EQ(suggest(typed, names), "") << typed;
  EXPECT_EQ(suggest(std::string(10'000, 'a'), names), "");
  EXPECT_EQ(suggest("sort", {}), "");
}

}  // namespace
}  // namespace mrun
