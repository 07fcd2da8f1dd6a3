// Goal: the number of different keys among many pairs is known from few of them. Method: keys are
// drawn from uniform and Zipf populations, whose expected numbers of different keys are computed.
#include "engine/distinct_curve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_map>

#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;

struct Population {
  std::vector<double> sums;  // Of the keys' chances, up to each.

  static Population make(std::size_t keys, bool is_zipf) {
    Population population;
    double sum = 0;
    for (std::size_t i = 0; i < keys; ++i)
      population.sums.push_back(sum += is_zipf ? 1.0 / static_cast<double>(i + 1) : 1.0);
    return population;
  }
  KeyCounts sample(std::uint64_t pairs, Random& random) const {
    std::unordered_map<std::size_t, std::uint64_t> seen;
    for (std::uint64_t i = 0; i < pairs; ++i) {
      const double at = static_cast<double>(random.below(1 << 30)) / (1 << 30) * sums.back();
      ++seen[static_cast<std::size_t>(std::upper_bound(sums.begin(), sums.end(), at) -
                                      sums.begin())];
    }
    KeyCounts counts;
    counts.pairs = pairs;
    for (const auto& [key, count] : seen) counts.add(count);
    return counts;
  }
  double keys_in(double pairs) const {
    double keys = 0, before = 0;
    for (const double sum : sums) {
      keys -= std::expm1(-(sum - before) / sums.back() * pairs);
      before = sum;
    }
    return keys;
  }
};

void check(std::size_t keys, bool is_zipf, std::uint64_t pairs) {
  SCOPED_TRACE((is_zipf ? "Zipf keys " : "uniform keys ") + std::to_string(keys) + ", sample " +
               std::to_string(pairs) + ", seed " + std::to_string(test_support::test_seed()));
  Random random(test_support::test_seed());
  const Population population = Population::make(keys, is_zipf);
  const DistinctCurve curve(population.sample(pairs, random));
  for (const double times : {0.01, 0.1, 0.5, 1.0, 2.0, 8.0, 20.0, 60.0}) {
    const double all = times * static_cast<double>(pairs);
    const double known = population.keys_in(all);
    const double allowed = times <= 1 ? 0.05 : times <= 8 ? 0.1 : 0.5;
    EXPECT_NEAR(curve.keys_in(all), known, known * allowed) << times << " times the sample";
  }
}

TEST(DistinctCurve, KnowsUniformKeys) {
  check(1'000, false, 20'000);
  check(100'000, false, 50'000);
  check(1'000'000, false, 100'000);
}

TEST(DistinctCurve, KnowsZipfKeys) {
  check(50'000, true, 100'000);
  check(200'000, true, 200'000);
}

TEST(DistinctCurve, NeverPromisesMoreKeysThanPairs) {
  KeyCounts counts;
  counts.pairs = 1000;
  for (int i = 0; i < 1000; ++i) counts.add(1);
  const DistinctCurve curve(counts);
  for (double pairs = 1; pairs < 1e6; pairs *= 10) {
    EXPECT_LE(curve.keys_in(pairs), pairs);
    EXPECT_GE(curve.keys_in(pairs), pairs * 0.6) << "each was new";
  }
}

TEST(DistinctCurve, TakesASampleOfNothingAndOneOfOneKey) {
  EXPECT_EQ(DistinctCurve(KeyCounts()).keys_in(1e9), 0);
  KeyCounts counts;
  counts.pairs = 100'000;
  counts.add(100'000);
  EXPECT_NEAR(DistinctCurve(counts).keys_in(1e9), 1, 1e-6);
}

}  // namespace
}  // namespace mrun
