// Numbers are written as std::to_string writes them.
#include "output/decimal.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace mrun {
namespace {

std::string decimal(std::uint64_t value) {
  std::uint8_t text[kDecimalBytesMax];
  const std::uint8_t* const end = write_decimal(text, value);
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(end - text)};
}

TEST(Decimal, AgreesWithTheLibraryOnAllSmallNumbers) {
  for (std::uint64_t value = 0; value < 200'000; ++value)
    ASSERT_EQ(decimal(value), std::to_string(value));
}

TEST(Decimal, AgreesWithTheLibraryAroundEveryPowerOfTen) {
  for (std::uint64_t power = 1, i = 0; i < 20; ++i, power *= 10) {
    for (std::uint64_t near = 0; near < 2000; ++near) {
      ASSERT_EQ(decimal(power + near), std::to_string(power + near));
      ASSERT_EQ(decimal(power - near), std::to_string(power - near));
    }
  }
  EXPECT_EQ(decimal(~std::uint64_t{0}), "18446744073709551615");
}

TEST(Decimal, ComputesAllGroupsOfFourDigits) {
  // The halving works on groups of four digits: every such group, in both halves.
  for (std::uint64_t group = 0; group < 10000; ++group) {
    ASSERT_EQ(decimal(group * 10000 + 9999 - group), std::to_string(group * 10000 + 9999 - group));
  }
}

TEST(Decimal, AgreesWithTheLibraryOnRandomNumbers) {
  constexpr std::uint64_t kSeed = 5;
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t value = random() >> random() % 64;
    ASSERT_EQ(decimal(value), std::to_string(value)) << "seed " << kSeed;
  }
}

}  // namespace
}  // namespace mrun
