// Decimals against whole numbers of millionths, and their sums in random orders and groupings.
#include "mrun/decimal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "include/guarded_pages.hpp"
#include "include/random_bytes.hpp"

namespace {

using mrun::Decimal;
using mrun::DecimalSum;

std::string text_of(const Decimal& number) {
  char text[Decimal::kTextBytes];
  return std::string(number.text(text));
}
std::string reread(std::string_view text) {
  const auto number = mrun::parse_decimal(text);
  return number ? text_of(*number) : "none";
}

TEST(Decimal, IsReadAndWrittenWithAllItsDecimals) {
  for (const char* const text :
       {"0", "1", "-1", "10", "0.5", "-0.5", "1.50", "0.00", "123456789012345678901234567890.12345",
        "99999999999999999999999999999999999", "0.00000000000000000000000000000000001"})
    EXPECT_EQ(text, reread(text));
  EXPECT_EQ("5", reread("+5"));
  EXPECT_EQ("0", reread("-0"));
  EXPECT_EQ("5", reread("5."));
  EXPECT_EQ("0.5", reread(".5"));
  EXPECT_EQ("7", reread("0000000000000000000000000000000000000000007"));
  EXPECT_EQ("1200", reread("1.2e3"));
  EXPECT_EQ("0.0012", reread("1.2E-3"));
  EXPECT_EQ("12.5", reread("0.125e+2"));
  EXPECT_EQ("0", reread("0e9999999999"));
}

// Goal: the ways for short and for long numbers read the same. Method: random texts of digits and
// of what lies beside them among the characters, which end at and before a guard, read byte by
// byte.
TEST(Decimal, OfDigitsIsWhatTheDigitsSay) {
  SCOPED_TRACE("--gtest_random_seed=" + std::to_string(sdk_test::seed()));
  std::mt19937_64 random(sdk_test::seed());
  const sdk_test::GuardedPages pages;
  int n_short = 0;
  for (int i = 0; i < 50000; ++i) {
    std::string text = sdk_test::random_text(random, random() % 40, "0123456789");
    if (random() % 4 == 0 && !text.empty())
      text[random() % text.size()] = "/:\0\xB0 "[random() % 5];
    const bool is_number =
        !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    const std::string digits =
        !is_number ? "" : text.substr(std::min(text.find_first_not_of('0'), text.size() - 1));
    const std::string_view placed = pages.place(text, random() % 20);
    EXPECT_EQ(is_number && digits.size() <= Decimal::kDigitsMost ? digits : "none", reread(placed));
    if (const auto number = mrun::parse_short(placed)) {
      ++n_short;
      ASSERT_TRUE(is_number) << text;
      EXPECT_EQ(digits, std::to_string(*number));
      const DecimalSum sum = DecimalSum::of(*number);
      const DecimalSum same = DecimalSum::of(*mrun::parse_decimal(placed));
      EXPECT_EQ(0, std::memcmp(&sum, &same, sizeof sum)) << text;
    }
  }
  // With AddressSanitizer, none: it would report what is read beside the text.
  if (!mrun::detail::kSanitized) {
    EXPECT_GT(n_short, 1000);
  }
}

TEST(Decimal, IsNothingElse) {
  for (const char* const text : {"",
                                 "-",
                                 "+",
                                 ".",
                                 "e5",
                                 "1e",
                                 "1e+",
                                 "1 ",
                                 " 1",
                                 "1,5",
                                 "0x10",
                                 "nan",
                                 "inf",
                                 "1.2.3",
                                 "--1",
                                 "1e5.0",
                                 "100000000000000000000000000000000000",
                                 "1e35",
                                 "1e-36",
                                 "0.000000000000000000000000000000000001",
                                 "1\r"})
    EXPECT_EQ("none", reread(text)) << text;
}

/// A number of millionths, written with as many decimals as `scale` says.
struct Sample {
  std::int64_t millionths;
  Decimal number;
};
Sample sample(std::mt19937_64& random) {
  static constexpr std::int64_t kUnits[] = {1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  const auto scale = static_cast<std::uint32_t>(random() % 7);
  std::int64_t digits = static_cast<std::int64_t>(random() % (random() % 2 != 0 ? 20 : 2'000'000));
  if (random() % 2 != 0) digits = -digits;
  return {digits * kUnits[scale], {digits, scale}};
}

TEST(Decimal, OrdersByValueWhateverTheScale) {
  std::mt19937_64 random(sdk_test::seed());
  for (int i = 0; i < 200'000; ++i) {
    const Sample a = sample(random), b = sample(random);
    const auto wanted = a.millionths <=> b.millionths;
    EXPECT_EQ(wanted, a.number.order() <=> b.number.order());
    EXPECT_EQ(wanted != 0 ? wanted : a.number.scale <=> b.number.scale, a.number <=> b.number);
    ASSERT_FALSE(testing::Test::HasFailure()) << text_of(a.number) << " " << text_of(b.number);
  }
  const Decimal large = *mrun::parse_decimal("99999999999999999999999999999999999");
  const Decimal small = *mrun::parse_decimal("0.00000000000000000000000000000000001");
  EXPECT_GT(large, small);
  EXPECT_GT(large.order(), small.order());
  EXPECT_LT(*mrun::parse_decimal("-99999999999999999999999999999999999"), small);
}

DecimalSum sum_in_groups(std::vector<DecimalSum> sums, std::mt19937_64& random) {
  while (sums.size() > 1) {
    const std::size_t at = random() % (sums.size() - 1);
    sums[at].add(sums.back());
    sums.pop_back();
  }
  return sums.front();
}

TEST(DecimalSum, HasTheSameBytesInAnyOrderAndGrouping) {
  std::mt19937_64 random(sdk_test::seed());
  for (int round = 0; round < 300; ++round) {
    std::vector<DecimalSum> sums;
    std::int64_t expected = 0;
    const std::size_t count = 1 + random() % 40;
    for (std::size_t i = 0; i < count; ++i) {
      const Sample one = sample(random);
      expected += one.millionths;
      sums.push_back(DecimalSum::of(one.number));
    }
    const DecimalSum first = sum_in_groups(sums, random);
    std::shuffle(sums.begin(), sums.end(), random);
    const DecimalSum second = sum_in_groups(sums, random);
    ASSERT_EQ(0, std::memcmp(&first, &second, sizeof first));
    const auto total = first.value(count);
    ASSERT_TRUE(total);
    Decimal wanted{expected, 6};
    for (; wanted.scale > total->scale; --wanted.scale) {
      ASSERT_EQ(0, static_cast<int>(wanted.digits % 10));
      wanted.digits /= 10;
    }
    ASSERT_EQ(text_of(wanted), text_of(*total));
  }
}

TEST(DecimalSum, MayPass128BitsOnTheWayButNotInTheEnd) {
  const DecimalSum large =
      DecimalSum::of(*mrun::parse_decimal("99999999999999999999999999999999999"));
  DecimalSum sum = large;
  for (int i = 1; i < 100; ++i) sum.add(large);
  ASSERT_TRUE(sum.value(100));
  EXPECT_EQ("9999999999999999999999999999999999900", text_of(*sum.value(100)));
  sum.add(DecimalSum::of(*mrun::parse_decimal("0.00001")));
  EXPECT_FALSE(sum.value(101)) << "the scale of the last addend leaves no room for the others";
  DecimalSum zeros = DecimalSum::of({0, 35});
  zeros.add(zeros);
  EXPECT_EQ("0." + std::string(35, '0'), text_of(*zeros.value(2)));
}

TEST(DecimalMean, IsRoundedToSixDecimalsMore) {
  const auto mean = [](const char* sum, std::uint64_t count) {
    return text_of(mrun::decimal_mean(*mrun::parse_decimal(sum), count));
  };
  EXPECT_EQ("0.5", mean("1", 2));
  EXPECT_EQ("0.333333", mean("1", 3));
  EXPECT_EQ("-0.666667", mean("-2", 3));
  EXPECT_EQ("2", mean("4.00", 2));
  EXPECT_EQ("0.00000004", mean("0.25", 6'250'000));
  EXPECT_EQ("0.000001", mean("1", 2'000'000)) << "halves go away from zero";
  EXPECT_EQ("33333333333333333333333333333333333", mean("99999999999999999999999999999999999", 3));
}

}  // namespace
