// ExactSum: the correctly rounded sum, whatever the order and grouping.
#include "mrun/exact_sum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "include/random_bytes.hpp"

namespace {

using mrun::detail::ExactSum;
using Limits = std::numeric_limits<double>;

ExactSum sum_of(const std::vector<double>& values) {
  ExactSum sum = ExactSum::of(values.at(0));
  for (std::size_t i = 1; i < values.size(); ++i) sum.add(ExactSum::of(values[i]));
  return sum;
}
double rounded(const std::vector<double>& values) { return sum_of(values).round(); }

TEST(ExactSum, OfOneValueIsTheValue) {
  std::mt19937_64 random(sdk_test::seed());
  for (const double value :
       {0.0, 1.0, -1.0, 0.1, Limits::max(), -Limits::max(), 0x1p-906, -0x1.8p-906,
        0x1.fffffffffffffp-906, 1e300, Limits::infinity(), -Limits::infinity()}) {
    EXPECT_EQ(value, ExactSum::of(value).round());
  }
  for (int i = 0; i < 100000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (std::isfinite(value) && std::fabs(value) >= 0x1p-906) {
      ASSERT_EQ(value, ExactSum::of(value).round()) << "seed " << sdk_test::seed();
    }
  }
  EXPECT_TRUE(std::isnan(ExactSum::of(Limits::quiet_NaN()).round()));
}

TEST(ExactSum, CutsBitsBelowItsUnitTowardsZero) {
  EXPECT_EQ(0.0, ExactSum::of(Limits::denorm_min()).round());
  EXPECT_EQ(0.0, ExactSum::of(-Limits::min()).round());
  EXPECT_EQ(0x1p-958, ExactSum::of(0x1.8p-958).round());
  EXPECT_EQ(-0x1p-958, ExactSum::of(-0x1.8p-958).round());
}

TEST(ExactSum, LosesNothingBetweenLargeAddends) {
  EXPECT_EQ(1.0, rounded({1e308, 1.0, -1e308}));
  EXPECT_EQ(0x1p-900, rounded({Limits::max(), 0x1p-900, -Limits::max()}));
  EXPECT_EQ(Limits::max(), rounded({Limits::max(), Limits::max(), -Limits::max()}));
  EXPECT_EQ(0.0, rounded({0.1, -0.1}));
  EXPECT_FALSE(std::signbit(rounded({-0.0, -0.0})));
}

TEST(ExactSum, RoundsOnceToTheNearestEven) {
  const double half = 0x1p-53;  // half a unit in the last place of 1.0
  EXPECT_EQ(1.0, rounded({1.0, half}));
  EXPECT_EQ(1.0 + 4 * half, rounded({1.0 + 2 * half, half}));
  EXPECT_EQ(1.0 + 2 * half, rounded({1.0, half, 0x1p-900}));
  EXPECT_EQ(1.0, rounded({1.0, half, -0x1p-900}));
  EXPECT_EQ(-1.0 - 2 * half, rounded({-1.0, -half, -0x1p-900}));
}

TEST(ExactSum, OverflowsOnlyWhereTheSumDoes) {
  EXPECT_EQ(Limits::infinity(), rounded({Limits::max(), Limits::max()}));
  EXPECT_EQ(-Limits::infinity(), rounded({-Limits::max(), -Limits::max()}));
  EXPECT_EQ(Limits::max(), rounded({Limits::max(), 0x1p968}));
  EXPECT_EQ(Limits::infinity(), rounded({Limits::max(), 0x1p970}));
  EXPECT_EQ(Limits::infinity(), rounded({Limits::infinity(), -Limits::max()}));
  EXPECT_TRUE(std::isnan(rounded({Limits::infinity(), -Limits::infinity()})));
  EXPECT_TRUE(std::isnan(rounded({1.0, Limits::quiet_NaN(), Limits::infinity()})));
  ExactSum large = ExactSum::of(Limits::max());
  ExactSum small = ExactSum::of(-Limits::max());
  for (int i = 0; i < 50; ++i) {  // 2^50 times the largest double, and back
    large.add(ExactSum(large));
    small.add(ExactSum(small));
  }
  EXPECT_EQ(Limits::infinity(), large.round());
  large.add(small);
  EXPECT_EQ(0.0, large.round());
}

TEST(ExactSum, IsTheSumOfWideIntegers) {
  __extension__ using Wide = __int128;
  std::mt19937_64 random(sdk_test::seed());
  for (int round = 0; round < 2000; ++round) {
    Wide expected = 0;
    std::vector<double> values;
    for (std::uint64_t i = 1 + random() % 50; i-- > 0;) {
      const auto mantissa = static_cast<std::int64_t>(random()) >> 11;
      const auto shift = static_cast<int>(random() % 60);
      values.push_back(std::ldexp(static_cast<double>(mantissa), shift - 30));
      expected += Wide{mantissa} * (Wide{1} << shift);
    }
    ASSERT_EQ(std::ldexp(static_cast<double>(expected), -30), rounded(values))
        << "seed " << sdk_test::seed() << ", round " << round;
  }
}

TEST(ExactSum, HasTheSameBitsInAnyOrderAndGrouping) {
  std::mt19937_64 random(sdk_test::seed());
  for (int round = 0; round < 300; ++round) {
    std::vector<double> values;
    for (std::uint64_t i = 2 + random() % 60; i-- > 0;) {
      values.push_back(std::bit_cast<double>(random()));
      if (random() % 4 == 0) values.push_back(-values[random() % values.size()]);
    }
    const ExactSum expected = sum_of(values);
    for (int i = 0; i < 4; ++i) {
      std::shuffle(values.begin(), values.end(), random);
      const auto cut = static_cast<std::ptrdiff_t>(1 + random() % (values.size() - 1));
      ExactSum sum = sum_of({values.begin(), values.begin() + cut});
      sum.add(sum_of({values.begin() + cut, values.end()}));
      ASSERT_EQ(0, std::memcmp(&expected, &sum, sizeof sum)) << "seed " << sdk_test::seed();
    }
  }
}

}  // namespace
