// Goal: the number of different keys among many pairs is known from few of them. Method: keys are
// drawn from uniform and Zipf populations, whose expected numbers of different keys are computed.
#include "engine/distinct_curve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "support/random.hpp"

namespace mrun {
namespace {

using test_support::Random;

/// Keys that are drawn with chances of their own. Their length says nothing of these.
struct Population {
  std::vector<double> sums;  // Of the keys' chances, up to each.

  static Population make(std::size_t keys, bool is_zipf) {
    Population population;
    double sum = 0;
    for (std::size_t i = 0; i < keys; ++i)
      population.sums.push_back(sum += is_zipf ? 1.0 / static_cast<double>(i + 1) : 1.0);
    return population;
  }
  SampledKeys sample(std::uint64_t pieces, std::uint64_t pairs_of_piece, Random& random) const {
    std::unordered_map<std::size_t, std::uint64_t> seen;
    for (std::uint64_t piece = 0; piece < pieces; ++piece) {
      std::unordered_set<std::size_t> in_piece;
      for (std::uint64_t i = 0; i < pairs_of_piece; ++i) {
        const double at = static_cast<double>(random.below(1 << 30)) / (1 << 30) * sums.back();
        in_piece.insert(static_cast<std::size_t>(std::upper_bound(sums.begin(), sums.end(), at) -
                                                 sums.begin()));
      }
      for (const std::size_t key : in_piece) ++seen[key];
    }
    SampledKeys keys;
    keys.pieces = pieces;
    keys.pairs = pieces * pairs_of_piece;
    for (const auto& [key, count] : seen) keys.of_length[key % 4].add(count);
    return keys;
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

constexpr std::uint64_t kPieces = 32;
constexpr double kShare = 32;  // Times the sample: the whole input.

void check(std::size_t keys, bool is_zipf, std::uint64_t pairs_of_piece) {
  SCOPED_TRACE((is_zipf ? "Zipf keys " : "uniform keys ") + std::to_string(keys) + ", pieces of " +
               std::to_string(pairs_of_piece) + ", seed " +
               std::to_string(test_support::test_seed()));
  Random random(test_support::test_seed());
  const Population population = Population::make(keys, is_zipf);
  const auto pairs = static_cast<double>(kPieces * pairs_of_piece);
  const DistinctCurve curve(population.sample(kPieces, pairs_of_piece, random), pairs * kShare);
  for (const double times : {0.01, 1.0 / 32, 0.1, 0.5, 1.0, 2.0, 8.0, 32.0}) {
    const double known = population.keys_in(times * pairs);
    const double allowed = times < 1.0 / 32 ? 0.4 : times <= 1 ? 0.05 : times <= 8 ? 0.1 : 0.25;
    EXPECT_NEAR(curve.keys_in(times * pairs), known, known * allowed)
        << times << " times the sample";
  }
  double of_lengths = 0;
  for (std::size_t length = 0; length < SampledKeys::kLengths; ++length)
    of_lengths += curve.keys_of_length(length);
  EXPECT_NEAR(of_lengths, curve.keys_in(pairs * kShare), of_lengths * 1e-6);
}

TEST(DistinctCurve, KnowsUniformKeys) {
  check(1'000, false, 2'000);
  check(100'000, false, 5'000);
  check(1'000'000, false, 10'000);
}

TEST(DistinctCurve, KnowsZipfKeys) {
  check(50'000, true, 20'000);
  check(200'000, true, 40'000);
}

SampledKeys all_different(std::uint64_t keys) {
  SampledKeys sample;
  sample.pieces = 10;
  sample.pairs = keys;
  for (std::uint64_t i = 0; i < keys; ++i) sample.of_length[8].add(1);
  return sample;
}

TEST(DistinctCurve, KnowsKeysThatNeverComeAgain) {
  const DistinctCurve curve(all_different(100'000), 6e6);
  EXPECT_NEAR(curve.keys_in(1e5), 1e5, 1e4);
  EXPECT_NEAR(curve.keys_in(6e6), 6e6, 6e5);
}

TEST(DistinctCurve, TellsKeysOfOnePlaceFromThoseOfAll) {
  // Of each key there are ten pairs, which stand together.
  SampledKeys sample = all_different(10'000);
  sample.pairs = 100'000;
  const DistinctCurve curve(sample, 6e6);
  EXPECT_NEAR(curve.keys_in(6e6), 6e5, 6e4);
}

TEST(DistinctCurve, NeverPromisesMoreKeysThanPairs) {
  const DistinctCurve curve(all_different(1000), 1e6);
  for (double pairs = 1; pairs <= 1e6; pairs *= 10) EXPECT_LE(curve.keys_in(pairs), pairs * 1.001);
}

TEST(DistinctCurve, TakesASampleOfNothingAndOneOfOneKey) {
  EXPECT_EQ(DistinctCurve(SampledKeys(), 1e9).keys_in(1e9), 0);
  SampledKeys sample;
  sample.pieces = 100;
  sample.pairs = 100'000;
  sample.of_length[3].add(100);
  EXPECT_NEAR(DistinctCurve(sample, 1e9).keys_in(1e9), 1, 1e-6);
}

}  // namespace
}  // namespace mrun
